package desired_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// FuzzDesired maps any Ingress, given as the JSON of a kube.Ingress. Whatever
// it says, what is published is well formed, and what is not has its reason.
func FuzzDesired(f *testing.F) {
	for _, ing := range []kube.Ingress{
		fixture.Shop(), fixture.Ingress("shop", "www.example.com", "Prefix", "/a/%20b"), fixture.Ingress("", "*.example.com", "ImplementationSpecific", ""),
		fixture.Annotated(desired.AnnotationPublished, "https,http"), fixture.Annotated(desired.AnnotationPath, "strip"), fixture.Annotated("edgeward/x", "y"), {},
	} {
		data, err := json.Marshal(ing)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var ing kube.Ingress
		if json.Unmarshal(data, &ing) != nil || !model.IsHostname(ing.Namespace) || !model.IsHostname(ing.Name) {
			t.Skip("not an Ingress that Kubernetes would accept")
		}
		svc := fixture.Web()
		svc.Namespace = ing.Namespace
		want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, svc, fixture.Shop(), fixture.Web(), fixture.Node("n1", "192.0.2.1"))}, fixture.Settings(), fixture.Start())
		for _, route := range want.Routes {
			key := route.Key
			if !model.IsHostname(key.Host) || !strings.HasPrefix(key.Path, "/") || strings.ContainsFunc(key.Path, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q is not a place that can be published", key.String())
			}
			if route.Wanted() {
				checkPublished(t, key, route)
			} else if len(route.Retained) == 0 {
				t.Errorf("nothing is published at %s, and nobody says why", key)
			}
		}
		for _, p := range want.Problems {
			if p.Reason == "" || p.State != desired.Invalid && p.State != desired.Pending && p.State != desired.Conflict {
				t.Errorf("problem %+v", p)
			}
		}
		if len(ing.Rules) == 0 && len(want.Problems) == 0 {
			t.Error("an Ingress without rules is no problem")
		}
	})
}

func checkPublished(t *testing.T, key model.RuleKey, route *desired.Route) {
	t.Helper()
	r := route.Rule
	m, ok := r.OwnerLabel()
	if !ok || m != (model.OwnerLabel{Owner: fixture.Owner, IngressID: route.Ingress}) {
		t.Errorf("the label of %s reads as %+v, %v; want one of %s", key, m, ok, route.Ingress)
	}
	published := func(p model.Protocol) string { return p.Published }
	if r.RuleKey != key || r.SourceHost != fixture.NodesHost || len(r.Protocols) == 0 || !slices.IsSortedFunc(r.Protocols, func(a, b model.Protocol) int {
		return strings.Compare(published(a), published(b))
	}) {
		t.Errorf("rule %+v at %s", r, key)
	}
	for _, p := range r.Protocols {
		if p.SourcePort != 30080 || p.PublishedPort == 0 || len(p.Label) > model.MaxOwnerLabel {
			t.Errorf("protocol %+v at %s", p, key)
		}
	}
}
