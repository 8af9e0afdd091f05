package syncer

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/kube"
)

// said are the lines of the log in which a run tells what it waits for, or what it
// leaves: when, since it began, and what.
func (r *rig) said() (lines []string) {
	line := regexp.MustCompile(`time=(\S+) level=(\S+) msg="(waiting: |ending |giving up on it: |in sync)([^"]*)"`)
	for _, text := range r.log.take("") {
		if m := line.FindStringSubmatch(text); m != nil {
			at, err := time.Parse(time.RFC3339, m[1])
			if err != nil {
				r.t.Fatal(err)
			}
			lines = append(lines, at.Sub(r.begun).Round(time.Second).String()+" "+m[2]+" "+m[3]+m[4])
		}
	}
	return lines
}

// TestOnceSaysWhatItWaitsFor has runs that wait: for each kind of reason as soon as
// nothing else goes on, then for all of it each minute, and at the end what is left.
func TestOnceSaysWhatItWaitsFor(t *testing.T) {
	const left = "WARN ending though something is left, which the next run or the daemon goes on with: "
	site := balancer("lb0", kube.Address{IP: "192.0.2.50"})
	fails := func(text string, how reply) func(string, int) reply {
		return func(call string, _ int) reply {
			if strings.HasPrefix(call, text) {
				return how
			}
			return reply{}
		}
	}
	tests := map[string]struct {
		run  func(*rig)
		want error
		took time.Duration // at most
		said []string
	}{
		"a short run": {func(r *rig) {
			r.start()
			r.add(ingress("shop"), web(), node(1))
			r.Cluster("main").Ready("uid-main")
		}, nil, time.Second, []string{"0s INFO in sync, nothing is left to do"}},
		"a CDN prepares a host, for ever": {func(r *rig) {
			r.beside(false)
			r.start()
			r.add(fast("fast"), fast("more"), site)
			r.Cluster("main").Ready("uid-main")
		}, nil, preparation + beat, []string{
			"1s INFO waiting: vultr-cdn is still preparing fast.example.com, more.example.com (for 4m59s more at most)",
			"1m1s INFO waiting: vultr-cdn is still preparing fast.example.com, more.example.com (for 3m59s more at most)",
			"2m1s INFO waiting: vultr-cdn is still preparing fast.example.com, more.example.com (for 2m59s more at most)",
			"3m1s INFO waiting: vultr-cdn is still preparing fast.example.com, more.example.com (for 1m59s more at most)",
			"4m1s INFO waiting: vultr-cdn is still preparing fast.example.com, more.example.com (for 59s more at most)",
			"5m1s " + left + "vultr-cdn is still preparing fast.example.com, more.example.com",
		}},
		"a host that comes late has its time, too": {func(r *rig) {
			r.beside(false)
			r.start()
			r.add(fast("fast"), site)
			r.Cluster("main").Ready("uid-main")
			r.pass(4 * time.Minute)
			r.log.take("")
			r.add(fast("late"))
		}, nil, 4*time.Minute + preparation + beat, []string{
			"4m1s INFO waiting: vultr-cdn is still preparing fast.example.com, late.example.com (for 4m59s more at most)",
			"5m1s INFO waiting: vultr-cdn is still preparing fast.example.com, late.example.com (for 3m59s more at most)",
			"6m1s INFO waiting: vultr-cdn is still preparing fast.example.com, late.example.com (for 2m59s more at most)",
			"7m1s INFO waiting: vultr-cdn is still preparing fast.example.com, late.example.com (for 1m59s more at most)",
			"8m1s INFO waiting: vultr-cdn is still preparing fast.example.com, late.example.com (for 59s more at most)",
			"9m0s " + left + "vultr-cdn is still preparing fast.example.com, late.example.com",
		}},
		"deletions wait": {func(r *rig) {
			r.opts.Once = false
			r.ready(ingress("a"), ingress("b"), web(), node(1))
			r.stop()
			r.log.take("")
			r.opts.Once, r.opts.AllowDelete = true, true
			r.start()
			r.add(web(), node(1))
			r.Cluster("main").Ready("uid-main")
		}, nil, 72 * time.Second, []string{
			"1s INFO waiting: deletions wait for sync.deletion_grace, sync.linger or a TTL: rule a.example.com/a (in 9s), rule b.example.com/a (in 9s), nodes.main.acme A 192.0.2.1 (in 1m9s)",
			"1m1s INFO waiting: deletions wait for sync.deletion_grace, sync.linger or a TTL: nodes.main.acme A 192.0.2.1 (in 9s)",
			"1m10s INFO in sync, nothing is left to do",
		}},
		"an operation backs off": {func(r *rig) {
			r.cdn.answer(fails("create", reply{err: refusal(http.StatusBadGateway)}))
			r.start()
			r.add(ingress("shop"), web(), node(1))
			r.Cluster("main").Ready("uid-main")
		}, ErrIncomplete, 10 * time.Second, []string{
			"1s INFO waiting: edgio does not take: create shop.example.com/a (failed once, again in 0s: POST /x: 502 Bad Gateway)",
			"3s " + left + "edgio does not take: create shop.example.com/a (failed 3 times: POST /x: 502 Bad Gateway)",
		}},
		"a provider is not read": {func(r *rig) {
			r.dns.answer(fails("list", reply{after: 90 * time.Second}))
			r.start()
			r.add(ingress("shop"), web(), node(1))
			r.Cluster("main").Ready("uid-main")
		}, ErrIncomplete, patience + beat, []string{
			"1s INFO waiting: vultr is being read",
			"31s ERROR giving up on it: vultr: what stands there was not read yet",
			"31s " + left + "vultr is being read",
		}},
		"a cluster does not answer": {func(r *rig) {
			r.start()
			r.add(ingress("shop"))
		}, ErrIncomplete, patience + beat, []string{
			"1s INFO waiting: cluster main was not read yet (for 29s more at most)",
			"31s ERROR giving up on it: cluster main: no complete snapshot yet",
			"31s " + left + "cluster main was not read yet",
		}},
		"the limit makes it long": {func(r *rig) {
			r.opts.CDNs[0].Account = httpapi.NewAccount(1, time.Minute)
			r.start()
			r.add(ingress("a"), ingress("b"), ingress("c"), web(), node(1))
			r.Cluster("main").Ready("uid-main")
		}, nil, 3 * time.Minute, []string{
			"1m0s INFO waiting: edgio: operations under way or to come: 2",
			"2m0s INFO waiting: edgio: operations under way or to come: 1",
			"2m1s INFO in sync, nothing is left to do",
		}},
		"no call to a provider succeeds any more": {func(r *rig) {
			r.cdn.answer(fails("create", reply{err: errors.New("no reply"), after: 2 * time.Minute}))
			r.start()
			for i := range 100 {
				r.add(ingress(fmt.Sprint("site", i)))
			}
			r.add(web(), node(1))
			r.Cluster("main").Ready("uid-main")
		}, ErrIncomplete, 3 * preparation, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.opts.Once = true
				r.tune = func(s *Syncer) { s.cdns[0].jitter = func(time.Duration) time.Duration { return 0 } }
				test.run(r)
				if err := r.wait(); !errors.Is(err, test.want) {
					t.Errorf("it ends with %v, want %v", err, test.want)
				}
				if took := time.Since(r.begun); took > test.took {
					t.Errorf("it took %s, want %s at most", took, test.took)
				}
				if diff := cmp.Diff(test.said, r.said()); diff != "" && test.said != nil {
					t.Errorf("it said (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestTheDaemonDoesNotSayIt: its log has what happens, its page what is awaited.
func TestTheDaemonDoesNotSayIt(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.beside(false)
		r.ready(fast("fast"), balancer("lb0", kube.Address{IP: "192.0.2.50"}))
		r.pass(10 * time.Minute)
		if said := r.said(); len(said) > 0 {
			t.Errorf("it said %q", said)
		}
	})
}
