package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// result is what one scenario took.
type result struct {
	size
	limits
	scenario string
	calls    []call
	took     time.Duration   // until all was exact; 0: does not apply
	least    time.Duration   // that the limits allow
	waits    []time.Duration // from a change in Kubernetes to the first call for it
	cpu      float64         // seconds
	peak     int             // KiB, since edgeward started
}

// scope is how much of everything is done.
type scope struct {
	changes int           // one after the other
	nodes   int           // replaced, one after the other
	storm   time.Duration // of 50 changes a second
	burst   int           // Ingresses created in a row
	idle    time.Duration
}

const (
	stormPace = 50  // changes a second
	burstPace = 200 // creations a second
	// calm is between changes that are made one after the other, so that each is by
	// itself: nothing is planned and no call made or held back.
	calm = 100 * time.Millisecond
)

// measure runs what does something and adds what that took to the results.
func (b *bed) measure(scenario string, do func(*result) error) (result, error) {
	r := result{size: b.size, limits: b.limits, scenario: scenario}
	b.calls.forget()
	before := usage{}
	if b.daemon != nil {
		before = b.usage()
	}
	if err := do(&r); err != nil {
		return r, fmt.Errorf("%s, %d Ingresses: %w", scenario, b.ingresses, err)
	}
	after := b.usage()
	r.calls, r.cpu, r.peak = b.calls.taken(), after.cpu-before.cpu, after.peak
	return r, nil
}

// firstSync starts edgeward beside providers that hold nothing.
func (b *bed) firstSync(ctx context.Context) (result, error) {
	return b.measure("first sync", func(r *result) error {
		if err := b.start(); err != nil {
			return err
		}
		records := b.cluster.nodes + 1
		// The lists, then claim, address and rule one after the other.
		r.least = b.least(b.ingresses+1, records+1, 4)
		end, err := b.calls.wrote(patience+2*r.least, b.ingresses, records)
		if err != nil {
			return err
		}
		r.took = end.Sub(b.begun)
		if err := b.allSynced(ctx, b.ingresses); err != nil {
			return err
		}
		return b.exact(b.ingresses, records)
	})
}

// restart starts edgeward beside providers that hold all.
func (b *bed) restart(ctx context.Context) (result, error) {
	if err := b.stop(); err != nil {
		return result{}, err
	}
	b.daemon = nil
	return b.measure("restart", func(r *result) error {
		if err := b.start(); err != nil {
			return err
		}
		end, err := b.ready(ctx)
		if err != nil {
			return err
		}
		r.took = end.Sub(b.begun)
		pages := b.ingresses/100 + 1 // Edgio has no larger ones
		r.least = b.least(pages, 2, pages)
		return b.allSynced(ctx, b.ingresses)
	})
}

// changes has one Ingress after the other lead to another Service.
func (b *bed) changes(ctx context.Context, n int) (result, error) {
	return b.measure(fmt.Sprintf("one Ingress changed, %d times", n), func(r *result) error {
		r.least = b.least(2, 0, 2)
		var all time.Duration
		for i := range n {
			time.Sleep(calm)
			sent := time.Now()
			if err := b.moveIngress(ctx, i*b.ingresses/n); err != nil {
				return err
			}
			end, err := b.calls.wrote(patience, i+1, 0)
			if err != nil {
				return err
			}
			all += end.Sub(sent)
			r.waits = append(r.waits, wait(b.calls.taken(), hostName(i*b.ingresses/n), sent)...)
		}
		r.took = all / time.Duration(n)
		return nil
	})
}

// replaceNodes puts new nodes in the place of old ones, one after the other.
func (b *bed) replaceNodes(ctx context.Context, n int) (result, error) {
	return b.measure(fmt.Sprintf("one node replaced, %d times", n), func(r *result) error {
		r.least = b.least(0, 2, 2)
		var all time.Duration
		for i := range n {
			time.Sleep(calm)
			sent := time.Now()
			if err := b.replaceNode(ctx); err != nil {
				return err
			}
			end, err := b.calls.wrote(patience, 0, 2*(i+1))
			if err != nil {
				return err
			}
			all += end.Sub(sent)
			calls := b.calls.taken()
			r.waits = append(r.waits, calls[len(calls)-2].begun.Sub(sent))
		}
		r.took = all / time.Duration(n)
		return nil
	})
}

