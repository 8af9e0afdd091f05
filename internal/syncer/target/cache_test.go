package target

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/model"
)

// newRecords is an empty cache of records, all of which concern us.
func newRecords() cache[model.Record] { return newCache(all) }

func all(model.Record) bool  { return true }
func none(model.Record) bool { return false }

// TestMerge has a reading that began at some time, and what we did, or are
// doing, to one object since: our own doing always goes before the reading.
func TestMerge(t *testing.T) {
	at := func(id, data string) model.Record {
		return model.Record{ID: id, Name: "n", Type: "A", Data: data, TTL: 120}
	}
	ttl := func(r model.Record, ttl int) model.Record { r.TTL = ttl; return r }
	a, b := at("a", "192.0.2.1"), at("b", "192.0.2.2")
	tests := map[string]struct {
		before []model.Record             // what was believed when the reading began
		during func(*cache[model.Record]) // what we did until it ended
		busy   string                     // the ID of what an operation under way is about to change
		read   []model.Record
		sure   bool
		within func(model.Record) bool

		want    []model.Record
		missing []string
		differ  []model.Place
	}{
		"the same":                              {before: []model.Record{a, b}, read: []model.Record{a, b}, want: []model.Record{a, b}},
		"something new":                         {before: []model.Record{a}, read: []model.Record{a, b}, want: []model.Record{a, b}, differ: []model.Place{b.Key()}},
		"something changed":                     {before: []model.Record{a}, read: []model.Record{ttl(a, 60)}, want: []model.Record{ttl(a, 60)}, differ: []model.Place{a.Key(), a.Key()}},
		"something moved":                       {before: []model.Record{a}, read: []model.Record{at("a", "192.0.2.9")}, want: []model.Record{at("a", "192.0.2.9")}, differ: []model.Place{at("a", "192.0.2.9").Key(), a.Key()}},
		"something absent is doubted":           {before: []model.Record{a, b}, read: []model.Record{a}, want: []model.Record{a, b}, missing: []string{"b"}},
		"something absent is gone, if sure":     {before: []model.Record{a, b}, read: []model.Record{a}, sure: true, want: []model.Record{a}, differ: []model.Place{b.Key()}},
		"something absent but not looked for":   {before: []model.Record{a, b}, read: []model.Record{a}, sure: true, within: func(r model.Record) bool { return r.ID == "a" }, want: []model.Record{a, b}},
		"doubted before, and there":             {before: []model.Record{a}, during: func(c *cache[model.Record]) { c.doubt("a") }, read: []model.Record{a}, want: []model.Record{a}},
		"made meanwhile, not in the list":       {during: func(c *cache[model.Record]) { c.put(a) }, sure: true, want: []model.Record{a}},
		"made meanwhile, in the list as it was": {during: func(c *cache[model.Record]) { c.put(a) }, read: []model.Record{ttl(a, 60)}, want: []model.Record{a}},
		"changed meanwhile":                     {before: []model.Record{a}, during: func(c *cache[model.Record]) { c.put(ttl(a, 60)) }, read: []model.Record{a}, want: []model.Record{ttl(a, 60)}},
		"removed meanwhile":                     {before: []model.Record{a}, during: func(c *cache[model.Record]) { c.drop("a") }, read: []model.Record{a}},
		"being changed, and doubted before":     {before: []model.Record{a}, during: func(c *cache[model.Record]) { c.doubt("a") }, busy: "a", read: []model.Record{a}, want: []model.Record{a}},
		"being changed":                         {before: []model.Record{a}, busy: "a", read: []model.Record{ttl(a, 60)}, want: []model.Record{a}},
		"being removed, and absent":             {before: []model.Record{a}, busy: "a", sure: true, want: []model.Record{a}},
		"doubt of what is not there":            {during: func(c *cache[model.Record]) { c.doubt("x") }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := newRecords()
			for _, o := range test.before {
				c.put(o)
			}
			since := c.serial
			if test.during != nil {
				test.during(&c)
			}
			within := test.within
			if within == nil {
				within = func(model.Record) bool { return true }
			}
			differ := c.merge(observation[model.Record]{test.read, within, since, test.sure}, func(o model.Record) bool { return o.ID == test.busy })
			if diff := cmp.Diff(test.differ, differ); diff != "" {
				t.Errorf("differ (-want +got):\n%s", diff)
			}
			var got []model.Record
			var missing []string
			for _, id := range []string{"a", "b"} {
				if o, ok := c.objects.Get(id); ok {
					got = append(got, *o)
				}
				if c.missing[id] {
					missing = append(missing, id)
				}
			}
			// Equal would not see another ID.
			if !slices.Equal(test.want, got) || len(c.objects.List()) != len(got) {
				t.Errorf("cache %+v, want %+v", c.objects.List(), test.want)
			}
			if !slices.Equal(test.missing, missing) || len(c.missing) != len(missing) {
				t.Errorf("missing %v, want %v", c.missing, test.missing)
			}
		})
	}
}

