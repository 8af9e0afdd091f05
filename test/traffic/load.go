// Package traffic tests what counts in the end: that requests to a CDN edge are
// answered while nodes, pods, paths and the daemon itself come and go.
package traffic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// workers is how many requests may be under way at once.
const workers = 16

// Load sends GET requests at a steady rate, and takes down which fail.
type Load struct {
	client *http.Client
	accept func(*http.Response) error
	urls   atomic.Pointer[[]string]
	sent   atomic.Int64
	begin  time.Time
	stop   context.CancelFunc
	ended  sync.WaitGroup

	mu       sync.Mutex
	failures []Failure
	slowest  time.Duration
}

// Failure is a request that was not answered as it should.
type Failure struct {
	Sent   time.Time
	Took   time.Duration
	URL    string
	Reason string
}

// Report is what became of a load.
type Report struct {
	Sent     int
	Took     time.Duration
	Slowest  time.Duration // reply
	Failures []Failure     // in the order of their sending
}

// StartLoad sends so many requests a second, until Stop or the end of ctx, to
// each of the URLs in turn. A reply that accept has an error for failed, and so
// did a request without a reply.
func StartLoad(ctx context.Context, client *http.Client, rate int, accept func(*http.Response) error, urls ...string) *Load {
	ctx, stop := context.WithCancel(ctx)
	l := &Load{client: client, accept: accept, begin: time.Now(), stop: stop}
	l.Aim(urls...)
	turns := make(chan int64)
	for range workers {
		l.ended.Go(func() {
			for n := range turns {
				urls := *l.urls.Load()
				l.request(context.WithoutCancel(ctx), urls[int(n)%len(urls)])
			}
		})
	}
	l.ended.Go(func() {
		defer close(turns)
		interval := time.Second / time.Duration(rate)
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for n := int64(1); ; n++ {
			// What a late tick has missed is made up for.
			if due := int64(time.Since(l.begin) / interval); n > due {
				select {
				case <-tick.C:
				case <-ctx.Done():
					return
				}
			}
			select {
			case turns <- n:
			case <-ctx.Done():
				return
			}
		}
	})
	return l
}

// Aim changes where the requests go. Those that are under way still come from
// the old URLs: what they ask for has to stand until Sent has grown by more than
// the workers.
func (l *Load) Aim(urls ...string) { l.urls.Store(&urls) }

// Sent is how many requests have got a reply, or an error.
func (l *Load) Sent() int { return int(l.sent.Load()) }

// Failed is how many of them have failed.
func (l *Load) Failed() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.failures)
}

// Await returns when so many more requests were answered.
func (l *Load) Await(ctx context.Context, more int) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for want := l.Sent() + more; l.Sent() < want; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Stop ends the load, lets what is under way finish, and reports.
func (l *Load) Stop() Report {
	l.stop()
	l.ended.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortFunc(l.failures, func(a, b Failure) int { return a.Sent.Compare(b.Sent) })
	return Report{Sent: l.Sent(), Took: time.Since(l.begin), Slowest: l.slowest, Failures: l.failures}
}

func (l *Load) request(ctx context.Context, url string) {
	begin := time.Now()
	err := l.ask(ctx, url)
	took := time.Since(begin)
	l.mu.Lock()
	l.slowest = max(l.slowest, took)
	if err != nil {
		l.failures = append(l.failures, Failure{begin, took, url, err.Error()})
	}
	l.mu.Unlock()
	l.sent.Add(1)
}

func (l *Load) ask(ctx context.Context, url string) error {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	reply, err := l.client.Do(r)
	if err != nil {
		return err
	}
	return errors.Join(l.accept(reply), reply.Body.Close())
}

// String is the report on one line, with the first failures below it.
func (r Report) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d requests in %s (%.0f a second), %d failed, the slowest took %s",
		r.Sent, r.Took.Round(10*time.Millisecond), float64(r.Sent)/r.Took.Seconds(), len(r.Failures), r.Slowest.Round(time.Millisecond))
	for i, f := range r.Failures {
		if i == 5 {
			fmt.Fprintf(&text, "\n  and %d more, until %s", len(r.Failures)-i, r.Failures[len(r.Failures)-1].Sent.Format("15:04:05.000"))
			break
		}
		fmt.Fprintf(&text, "\n  %s %s after %s: %s", f.Sent.Format("15:04:05.000"), f.URL, f.Took.Round(time.Millisecond), f.Reason)
	}
	return text.String()
}
