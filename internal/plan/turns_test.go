package plan

import (
	"testing"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// TestTurnOf says of every operation whose turn it takes.
func TestTurnOf(t *testing.T) {
	settings := fixture.Settings()
	settings.PublishZones, settings.CDNs[0].Host, settings.Linger = []string{"example.com"}, "acme.edgio.example", 0
	inNamespace := func(ing kube.Ingress, service string) kube.Ingress {
		ing.Namespace = "team"
		ing.Rules[0].Paths[0].Backend = kube.Backend{Service: service, PortName: "http"}
		return ing
	}
	balancer := fixture.Service("lb", 0)
	balancer.Namespace, balancer.Type, balancer.Balancers = "team", "LoadBalancer", []kube.Address{{IP: "192.0.2.50"}}
	team, other, nobody, everybody := model.Tenant{Cluster: "main", Namespace: "team"}, model.Tenant{Cluster: "main", Namespace: "default"}, model.Tenant{Cluster: "main"}, model.Tenant{}
	want := map[string]model.Tenant{
		"create _edgeward.main.acme TXT":           everybody,
		"create nodes.main.acme A 192.0.2.1":       everybody,
		"create lb.team.lb.main.acme A 192.0.2.50": team,
		"delete lb.team.lb.main.acme A 192.0.2.50": nobody, // the Service is gone
		"delete nodes.main.acme A 192.0.2.1":       everybody,
		"create blog.example.com/":                 team,
		"delete blog.example.com/":                 team,
		"create _edgeward.blog.example.com TXT":    team,
		"create blog.example.com CNAME":            team,
		"delete blog.example.com CNAME":            team,
		"delete _edgeward.blog.example.com TXT":    nobody, // the rule is gone
		"create www.example.com/a":                 other, "create _edgeward.www.example.com TXT": other, "create www.example.com CNAME": other,
		"delete www.example.com CNAME": other, "delete www.example.com/a": other, "delete _edgeward.www.example.com TXT": nobody,
	}
	s := newStage(settings, fixture.Cluster("main", inNamespace(fixture.Ingress("blog", "blog.example.com", "Exact", "/"), "lb"), balancer, fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1")))
	seen := make(map[string]bool)
	note := func(what string, tenant model.Tenant) {
		seen[what] = true
		if wanted, known := want[what]; !known || tenant != wanted {
			t.Errorf("%s takes the turn of %+v, want %+v", what, tenant, wanted)
		}
	}
	play := func() {
		for range 100 {
			if s.ask(); len(s.step.Rules)+len(s.step.Records) == 0 {
				if s.step.Wake.IsZero() {
					return
				}
				s.Now = s.step.Wake
			}
			for _, op := range s.step.Rules {
				note(string(op.Verb)+" "+op.Key().String(), op.Tenant())
			}
			for _, op := range s.step.Records {
				note(string(op.Verb)+" "+op.Key().String(), op.Tenant())
			}
			s.do()
		}
	}
	play()
	s.change(true, fixture.Cluster("main", fixture.Node("n1", "192.0.2.1")))
	play()
	for what := range want {
		if !seen[what] {
			t.Errorf("there was no %s", what)
		}
	}
}
