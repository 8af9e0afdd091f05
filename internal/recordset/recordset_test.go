package recordset_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/recordset"
)

const name = "nodes.main.acme"

// TestCapabilities brings a set of addresses to other ones and to another TTL, with each
// way in which a DNS takes changes. All that may be done at once is a line.
func TestCapabilities(t *testing.T) {
	dns := map[string]model.DNS{
		"records": {}, "records, TTL each": {TTLEach: true}, "sets": {WholeSets: true},
	}
	for what, test := range map[string]struct {
		stands []string
		wanted []string
		ttl    int
		want   map[string][]string
	}{
		"nothing stands": {nil, []string{"192.0.2.1", "192.0.2.2"}, 60, map[string][]string{
			"records":           {"create 192.0.2.1 60, create 192.0.2.2 60"},
			"records, TTL each": {"create 192.0.2.1 60, create 192.0.2.2 60"},
			"sets":              {"replace none by 192.0.2.1 60 192.0.2.2 60"},
		}},
		"all others": {[]string{"192.0.2.1"}, []string{"192.0.2.2"}, 60, map[string][]string{
			"records":           {"create 192.0.2.2 60", "delete 192.0.2.1"},
			"records, TTL each": {"create 192.0.2.2 60", "delete 192.0.2.1"},
			"sets":              {"replace 192.0.2.1 60 by 192.0.2.2 60"},
		}},
		"another family": {[]string{"192.0.2.1"}, []string{"2001:db8::1"}, 60, map[string][]string{
			"records":           {"create 2001:db8::1 60", "delete 192.0.2.1"},
			"records, TTL each": {"create 2001:db8::1 60", "delete 192.0.2.1"},
			"sets":              {"replace none by 2001:db8::1 60", "replace 192.0.2.1 60 by none"}, // two sets
		}},
		"another TTL": {[]string{"192.0.2.1", "192.0.2.2"}, []string{"192.0.2.1", "192.0.2.2"}, 30, map[string][]string{
			"records":           {"delete 192.0.2.2", "update 192.0.2.1 30", "create 192.0.2.2 30"},
			"records, TTL each": {"update 192.0.2.1 30, update 192.0.2.2 30"},
			"sets":              {"replace 192.0.2.1 60 192.0.2.2 60 by 192.0.2.1 30 192.0.2.2 30"},
		}},
		"one more, at another TTL": {[]string{"192.0.2.1"}, []string{"192.0.2.1", "192.0.2.2"}, 30, map[string][]string{
			"records":           {"update 192.0.2.1 30", "create 192.0.2.2 30"},
			"records, TTL each": {"create 192.0.2.2 30, update 192.0.2.1 30"},
			"sets":              {"replace 192.0.2.1 60 by 192.0.2.1 30 192.0.2.2 30"},
		}},
	} {
		for way, want := range test.want {
			t.Run(what+"/"+way, func(t *testing.T) {
				z := &zone{dns: dns[way]}
				for _, ip := range test.stands {
					z.add(model.AddressRecord(name, ip, 60))
				}
				if diff := cmp.Diff(want, z.bring(test.wanted, test.ttl)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestWholeSetWaits: nothing is done to a set while anything of it is under way or unknown.
func TestWholeSetWaits(t *testing.T) {
	for status, want := range map[observed.Status]int{observed.InFlight: 0, observed.Unknown: 0, observed.BackingOff: 1} {
		z := &zone{dns: model.DNS{WholeSets: true}}
		z.add(model.AddressRecord(name, "192.0.2.1", 60))
		ops := z.plan([]string{"192.0.2.2"}, 60)
		z.attempts = []observed.Attempt[model.Record]{{Op: ops[0], Status: status}}
		if ops := z.plan([]string{"192.0.2.2", "192.0.2.3"}, 60); len(ops) != want {
			t.Errorf("status %d: %d operations, want %d", status, len(ops), want)
		}
	}
}

// TestWholeSetKeepsOthers: what somebody else has in a set of ours stays there.
func TestWholeSetKeepsOthers(t *testing.T) {
	label := model.Record{ID: "1", Name: "_edgeward.www", Type: "TXT", Data: "ours", TTL: 60}
	theirs := model.Record{ID: "2", Name: "_edgeward.www", Type: "TXT", Data: "theirs", TTL: 60}
	other := model.AddressRecord("_edgeward.www", "192.0.2.1", 60)
	at := func(model.RecordName) []*model.Record { return []*model.Record{&label, &theirs, &other} }
	removal := []model.Op[model.Record]{{Verb: model.Delete, From: &label}}
	want := []model.Op[model.Record]{{Verb: model.Replace, FromSet: []*model.Record{&label, &theirs}, ToSet: []*model.Record{&theirs}}}
	if diff := cmp.Diff(want, recordset.Whole(removal, at, observed.Index[model.Record]{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// zone is a DNS that does what it is asked.
type zone struct {
	dns      model.DNS
	records  []*model.Record
	attempts []observed.Attempt[model.Record]
	serial   int
}

func (z *zone) add(r model.Record) {
	z.serial++
	z.records = append(z.records, new(r.WithIdentity(fmt.Sprint(z.serial))))
}

func (z *zone) remove(r *model.Record) {
	z.records = slices.DeleteFunc(z.records, func(o *model.Record) bool { return o.ID == r.ID })
}

// bring has the name get to these addresses, and says how.
func (z *zone) bring(want []string, ttl int) (history []string) {
	for {
		ops := z.plan(want, ttl)
		if len(ops) == 0 {
			return history
		}
		var lines []string
		for _, op := range ops {
			lines = append(lines, z.carryOut(op))
		}
		slices.Sort(lines)
		history = append(history, strings.Join(lines, ", "))
	}
}

func (z *zone) plan(want []string, ttl int) []model.Op[model.Record] {
	view := observed.View[model.Record]{Known: true, Objects: z.records, Attempts: z.attempts}
	c := recordset.Changes{View: view, Places: observed.NewIndex(view, z.records)}
	result := c.Addresses(recordset.Name{Name: name, Set: addresses.Set{Addresses: want}, Records: z.records, TTL: ttl, Now: time.Unix(0, 0)}, z.dns)
	for _, s := range result.Surplus {
		if s.MayGo {
			c.Remove(s.Record, model.UrgentRemove)
		}
	}
	if z.dns.WholeSets {
		return recordset.Whole(c.Ops, func(model.RecordName) []*model.Record { return z.records }, c.Places)
	}
	return c.Ops
}

func (z *zone) carryOut(op model.Op[model.Record]) string {
	line := func(records ...*model.Record) string {
		var parts []string
		for _, r := range records {
			parts = append(parts, fmt.Sprint(r.Data, " ", r.TTL))
		}
		return strings.Join(append(parts, "none")[:max(1, len(parts))], " ")
	}
	switch op.Verb {
	case model.Delete:
		z.remove(op.From)
		return "delete " + op.From.Data
	case model.Replace:
		for _, r := range op.FromSet {
			z.remove(r)
		}
		for _, r := range op.ToSet {
			z.add(*r)
		}
		return "replace " + line(op.FromSet...) + " by " + line(op.ToSet...)
	case model.Update:
		z.remove(op.From)
	}
	z.add(*op.To)
	return string(op.Verb) + " " + line(op.To)
}
