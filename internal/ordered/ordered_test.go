package ordered

import (
	"cmp"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
)

type pair struct{ place, id int }

func compare(a, b pair) int {
	return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.id, b.id))
}

// TestMap has random writes, and lists after some of them: what a plain map would
// list, while all lists before stay as they were.
func TestMap(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 0))
		m, plain := NewMap[int](compare), make(map[int]pair)
		var lists, copies [][]pair
		for range 300 {
			key := rng.IntN(1 + int(seed)%40)
			if rng.IntN(3) > 0 {
				v := pair{rng.IntN(5), key}
				m.Put(key, v)
				plain[key] = v
			} else {
				m.Delete(key)
				delete(plain, key)
			}
			want, has := plain[key]
			if got, ok := m.Get(key); got != want || ok != has {
				t.Fatalf("seed %d: the value of %d is %v, %v, want %v, %v", seed, key, got, ok, want, has)
			}
			if rng.IntN(4) > 0 {
				continue
			}
			all, got := slices.SortedFunc(maps.Values(plain), compare), m.List()
			if !slices.Equal(got, all) {
				t.Fatalf("seed %d: listed %v, want %v", seed, got, all)
			}
			lists, copies = append(lists, got), append(copies, slices.Clone(got))
		}
		for i := range lists {
			if !slices.Equal(lists[i], copies[i]) {
				t.Fatalf("seed %d: a list was changed later: %v, was %v", seed, lists[i], copies[i])
			}
		}
	}
}

// TestListIsKept has the list of an unchanged map be the very same.
func TestListIsKept(t *testing.T) {
	m := NewMap[int](compare)
	m.Put(1, pair{1, 1})
	m.Put(2, pair{0, 2})
	if a, b := m.List(), m.List(); &a[0] != &b[0] {
		t.Error("the list was made anew although nothing had changed")
	}
}

// TestChanges has random lists: what is gone and has come leads from one to the other.
func TestChanges(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		random := func() (list []pair) {
			for range rng.IntN(40) {
				list = append(list, pair{rng.IntN(5), rng.IntN(20)})
			}
			slices.SortFunc(list, compare)
			return slices.Compact(list)
		}
		before, after := random(), random()
		gone, come := Changes(before, after, compare)
		if got := Patch(before, slices.Clone(gone), slices.Clone(come), compare); !slices.Equal(got, after) {
			t.Fatalf("seed %d: %v without %v and with %v is %v, want %v", seed, before, gone, come, got, after)
		}
		for _, o := range gone {
			if slices.Contains(after, o) {
				t.Fatalf("seed %d: %v is not gone", seed, o)
			}
		}
		if gone, come := Changes(after, after, compare); len(gone)+len(come) > 0 {
			t.Fatalf("seed %d: a list differs from itself by %v and %v", seed, gone, come)
		}
	}
}

func TestDistinct(t *testing.T) {
	for name, test := range map[string]struct{ list, want []string }{
		"none":              {nil, nil},
		"in order":          {[]string{"a", "b"}, []string{"a", "b"}},
		"in another":        {[]string{"b", "c", "a"}, []string{"a", "b", "c"}},
		"one several times": {[]string{"b", "a", "b", "b"}, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Distinct(slices.Clone(test.list))
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			for _, s := range []string{"a", "b", "c"} {
				if Contains(got, s) != slices.Contains(test.list, s) {
					t.Errorf("it contains %q: %t", s, Contains(got, s))
				}
			}
		})
	}
}
