package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// TestDesiredAfter has two clusters of which something changes again and again. The
// answer that rests on the one before is that of a fresh start.
func TestDesiredAfter(t *testing.T) {
	loops := 0
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		set, now := fixture.TwoCDNs(), fixture.Start()
		c, other := fixture.Cluster("main"), fixture.Cluster("other", fixture.Balanced("h0.example.com"))
		changeOther := func() {
			o := fixture.Ingress("o", fmt.Sprintf("h%d.example.com", rng.IntN(3)), "Prefix", "/")
			o.Rules[0].Paths[0].Backend = kube.Backend{Service: "web", PortNumber: 80}
			if other.Ingresses = nil; rng.IntN(3) > 0 {
				other.Ingresses = []*kube.Ingress{&o}
			}
			s := fixture.Balanced(fmt.Sprintf("h%d.example.com", rng.IntN(4)))
			if rng.IntN(3) == 0 {
				other.Services = []kube.Service{s}
			}
		}
		changeIngress := func() {
			ing := anyIngress(rng)
			c.Ingresses = slices.DeleteFunc(slices.Clone(c.Ingresses), func(i *kube.Ingress) bool { return i.Name == ing.Name })
			if rng.IntN(4) > 0 {
				c.Ingresses = append(c.Ingresses, &ing)
				slices.SortFunc(c.Ingresses, func(a, b *kube.Ingress) int { return a.Key().Compare(b.Key()) })
			}
		}
		changes := []func(){
			changeIngress, changeIngress, changeIngress, changeOther,
			func() {
				s := fixture.Service("web", int32(30080+rng.IntN(2)))
				s.Type = []string{"NodePort", "LoadBalancer", "ClusterIP"}[rng.IntN(3)]
				s.Balancers = []kube.Address{{IP: "192.0.2.9"}}
				s.Families = []kube.Families{{}, {OnlyIPv4: true}, {OnlyIPv6: true}}[rng.IntN(3)]
				for rng.IntN(2) == 0 {
					s.Balancers = append(s.Balancers, kube.Address{Hostname: fmt.Sprintf("h%d.example.com", rng.IntN(4))})
					s.Balancers[0].IP = ""
				}
				c.Services = []kube.Service{s}
			},
			func() {
				c.Nodes = []kube.Node{fixture.Node("n1", fmt.Sprint("192.0.2.", 1+rng.IntN(2)))}
				if rng.IntN(2) == 0 {
					c.Nodes = append(c.Nodes, fixture.Node("n2", "2001:db8::1"))
				}
			},
			func() {
				s := fixture.TLSSecret("tls", fmt.Sprintf("h%d.example.com", rng.IntN(3)))
				s.NotAfter = now.Add(time.Duration(rng.IntN(60*24)) * time.Hour)
				c.TLSSecrets = []kube.TLSSecret{s}
			},
			func() { c.TLSRefused = [][]string{nil, {"default"}, {""}}[rng.IntN(3)] },
			func() { c.Standing = standingAfter(settled(set, c)) },
			func() { now = now.Add(time.Duration(rng.IntN(20*24)) * time.Hour) },
			func() { c.Ready = !c.Ready },
		}
		c.Ready = true
		var want desired.Want
		for step := range 100 {
			changes[rng.IntN(len(changes))]()
			want = desired.DesiredAfter(want, []desired.Cluster{c, other}, set, now)
			fresh := desired.Desired([]desired.Cluster{c, other}, set, now)
			loops += strings.Count(fmt.Sprint(want.Problems), "leads back to the CDN")
			private := cmp.Options{cmp.AllowUnexported(desired.Route{}), cmpopts.IgnoreUnexported(desired.Want{}), cmp.AllowUnexported(model.Certificate{})}
			if diff := cmp.Diff(fresh, want, private); diff != "" {
				t.Fatalf("seed %d, step %d (-fresh +after the answer before):\n%s", seed, step, diff)
			}
		}
	}
	if loops < 100 {
		t.Errorf("only %d problems with loops", loops)
	}
}

// standingAfter is what stands on a stage.
func standingAfter(s *stage) desired.Standing {
	return desired.NewStanding(s.Rules.Objects, s.Records.Objects)
}

// anyIngress is one of four, of any CDN, on a few hosts.
func anyIngress(rng *rand.Rand) kube.Ingress {
	ing := fixture.Ingress(fmt.Sprint("ing", rng.IntN(4)), fmt.Sprintf("h%d.example.com", rng.IntN(3)), "Prefix", []string{"/", "/a", "*"}[rng.IntN(3)])
	ing.Created = fixture.Start().Add(time.Duration(rng.IntN(3)) * time.Second)
	if rng.IntN(2) == 0 {
		ing.Class = "vultr-cdn"
		ing.TLS = []kube.IngressTLS{{Secret: "tls"}}
	}
	switch rng.IntN(4) {
	case 0:
		ing.Annotations = map[string]string{desired.AnnotationRelease: "true"}
	case 1:
		ing.Annotations = map[string]string{desired.AnnotationOrigin: "status"}
		ing.Status = []kube.Address{{IP: fmt.Sprint("192.0.2.", 7+rng.IntN(2))}}
		if rng.IntN(2) == 0 {
			ing.Status = []kube.Address{{Hostname: fmt.Sprintf("h%d.example.com", rng.IntN(4))}}
		}
	}
	return ing
}
