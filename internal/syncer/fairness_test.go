package syncer

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// of puts an Ingress into a namespace, whose Service web it leads to.
func of(namespace string, ing *kube.Ingress) *kube.Ingress {
	other := *ing
	other.Namespace = namespace
	return &other
}

// noise is what one namespace does, so that another might wait for ever.
type noise struct {
	before func(*rig)        // what stands already
	begin  func(*rig)        // once all of that is in order
	step   func(*rig, int)   // ten times a second
	fails  func(string) bool // whose calls have no reply
	calls  string            // at this provider
	quiet  string            // the first call for the other namespace there
	asks   func(n int) []any // what that one makes
}

// many are Ingresses of a host each.
func many(n int, change func(*kube.Ingress) *kube.Ingress) (list []any) {
	for i := range n {
		list = append(list, change(of("noisy", ingress(fmt.Sprint("noisy", i)))))
	}
	return list
}

func same(ing *kube.Ingress) *kube.Ingress { return ing }

// anIngress is one of the quiet namespace.
func anIngress(n int) []any { return []any{of("quiet", ingress(fmt.Sprint("quiet", n)))} }

// balanced is an Ingress that leads to a load balancer of its own, so to an address
// set of its own.
func balanced(namespace, name, address string) []any {
	svc, ing := balancer(name, kube.Address{IP: address}), of(namespace, ingress(name))
	svc.Namespace = namespace
	ing.Rules[0].Paths[0].Backend.Service = name
	return []any{svc, ing}
}

// aBalancer is one of the quiet namespace, whose name comes last.
func aBalancer(n int) []any { return balanced("quiet", fmt.Sprint("quiet", n), "192.0.2.77") }

// balancers are those of the noisy one, with other addresses in each round.
func balancers(n, round int) (list []any) {
	for i := range n {
		list = append(list, balanced("noisy", fmt.Sprint("noisy", i), fmt.Sprintf("192.0.%d.%d", 100+round, 1+i%250))...)
	}
	return list
}

