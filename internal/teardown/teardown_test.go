package teardown_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/teardown"
)

// account is what stands at both providers.
type account struct {
	rules   []model.Rule
	records []model.Record
	refuses string // what is not deleted, by its name
	after   func() // has happened while somebody waited
	reads   int
	said    []string
}

// newAccount has a cluster main with a rule on two nodes, to which its host is led, and
// beside it what others have.
func newAccount() *account {
	shop := fixture.Labelled(model.Rule{ID: "rule", RuleKey: fixture.ShopKey(), SourceHost: fixture.NodesHost}, model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()})
	theirs := model.Rule{ID: "theirs", RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "www.example.org", Path: "/"}, SourceHost: "origin.example.org"}
	return &account{rules: []model.Rule{shop, theirs}, records: []model.Record{
		{ID: "ownership", Name: "_edgeward.main.acme", Type: "TXT", Data: model.Ownership{Owner: fixture.Owner, UID: "uid-main", CDNs: []model.Provider{fixture.Edgio}}.String(), TTL: 120},
		{ID: "a", Name: "nodes.main.acme", Type: "A", Data: "192.0.2.1", TTL: 120},
		{ID: "b", Name: "nodes.main.acme", Type: "A", Data: "192.0.2.2", TTL: 120},
		{ID: "label", Zone: "example.com", Name: "_edgeward.www", Type: "TXT", Data: model.AliasLabel(fixture.Owner, "main"), TTL: 120},
		{ID: "cname", Zone: "example.com", Name: "www", Type: "CNAME", Data: "acme.cdn.example.net", TTL: 120},
		{ID: "mail", Name: "mail", Type: "A", Data: "192.0.2.9", TTL: 300},
	}}
}

func (a *account) Read(context.Context) ([]model.Rule, observed.View[model.Record], error) {
	a.reads++
	return slices.Clone(a.rules), observed.View[model.Record]{Known: true, Objects: observed.Refs(slices.Clone(a.records))}, nil
}

func (a *account) DeleteRule(_ context.Context, r model.Rule) error {
	return drop(&a.rules, r, a.refuses == r.Host)
}

func (a *account) WriteRecords(_ context.Context, op model.Op[model.Record]) error {
	return drop(&a.records, op.Old(), a.refuses == op.Old().Name)
}

func drop[T model.Object[T]](list *[]T, o T, refused bool) error {
	if refused {
		return errors.New("refused: " + o.Key().String())
	}
	*list = slices.DeleteFunc(*list, func(other T) bool { return other.Identity() == o.Identity() })
	return nil
}

// remove has what is ours removed.
func (a *account) remove(edit func(*teardown.Teardown)) error {
	set := fixture.Settings()
	set.PublishZones, set.CDNs[0].Host, set.KnownCDNs = []string{"example.com"}, "acme.cdn.example.net", []model.Provider{fixture.Edgio}
	t := teardown.Teardown{
		Settings: set, Providers: a,
		Say: func(format string, args ...any) { a.said = append(a.said, fmt.Sprintf(format, args...)) },
		Wait: func(ctx context.Context, _ time.Duration) error {
			if a.after != nil {
				a.after()
			}
			return ctx.Err()
		},
		Covers: func(string) bool { return true },
	}
	if edit != nil {
		edit(&t)
	}
	return t.Run(context.Background())
}

// left are the IDs of what stands.
func (a *account) left() (ids []string) {
	for _, r := range a.rules {
		ids = append(ids, r.ID)
	}
	for _, r := range a.records {
		ids = append(ids, r.ID)
	}
	slices.Sort(ids)
	return ids
}