// storm changes Ingresses at a steady pace.
func (b *bed) storm(ctx context.Context, lasts time.Duration) (result, error) {
	n := int(lasts.Seconds() * stormPace)
	return b.measure(fmt.Sprintf("%d changes a second for %s", stormPace, lasts), func(r *result) error {
		begun := time.Now()
		sent, err := paced(n, stormPace, func(i int) error {
			return b.moveIngress(ctx, i%b.ingresses)
		})
		if err != nil {
			return err
		}
		end, err := b.calls.wrote(patience, n, 0)
		if err != nil {
			return err
		}
		r.took = end.Sub(begun)
		calls := b.calls.taken()
		for i, at := range sent {
			r.waits = append(r.waits, wait(calls, hostName(i%b.ingresses), at)...)
		}
		return nil
	})
}

// burst creates many Ingresses, and meanwhile changes a few. What is waited for
// are both.
func (b *bed) burst(ctx context.Context, n int) (result, error) {
	return b.measure(fmt.Sprintf("%d created, %d a second, others changed", n, burstPace), func(r *result) error {
		begun := time.Now()
		changes := n / (burstPace / 10) // ten a second
		var changed []time.Time
		var changing error
		var running sync.WaitGroup
		running.Go(func() {
			changed, changing = paced(changes, 10, func(i int) error { return b.moveIngress(ctx, i) })
		})
		created, err := paced(n, burstPace, func(i int) error { return b.createIngress(ctx, b.ingresses+i) })
		running.Wait()
		if err != nil || changing != nil {
			return fmt.Errorf("%w %w", err, changing)
		}
		end, err := b.calls.wrote(patience, n+changes, 0)
		if err != nil {
			return err
		}
		r.took = end.Sub(begun)
		calls := b.calls.taken()
		for i, at := range created {
			r.waits = append(r.waits, wait(calls, hostName(b.ingresses+i), at)...)
		}
		for i, at := range changed {
			r.waits = append(r.waits, wait(calls, hostName(i), at)...)
		}
		return nil
	})
}

// paced does something n times, so often a second, and returns when each began.
func paced(n, pace int, do func(i int) error) ([]time.Time, error) {
	sent, errs := make([]time.Time, n), make([]error, n)
	var running sync.WaitGroup
	begun := time.Now()
	for i := range n {
		time.Sleep(time.Until(begun.Add(time.Duration(i) * time.Second / time.Duration(pace))))
		sent[i] = time.Now()
		running.Go(func() { errs[i] = do(i) })
	}
	running.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return sent, nil
}

// wait is how long after a change the first call for its host came in; none if
// the change was undone, or overtaken by another, before.
func wait(all []call, host string, sent time.Time) []time.Duration {
	first := time.Duration(-1)
	for _, c := range all {
		if after := c.begun.Sub(sent); c.host == host && after >= 0 && (first < 0 || after < first) {
			first = after
		}
	}
	if first < 0 {
		return nil
	}
	return []time.Duration{first}
}

// idle does nothing.
func (b *bed) idle(lasts time.Duration) (result, error) {
	return b.measure(fmt.Sprintf("idle for %s", lasts), func(*result) error {
		time.Sleep(lasts)
		return nil
	})
}

// quantile is the value that a share of the sorted waits does not exceed.
func quantile(waits []time.Duration, share float64) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(waits))
	return sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]
}

// busy is the first sync again, in which rules that stand already have to be
// changed. What is waited for are these changes.
func (b *bed) busy(ctx context.Context, n int) (result, error) {
	return b.measure(fmt.Sprintf("first sync, %d rules changed in it", n), func(r *result) error {
		if err := b.start(); err != nil {
			return err
		}
		records := b.cluster.nodes + 1
		r.least = b.least(b.ingresses+1+2*n, records+1, 4)
		if _, err := b.calls.wrote(patience+r.least, b.ingresses/10, records); err != nil {
			return err
		}
		made := b.calls.made()
		pace := 10 // changes a second
		if b.limits.edgio > 0 {
			pace = 1
		}
		sent, err := paced(n, pace, func(i int) error { return b.moveIngress(ctx, made[i]) })
		if err != nil {
			return err
		}
		end, err := b.calls.wrote(patience+2*r.least, b.ingresses+n, records)
		if err != nil {
			return err
		}
		r.took = end.Sub(b.begun)
		calls := b.calls.taken()
		for i, at := range sent {
			r.waits = append(r.waits, wait(calls, hostName(made[i]), at)...)
		}
		return b.allSynced(ctx, b.ingresses)
	})
}
