package syncer

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// beside adds Vultr CDN, with the DNS of its hosts. Its pull zones are being
// prepared for ever, or not at all.
func (r *rig) beside(prepared bool) *fake[model.Rule] {
	v := newFake[model.Rule]("vultr-cdn", r.journal)
	v.slow(time.Millisecond)
	v.keep = func(o model.Rule) model.Rule {
		o.Published, o.Pending = "cdn-"+o.ID+".vultrcdn.com", !prepared
		return o
	}
	r.opts.CDNs = append(r.opts.CDNs, CDN{fixture.VultrCDN, v, httpapi.NewAccount(0, time.Minute)})
	r.opts.Settings.CDNs = append(r.opts.Settings.CDNs, model.CDN{
		Name: fixture.VultrCDN, Class: "vultr-cdn", Paths: model.WholeHosts, OriginFixed: true, Certificates: true,
		OriginPorts: map[string]int{"http": 80, "https": 443},
	})
	r.opts.Settings.PublishZones = []string{publishZone}
	return v
}

// fast publishes a host of its own by Vultr CDN.
func fast(name string) *kube.Ingress {
	return &kube.Ingress{Meta: kube.Meta{Namespace: "default", Name: name}, Class: "vultr-cdn", Rules: []kube.IngressRule{{Host: name + "." + publishZone,
		Paths: []kube.IngressPath{{Path: "/", Type: "Prefix", Backend: kube.Backend{Service: "lb0", PortName: "http"}}}}}}
}

func count(calls []string, text string) (n int) {
	for _, c := range calls {
		if c == text {
			n++
		}
	}
	return n
}

// TestReadingOfOneCDN has one of two CDNs be read again and again: while it
// prepares something, every five seconds; or since the other one cannot be read,
// when it was read itself: not at all.
func TestReadingOfOneCDN(t *testing.T) {
	t.Run("it prepares a pull zone", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			r.beside(false)
			r.ready(ingress("shop"), web(), node(1), balancer("lb0", kube.Address{IP: "192.0.2.50"}))
			r.pass(time.Minute)
			r.add(fast("fast"))
			r.pass(time.Second)
			r.calls()
			r.pass(time.Minute)
			if calls := r.calls(); count(calls, "vultr-cdn list") != 12 || count(calls, "cdn list") > 0 {
				t.Errorf("in a minute: %q", calls)
			}
		})
	})
	t.Run("the other one is down", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			r.beside(true)
			r.ready(ingress("shop"), web(), node(1), node(2))
			r.pass(time.Minute)
			r.cdn.answer(func(call string, n int) reply {
				if call == "list" {
					return reply{err: refusal(http.StatusBadGateway)}
				}
				return reply{}
			})
			r.remove(ingress("shop")) // its addresses linger a minute, then both are to be read
			r.pass(2 * time.Minute)
			if calls := r.calls(); count(calls, "vultr-cdn list") != 1 || count(calls, "cdn list") < 2 {
				t.Errorf("in two minutes: %q", calls)
			}
		})
	})
}

// TestOnceWhilePrepared ends although a pull zone is never served.
func TestOnceWhilePrepared(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.beside(false)
		r.opts.Once = true
		r.start()
		r.add(ingress("shop"), web(), node(1), balancer("lb0", kube.Address{IP: "192.0.2.50"}), fast("fast"))
		r.Cluster("main").Ready("uid-main")
		r.wait()
		if took := time.Since(r.begun); took > preparation+time.Minute {
			t.Errorf("it ended after %s", took)
		}
	})
}

// TestLostMark has the mark of a published host be gone although a list that lags
// still shows it: its deletion had no reply, or was the process's before. The host
// is published again, with another mark, so that its CNAME goes when it shall.
func TestLostMark(t *testing.T) {
	for name, restart := range map[string]bool{"its reply was lost": false, "the process ended": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				v, balancer := r.beside(true), balancer("lb0", kube.Address{IP: "192.0.2.50"})
				deleted := r.lagsAfter("delete claim", !restart)
				r.ready(fast("fast"), balancer)
				r.pass(2 * time.Minute)
				r.remove(fast("fast"))
				for deleted().IsZero() {
					r.pass(time.Millisecond)
				}
				if restart {
					r.stop()
					r.start()
					r.add(fast("fast"), balancer)
					r.Cluster("main").Ready("uid-main")
				} else {
					r.add(fast("fast"))
				}
				r.pass(30 * time.Minute)
				for _, want := range []string{"claim _edgeward.fast", "fast.example.com CNAME"} {
					if !slices.Contains(r.standing(), want) {
						t.Errorf("there is no %s: %q", want, r.standing())
					}
				}
				r.remove(fast("fast"))
				r.pass(30 * time.Minute)
				if left := r.standing(); len(left) != 1 || len(v.standing()) > 0 {
					t.Errorf("in the end there are %q and %d pull zones", left, len(v.standing()))
				}
			})
		})
	}
}

// lagsAfter has DNS lists lag by half a minute, for as long, once a call that
// begins so was made, which has no reply if lost. The returned function tells when.
func (r *rig) lagsAfter(first string, lost bool) func() time.Time {
	var at time.Time
	r.dns.changed = func(call string) {
		if strings.HasPrefix(call, "dns list") || strings.HasPrefix(call, "dns find") {
			return
		}
		if strings.HasPrefix(call, "dns "+first) && at.IsZero() {
			at = time.Now()
		}
		r.dns.remember()
	}
	r.dns.answer(func(call string, n int) reply {
		switch {
		case lost && strings.HasPrefix(call, first) && at.IsZero():
			return reply{err: errLost, effect: true}
		case !at.IsZero() && time.Since(at) < 30*time.Second:
			return reply{lag: 30 * time.Second}
		}
		return reply{}
	})
	return func() time.Time {
		r.dns.mu.Lock()
		defer r.dns.mu.Unlock()
		return at
	}
}
