package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// TestOriginChanges has what becomes of a rule whose origin changes.
func TestOriginChanges(t *testing.T) {
	n1, n2 := fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2")
	tests := map[string]struct {
		before, after []any
		want          []string // what is done
	}{
		"a slice goes, another lists the endpoint": {
			[]any{fixture.Shop(), fixture.LocalWeb(), n1, fixture.Endpoints("w1", "n1"), fixture.Endpoints("w2", "n1")}, []any{fixture.Shop(), fixture.LocalWeb(), n1, fixture.Endpoints("w2", "n1")}, nil,
		},
		"the last slice goes": {
			[]any{fixture.Shop(), fixture.LocalWeb(), n1, fixture.Endpoints("w1", "n1")}, []any{fixture.Shop(), fixture.LocalWeb(), n1}, nil,
		},
		"pods move": {
			[]any{fixture.Shop(), fixture.LocalWeb(), n1, n2, fixture.Endpoints("w1", "n1")}, []any{fixture.Shop(), fixture.LocalWeb(), n1, n2, fixture.Endpoints("w1", "n2")},
			[]string{"0s: create web.default.local.main 192.0.2.2", "0s: delete web.default.local.main 192.0.2.1"},
		},
		"Cluster to Local": {
			[]any{fixture.Shop(), fixture.Web(), n1, n2}, []any{fixture.Shop(), fixture.LocalWeb(), n1, n2, fixture.Endpoints("w1", "n1")},
			[]string{
				"0s: create web.default.local.main 192.0.2.1", "0s: update rule www.example.com/a for shop",
				"1m0s: delete nodes.main 192.0.2.1, delete nodes.main 192.0.2.2",
			},
		},
		"NodePort to LoadBalancer": {
			[]any{fixture.Shop(), fixture.Web(), n1}, []any{fixture.Shop(), fixture.Balanced("192.0.2.9"), n1},
			[]string{"0s: create web.default.lb.main 192.0.2.9", "0s: update rule www.example.com/a for shop", "1m0s: delete nodes.main 192.0.2.1"},
		},
		"NodePort to LoadBalancer without an address yet": {[]any{fixture.Shop(), fixture.Web(), n1}, []any{fixture.Shop(), fixture.Balanced(), n1}, nil},
		"a LoadBalancer's address is lost":                {[]any{fixture.Shop(), fixture.Balanced("192.0.2.9")}, []any{fixture.Shop(), fixture.Balanced()}, nil},
		"a LoadBalancer's host name is lost":              {[]any{fixture.Shop(), fixture.Balanced("lb.example.org")}, []any{fixture.Shop(), fixture.Balanced()}, nil},
		"a LoadBalancer's address changes": {
			[]any{fixture.Shop(), fixture.Balanced("192.0.2.9")}, []any{fixture.Shop(), fixture.Balanced("192.0.2.10")},
			[]string{"0s: create web.default.lb.main 192.0.2.10", "0s: delete web.default.lb.main 192.0.2.9"},
		},
		"a LoadBalancer's host name changes": {
			[]any{fixture.Shop(), fixture.Balanced("lb.example.org")}, []any{fixture.Shop(), fixture.Balanced("lb2.example.org")},
			[]string{"0s: update web.default.lb-cname.main lb2.example.org"},
		},
		"a LoadBalancer's address becomes a host name": {
			[]any{fixture.Shop(), fixture.Balanced("192.0.2.9")}, []any{fixture.Shop(), fixture.Balanced("lb.example.org")},
			[]string{"0s: create web.default.lb-cname.main lb.example.org", "0s: update rule www.example.com/a for shop", "1m0s: delete web.default.lb.main 192.0.2.9"},
		},
		"a LoadBalancer goes": {
			[]any{fixture.Shop(), fixture.Balanced("192.0.2.9")}, []any{fixture.Shop()},
			[]string{"10s: delete rule www.example.com/a", "1m10s: delete web.default.lb.main 192.0.2.9"},
		},
		"a status is lost": {[]any{fixture.AtStatus(kube.Address{IP: "192.0.2.8"})}, []any{fixture.AtStatus()}, nil},
		"a status, and the annotation is bad": {
			[]any{fixture.AtStatus(kube.Address{IP: "192.0.2.8"})}, []any{fixture.Annotated(desired.AnnotationOrigin, "x")}, nil,
		},
		"IPv4 to IPv6": {
			[]any{fixture.Shop(), fixture.Web(), n1}, []any{fixture.Shop(), fixture.Web(), fixture.Node("n1", "2001:db8::1")},
			[]string{"0s: create nodes.main 2001:db8::1", "0s: delete nodes.main 192.0.2.1"},
		},
		"IPv4 to both": {
			[]any{fixture.Shop(), fixture.Web(), n1}, []any{fixture.Shop(), fixture.Web(), fixture.DualNode("n1", "192.0.2.1", "2001:db8::1")},
			[]string{"0s: create nodes.main 2001:db8::1"},
		},
		"a release that may not be": {
			[]any{fixture.Shop(), fixture.Web(), n1}, []any{fixture.Annotated(desired.AnnotationRelease, "true"), fixture.Web(), n1, desired.Allow{Annotations: []string{desired.AnnotationPath}}},
			[]string{"10s: delete rule www.example.com/a", "1m10s: delete nodes.main 192.0.2.1"},
		},
		"a host that may not be any more": {
			[]any{fixture.Shop(), fixture.Web(), n1}, []any{fixture.Shop(), fixture.Web(), n1, desired.Allow{Hosts: []string{"x"}}},
			[]string{"10s: delete rule www.example.com/a", "1m10s: delete nodes.main 192.0.2.1"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", test.before...))
			s.change(true, fixture.Cluster("main", test.after...))
			if diff := cmp.Diff(test.want, s.run()); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCNAME has a name that is one CNAME, amid what may go wrong with it.
func TestCNAME(t *testing.T) {
	const name = "web.default.lb-cname.main.acme"
	record := func(id, data string, ttl int) model.Record {
		return model.Record{ID: id, Name: name, Type: "CNAME", Data: data, TTL: ttl}
	}
	tests := map[string]struct {
		change func(*observed.View[model.Record])
		want   []string
		state  string
	}{
		"as it shall be":  {func(*observed.View[model.Record]) {}, nil, "synced"},
		"it is gone":      {func(v *observed.View[model.Record]) { v.Objects = v.Objects[:1] }, []string{"create web.default.lb-cname.main lb.example.org"}, "pending"},
		"it says another": {func(v *observed.View[model.Record]) { v.Objects[1].Data = "x.example.org" }, []string{"update web.default.lb-cname.main lb.example.org"}, "pending"},
		"another TTL":     {func(v *observed.View[model.Record]) { v.Objects[1].TTL = 60 }, []string{"update web.default.lb-cname.main lb.example.org"}, "synced"},
		"twice": {func(v *observed.View[model.Record]) {
			v.Objects = append(v.Objects, new(record("z", "lb.example.org", 120)))
		}, []string{"delete web.default.lb-cname.main lb.example.org"}, "synced"},
		"an address in place": {func(v *observed.View[model.Record]) {
			v.Objects[1] = new(model.AddressRecord(name, "192.0.2.1", 120).WithIdentity("a"))
		}, []string{"delete web.default.lb-cname.main 192.0.2.1"}, "pending"},
		"an update is refused": {func(v *observed.View[model.Record]) {
			v.Objects[1].Data = "x.example.org"
			v.Attempts = []observed.Attempt[model.Record]{{Op: model.Op[model.Record]{Verb: model.Update, From: v.Objects[1], To: new(record("", "lb.example.org", 120))}, Status: observed.BackingOff}}
		}, []string{"update web.default.lb-cname.main lb.example.org"}, "error"},
		"an update is under way": {func(v *observed.View[model.Record]) {
			v.Attempts = []observed.Attempt[model.Record]{{Op: model.Op[model.Record]{Verb: model.Update, From: v.Objects[1], To: new(record("", "lb.example.org", 120))}, Status: observed.InFlight}}
		}, nil, "pending"},
		"an update's reply was lost": {func(v *observed.View[model.Record]) {
			v.Attempts = []observed.Attempt[model.Record]{{Op: model.Op[model.Record]{Verb: model.Update, From: v.Objects[1], To: new(record("", "lb.example.org", 120))}, Status: observed.Unknown}}
		}, []string{"look up"}, "pending"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.Settings(), fixture.Cluster("main", fixture.Shop(), fixture.Balanced("lb.example.org")))
			s.Records.Objects = slices.Clone(s.Records.Objects)
			s.AllowDelete = true
			test.change(&s.Records)
			if diff := cmp.Diff(test.want, s.ask()); diff != "" {
				t.Errorf("operations (-want +got):\n%s", diff)
			}
			if got, _, _ := strings.Cut(s.states()[0], " "); got != test.state {
				t.Errorf("states %q, want %s", s.states(), test.state)
			}
		})
	}
}