// TestNamespacesTakeTurns has a namespace that keeps the provider busy, and another
// that makes one Ingress, again and again, while there are 120 calls a minute: the
// other waits for two operations of the first at most.
func TestNamespacesTakeTurns(t *testing.T) {
	const rule, mark, set = "cdn create quiet", "dns create claim _edgeward.quiet", "dns create quiet"
	cases := map[string]noise{
		"30 Ingresses are changed again and again": {
			before: func(r *rig) { r.add(many(30, same)...) },
			step: func(r *rig, i int) {
				r.modify(many(30, func(ing *kube.Ingress) *kube.Ingress { return stripped(ing, []string{"strip", "keep"}[i%2]) })...)
			},
			calls: "cdn", quiet: rule,
		},
		"one Ingress has 3,000 paths": {
			begin: func(r *rig) {
				ing := of("noisy", ingress("noisy"))
				for i := range 3000 {
					path := ing.Rules[0].Paths[0]
					path.Path = fmt.Sprint("/", i)
					ing.Rules[0].Paths = append(ing.Rules[0].Paths, path)
				}
				r.add(ing)
			},
			calls: "cdn", quiet: rule,
		},
		"300 Ingresses are deleted": {
			before: func(r *rig) { r.add(many(300, same)...) },
			begin:  func(r *rig) { r.remove(many(300, same)...) },
			calls:  "cdn", quiet: rule,
		},
		"no reply comes to its creations, so that they are searched for": {
			begin: func(r *rig) { r.add(many(300, same)...) },
			fails: func(call string) bool { return strings.HasPrefix(call, "create noisy") },
			calls: "cdn", quiet: rule,
		},
		"its creations are refused": {
			begin: func(r *rig) {
				r.cdn.refuse = func(rule model.Rule) error {
					if strings.HasPrefix(rule.Host, "noisy") {
						return refusal(http.StatusBadRequest)
					}
					return nil
				}
				r.add(many(300, same)...)
			},
			calls: "cdn", quiet: rule,
		},
		"it has 300 hosts in a publish zone": {
			begin: func(r *rig) { r.add(many(300, same)...) },
			calls: "dns", quiet: mark,
		},
		"its hosts leave the publish zone": {
			before: func(r *rig) { r.add(many(100, same)...) },
			begin:  func(r *rig) { r.remove(many(100, same)...) },
			calls:  "dns", quiet: mark,
		},
		"it has 300 load balancers": {
			begin: func(r *rig) { r.add(balancers(300, 0)...) },
			calls: "dns", quiet: set, asks: aBalancer,
		},
		"its load balancers change their addresses": {
			before: func(r *rig) { r.add(balancers(100, 0)...) },
			step: func(r *rig, i int) {
				if i%10 == 0 {
					r.modify(balancers(100, 1+i/10%50)...)
				}
			},
			calls: "dns", quiet: set, asks: aBalancer,
		},
	}
	for name, noise := range cases {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				noisyWeb := web()
				noisyWeb.Namespace = "noisy"
				quietWeb := web()
				quietWeb.Namespace = "quiet"
				r.opts.Settings.DeletionGrace = 0
				if noise.calls == "dns" {
					r.opts.Settings.CDNs[0].Host = "acme.edgio.example"
					r.opts.Settings.PublishZones, r.dns.zones = []string{publishZone}, []string{publishZone}
				}
				asks := noise.asks
				if asks == nil {
					asks = anIngress
				}
				busy := func() {
					r.start()
					r.add(of("noisy", ingress("first")), of("quiet", ingress("second")), noisyWeb, quietWeb, node(1))
					if noise.before != nil {
						noise.before(r)
					}
					r.Cluster("main").Ready("uid-main")
					r.pass(2 * time.Minute)
				}
				busy()
				r.stop()
				account := httpapi.NewAccount(120, time.Minute)
				if noise.calls == "cdn" {
					r.opts.CDNs[0].Account = account
				} else {
					r.opts.DNSAccount = account
				}
				busy()
				if noise.fails != nil {
					r.cdn.answer(func(call string, _ int) reply {
						if noise.fails(call) {
							return reply{err: refusal(http.StatusBadGateway)}
						}
						return reply{}
					})
				}
				if noise.begin != nil {
					noise.begin(r)
				}
				step := 0
				tick := func() {
					if noise.step != nil {
						noise.step(r, step)
					}
					step++
					r.pass(100 * time.Millisecond)
				}
				for range 50 {
					tick()
				}
				var worst time.Duration
				for n := range 10 {
					r.journal.take()
					at, others := time.Now(), 0
					r.add(asks(n)...)
					first := time.Duration(-1)
					for end := at.Add(75 * time.Second); first < 0 && time.Now().Before(end); {
						tick()
						for _, c := range r.journal.take() {
							switch {
							case first >= 0:
							case strings.HasPrefix(c.text, noise.quiet):
								first = c.at.Sub(at)
							case strings.HasPrefix(c.text, noise.calls) && strings.Contains(c.text, "noisy"):
								others++
							}
						}
					}
					if first < 0 {
						r.t.Fatalf("round %d: nothing was done for the quiet namespace in 75 s, while %d calls went to %s", n, others, noise.calls)
					}
					if others > 2 {
						r.t.Errorf("round %d: %d operations of the noisy namespace went before the quiet one's", n, others)
					}
					worst = max(worst, first)
				}
				t.Logf("from the change to the first call: %s at worst", worst)
			})
		})
	}
}

// TestTargetsOfOneGateTakeTurns has a CDN with hundreds of rules to make share its
// account with DNS: a node's new address is there at once.
func TestTargetsOfOneGateTakeTurns(t *testing.T) {
	inBubble(t, func(r *rig) {
		cdn := r.beside(true)
		r.dns.zones = []string{publishZone}
		shared := httpapi.NewAccount(120, time.Minute)
		r.opts.CDNs[1].Account, r.opts.DNSAccount = shared, shared
		r.start()
		r.add(ingress("shop"), web(), node(1), balancer("lb0", kube.Address{IP: "192.0.2.50"}))
		r.Cluster("main").Ready("uid-main")
		r.pass(time.Minute)
		for i := range 300 {
			r.add(fast(fmt.Sprint("v", i)))
		}
		r.pass(10 * time.Second)
		r.journal.take()
		r.add(node(2))
		r.pass(4 * 505 * time.Millisecond)
		if calls := r.calls(); count(calls, "dns create "+addr2) != 1 {
			r.t.Errorf("four calls after a node has come: %q", calls)
		}
		r.pass(time.Minute)
		if rules, published := len(cdn.standing()), len(r.dns.standing())-4; rules < 50 || published < rules-4 {
			r.t.Errorf("%d rules and %d records of published hosts: neither is to wait for all of the other", rules, published)
		}
	})
}
