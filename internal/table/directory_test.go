package table

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

// TestDirectory has random records come, change and go: what was taken over from before
// is what the list makes.
func TestDirectory(t *testing.T) {
	names := []string{"www", "nodes.main.acme", "_edgeward.main.acme", "_edgeward.main.other", "_edgeward.www", "main.acme", "*", ""}
	texts := []string{"192.0.2.1", model.Ownership{Owner: fixture.Owner, UID: "uid-main"}.String(), model.Ownership{Owner: "other", UID: "u"}.String(), model.AliasLabel(fixture.Owner, "main"), model.AliasLabel("other", "main")}
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 4))
		records := map[string]*model.Record{}
		var now Directory
		for range 40 {
			for range 1 << rng.IntN(6) {
				id := fmt.Sprint(rng.IntN(60))
				if rng.IntN(3) == 0 {
					delete(records, id)
					continue
				}
				records[id] = &model.Record{ID: id, Zone: []string{"", "example.com"}[rng.IntN(2)], Name: names[rng.IntN(len(names))], Type: []string{"A", "TXT"}[rng.IntN(2)], Data: texts[rng.IntN(len(texts))]}
			}
			all := slices.SortedFunc(maps.Values(records), func(a, b *model.Record) int { return a.Compare(*b) })
			now = now.Updated(all, fixture.Owner)
			only := func(keep func(*model.Record) bool) []*model.Record {
				return slices.DeleteFunc(slices.Clone(all), func(r *model.Record) bool { return !keep(r) })
			}
			if want := only(func(r *model.Record) bool { return Concerns(fixture.Settings(), *r) }); !slices.Equal(now.Ours, want) {
				t.Fatalf("seed %d: %d records concern us, want %d", seed, len(now.Ours), len(want))
			}
			for _, name := range names {
				at := model.RecordName{Zone: "", Name: name}
				if want := only(func(r *model.Record) bool { return r.Zone == "" && r.Name == name }); !slices.Equal(now.At(at), want) {
					t.Fatalf("seed %d: %d records at %q, want %d", seed, len(now.At(at)), name, len(want))
				}
			}
		}
	}
}

// TestConcerns: of the records that others have made those concern us that lie in our
// part of the zone or say whose another part is.
func TestConcerns(t *testing.T) {
	for name, tc := range map[string]struct {
		record model.Record
		want   bool
	}{
		"an address of ours":                                   {model.AddressRecord("nodes.main.acme", "192.0.2.1", 120), true},
		"whatever lies there":                                  {model.Record{Name: "x.main.acme", Type: "MX", Data: "mail.example.org"}, true},
		"our record of ownership":                              {model.Record{Name: model.OwnershipName("main", fixture.Owner), Type: "TXT", Data: model.Ownership{Owner: fixture.Owner, UID: "uid-main"}.String()}, true},
		"another owner's record of ownership":                  {model.Record{Name: model.OwnershipName("main", "other"), Type: "TXT", Data: model.Ownership{Owner: "other", UID: "u"}.String()}, true},
		"our label of a host":                                  {model.Record{Zone: "example.com", Name: "_edgeward.www", Type: "TXT", Data: model.AliasLabel(fixture.Owner, "main")}, true},
		"another owner's label of a host":                      {model.Record{Zone: "example.com", Name: "_edgeward.www", Type: "TXT", Data: model.AliasLabel("other", "main")}, false},
		"such names in another zone":                           {model.Record{Zone: "example.com", Name: "nodes.main.acme", Type: "A", Data: "192.0.2.1"}, false},
		"a name that only looks like ours":                     {model.AddressRecord("nodes.main.notacme", "192.0.2.1", 120), false},
		"a record beside":                                      {model.AddressRecord("www", "192.0.2.1", 120), false},
		"a wildcard, which is looked up":                       {model.AddressRecord("*", "192.0.2.1", 120), false},
		"a delegation, which is looked up":                     {model.Record{Name: "sub", Type: "NS", Data: "ns1.example.org"}, false},
		"a record of ownership that is not where it has to be": {model.Record{Name: "_edgeward.www", Type: "TXT", Data: model.Ownership{Owner: "other", UID: "u"}.String()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Concerns(fixture.Settings(), tc.record); got != tc.want {
				t.Errorf("it concerns us: %v, want %v", got, tc.want)
			}
		})
	}
}
