package owned_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/owned"
)

// TestAll sorts out what is ours amid what is not.
func TestAll(t *testing.T) {
	ours := fixture.Labelled(model.Rule{ID: "shop", RuleKey: fixture.ShopKey(), SourceHost: fixture.NodesHost}, model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()})
	foreign := model.Rule{ID: "foreign", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "www.example.org", Path: "/"}, SourceHost: "nodes.old.acme." + fixture.Domain}
	elsewhere, others := foreign, fixture.Labelled(foreign, model.OwnerLabel{Owner: "another", IngressID: fixture.ShopID()})
	elsewhere.SourceHost = "origin.example.org"
	rules := []*model.Rule{&ours, &foreign, &elsewhere, &others}
	records := []*model.Record{
		{ID: "main", Name: "_edgeward.main.acme", Type: "TXT", Data: model.Ownership{Owner: "acme", UID: "uid-main"}.String()},
		{ID: "a", Name: "nodes.main.acme", Type: "A", Data: "192.0.2.1"},
		{ID: "b", Name: "nodes.main.acme", Type: "A", Data: "192.0.2.2"},
		{ID: "old", Name: "nodes.old.acme", Type: "A", Data: "192.0.2.9"},
		{ID: "claim", Name: "_edgeward.old.acme", Type: "TXT", Data: model.Ownership{Owner: "acme", UID: "uid-old"}.String()},
		{ID: "mail", Name: "mail.acme", Type: "MX", Data: "mx.example.com"}, // nobody claimed it
		{ID: "odd", Name: "_edgeward.odd.acme", Type: "TXT", Data: model.Ownership{Owner: "another", UID: "uid"}.String()},
		{ID: "odd2", Name: "x.odd.acme", Type: "A", Data: "192.0.2.9"},
		{ID: "other", Name: "nodes.main.another", Type: "A", Data: "192.0.2.9"},
		{ID: "apex", Type: "A", Data: "192.0.2.9"},
	}
	type count struct{ Rules, Unlabelled, Addresses, Ownership, Kept int }
	got := make(map[string]count)
	for name, h := range owned.All(rules, observed.View[model.Record]{Objects: records}, fixture.Settings()) {
		got[name] = count{len(h.Rules), len(h.Unlabelled), len(h.Addresses), len(h.Ownership), len(h.Kept)}
	}
	want := map[string]count{
		"main": {Rules: 1, Addresses: 2, Ownership: 1},
		"old":  {Unlabelled: 1, Addresses: 1, Ownership: 1, Kept: 3}, // the rule uses the name
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("owned (-want +got):\n%s", diff)
	}
}