func TestTeardown(t *testing.T) {
	const cname, rule, one, two, label, ownership = "removed www.example.com CNAME", "removed rule www.example.com/a",
		"removed nodes.main.acme A 192.0.2.1", "removed nodes.main.acme A 192.0.2.2", "removed _edgeward.www.example.com TXT", "removed _edgeward.main.acme TXT"
	ttl := func(wait string) string { return "waiting " + wait + " (vultr.ttl) before the rules go" }
	linger := func(wait string) string { return "waiting " + wait + " (sync.linger) before the addresses go" }
	kept := []string{"mail", "theirs"} // of others
	for name, test := range map[string]struct {
		stands func(*account)
		edit   func(*teardown.Teardown)
		said   []string
		left   []string
		reads  int
		err    string
	}{
		"all": {
			said:  []string{cname, ttl("2m0s"), rule, linger("1m0s"), one, two, label, ownership},
			left:  kept,
			reads: 3,
		},
		"the CNAME has another TTL": {
			stands: func(a *account) { a.records[4].TTL = 3600 },
			said:   []string{cname, ttl("1h0m0s"), rule, linger("1m0s"), one, two, label, ownership},
			left:   kept, reads: 3,
		},
		"no linger": {
			edit: func(t *teardown.Teardown) { t.Settings.Linger = 0 },
			said: []string{cname, ttl("2m0s"), rule, one, two, label, ownership},
			left: kept, reads: 3, // once more before the addresses go
		},
		"no DNS of the host": {
			stands: func(a *account) { a.records = slices.Delete(a.records, 3, 5) },
			said:   []string{rule, linger("1m0s"), one, two, ownership},
			left:   kept, reads: 2,
		},
		"no rule": {
			stands: func(a *account) { a.rules, a.records = a.rules[1:], slices.Delete(a.records, 3, 5) },
			said:   []string{one, two, ownership},
			left:   kept, reads: 1,
		},
		"no record of ownership": {
			stands: func(a *account) { a.records = slices.Delete(a.records[1:], 2, 4) },
			said:   []string{rule},
			left:   []string{"a", "b", "mail", "theirs"}, reads: 1,
		},
		"another cluster had the name": {
			stands: func(a *account) {
				a.records = slices.Delete(a.records, 3, 5)
				other := a.records[0].WithData(model.Ownership{Owner: fixture.Owner, UID: "uid-other"}.String())
				a.records = append(a.records, other.WithIdentity("other"))
			},
			said: []string{rule, linger("1m0s"), one, two, ownership, ownership},
			left: kept, reads: 2,
		},
		"a rule of others uses the addresses": {
			stands: func(a *account) { a.rules[1].SourceHost = fixture.NodesHost },
			said:   []string{cname, ttl("2m0s"), rule, label},
			left:   []string{"a", "b", "mail", "ownership", "theirs"}, reads: 2,
		},
		"an address cannot be removed": {
			stands: func(a *account) { a.refuses = "nodes.main.acme" },
			said:   []string{cname, ttl("2m0s"), rule, linger("1m0s"), label},
			left:   []string{"a", "b", "mail", "ownership", "theirs"}, reads: 3,
			err: "refused: nodes.main.acme A 192.0.2.1\nrefused: nodes.main.acme A 192.0.2.2",
		},
		"the CNAME cannot be removed": {
			stands: func(a *account) { a.refuses = "www" },
			left:   []string{"a", "b", "cname", "label", "mail", "ownership", "rule", "theirs"}, reads: 1,
			err: "refused: www.example.com CNAME",
		},
		"a daemon makes a rule again": {
			stands: func(a *account) {
				again := a.rules[0].WithIdentity("again")
				a.records = slices.Delete(a.records, 3, 5)
				a.after = func() { a.rules = append(a.rules, again) }
			},
			said: []string{rule, linger("1m0s")},
			left: []string{"a", "again", "b", "mail", "ownership", "theirs"}, reads: 2,
			err: "cluster main has 1 new rules: a daemon still runs for it; stop it first",
		},
		"a daemon leads a host again": {
			stands: func(a *account) {
				again := a.records[4].WithIdentity("again")
				a.after = func() { a.records = append(a.records, again) }
			},
			said: []string{cname, ttl("2m0s")},
			left: []string{"a", "again", "b", "label", "mail", "ownership", "rule", "theirs"}, reads: 2,
			err: "cluster main has 1 new CNAMEs of hosts: a daemon still runs for it; stop it first",
		},
		"another cluster": {
			edit: func(t *teardown.Teardown) { t.Covers = func(cluster string) bool { return cluster == "west" } },
			left: newAccount().left(), reads: 1,
		},
		"interrupted before the rules go": {
			edit: func(t *teardown.Teardown) {
				t.Wait = func(context.Context, time.Duration) error { return context.Canceled }
			},
			said: []string{cname, ttl("2m0s")},
			left: []string{"a", "b", "label", "mail", "ownership", "rule", "theirs"}, reads: 1,
			err: "the rules, addresses and claims still stand: context canceled",
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount()
			if test.stands != nil {
				test.stands(a)
			}
			err := a.remove(test.edit)
			if diff := cmp.Diff(test.said, a.said); diff != "" {
				t.Errorf("said (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.left, a.left()); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
			if text := strings.TrimSuffix(fmt.Sprint(err), "<nil>"); text != test.err {
				t.Errorf("error %q, want %q", text, test.err)
			}
			if a.reads != test.reads {
				t.Errorf("read %d times, want %d", a.reads, test.reads)
			}
		})
	}
}