// TestForget has a change that was before the reading: once forgotten or not,
// the reading goes before it.
func TestForget(t *testing.T) {
	a := model.Record{ID: "a", TTL: 120}
	stale := model.Record{ID: "a", TTL: 60}
	for name, forget := range map[string]bool{"forgotten": true, "not": false} {
		t.Run(name, func(t *testing.T) {
			c := newRecords()
			c.put(a)
			if forget {
				c.forget(time.Now())
			}
			c.merge(observation[model.Record]{[]model.Record{stale}, all, c.serialAt(time.Now()), true}, none)
			if a, _ := c.objects.Get("a"); *a != stale {
				t.Errorf("the cache holds %+v, want %+v", a, stale)
			}
		})
	}
}

// TestUnproven follows what only a list that may be too old has shown, until a
// newer one is read, or it is read by itself.
func TestUnproven(t *testing.T) {
	const lag = time.Minute
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a, b := model.Record{ID: "a", Name: "a"}, model.Record{ID: "b", Name: "b"}
	c := newRecords()
	c.unproven = make(map[string]bool)
	check := func(when string, want ...string) {
		t.Helper()
		if got := slices.Sorted(maps.Keys(c.mayBeGone())); !slices.Equal(got, want) {
			t.Errorf("%s: unproven are %v, want %v", when, got, want)
		}
	}
	read := func(at time.Duration, list ...model.Record) {
		c.merge(observation[model.Record]{list, all, c.serial, true}, none)
		c.settle(all, start.Add(at), start, lag)
	}
	read(time.Second, a, b)
	check("after the start", "a", "b")
	c.put(a)
	c.forget(time.Now().Add(time.Hour)) // what it is needed for is another thing
	check("one was written", "b")
	c.prove("b", c.serial)
	check("the other one was read by itself")
	read(2*time.Second, a, b)
	check("another list too old", "a", "b")
	began := c.serial
	c.put(a)
	c.drop("b")
	c.prove("b", began)
	check("one was written, the other one removed while it was read by itself")
	read(lag, a, b)
	check("after a newer list")
	c.doubted["b"] = start.Add(5 * lag)
	check("the reply to its deletion was lost", "b")
	read(6*lag-1, a, b)
	check("a list too old shows it", "b")
	c.prove("b", c.serial)
	check("it was read by itself")
	c.doubted["b"] = start.Add(5 * lag)
	read(6*lag, a, b)
	check("a newer list shows it")
	c.doubted["b"] = start.Add(9 * lag)
	read(9*lag+1, a)
	check("a list too old does not show it any more")
	c.doubted["a"] = start.Add(9 * lag)
	c.put(a)
	check("it was written again")
}

// TestFoundGone has a search find that a deletion without a reply had happened. A
// list that lags does not bring the record back.
func TestFoundGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, record := newRecords(), model.Record{ID: "a", Name: "a"}
		c.put(record)
		time.Sleep(time.Hour)
		c.doubt("a")
		c.merge(observation[model.Record]{nil, all, c.serialAt(time.Now().Add(-MaxLag)), true}, none)
		time.Sleep(MaxLag - time.Second)
		c.merge(observation[model.Record]{[]model.Record{record}, all, c.serialAt(time.Now().Add(-MaxLag)), false}, none)
		if left := c.objects.List(); len(left) > 0 {
			t.Errorf("a list that lags: %v", left)
		}
		time.Sleep(time.Minute)
		c.merge(observation[model.Record]{[]model.Record{record}, all, c.serialAt(time.Now().Add(-MaxLag)), false}, none)
		if left := c.objects.List(); len(left) != 1 {
			t.Errorf("a list that cannot lag so far shows it, and there are %v", left)
		}
	})
}

// TestSearchDuringReading has a search end, with what stands, while a reading is
// under way that began before it and is older: that changes nothing back.
func TestSearchDuringReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newRecords()
		old, new := model.Record{ID: "x", Name: "www", Type: "CNAME", Data: "old"}, model.Record{ID: "x", Name: "www", Type: "CNAME", Data: "new"}
		c.merge(observation[model.Record]{[]model.Record{old}, all, 0, true}, none)
		c.put(new)
		time.Sleep(MaxLag - time.Second)
		reading := c.serialAt(time.Now().Add(-MaxLag))
		time.Sleep(2 * time.Second)
		c.merge(observation[model.Record]{[]model.Record{new}, all, c.serialAt(time.Now().Add(-MaxLag)), true}, none)
		c.merge(observation[model.Record]{[]model.Record{old}, all, reading, false}, none)
		if got := c.objects.List()[0].Data; got != "new" {
			t.Errorf("the cache went back to %q", got)
		}
	})
}
