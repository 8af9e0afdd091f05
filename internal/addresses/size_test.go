package addresses_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/ordered"
)

// TestChoiceIsFair counts how often each of many addresses is chosen, for many sets:
// none is preferred, and each set chooses for itself.
func TestChoiceIsFair(t *testing.T) {
	const nodes, sets = 1000, 400
	var all []string
	for i := range nodes {
		all = append(all, fixture.PublicIPv4(i))
	}
	times := make(map[string]int)
	for i := range sets {
		s := addresses.Set{Addresses: ordered.Distinct(slices.Clone(all))}.Bounded(fmt.Sprintf("web-%d.default.local.main.acme", i))
		if len(s.Addresses) != 256 || len(s.Surplus) != nodes-256 || !slices.IsSorted(s.Addresses) || !slices.IsSorted(s.Surplus) {
			t.Fatalf("%d chosen, %d left", len(s.Addresses), len(s.Surplus))
		}
		for _, ip := range s.Addresses {
			times[ip]++
		}
	}
	// Binomial: 102.4 on average, with a deviation of 8.7.
	for _, ip := range all {
		if n := times[ip]; n < 60 || n > 145 {
			t.Errorf("%s is chosen %d times of %d", ip, n, sets)
		}
	}
}

// TestNoneIsLeft: where all that were chosen are not ready for a short while, they
// are better than none.
func TestNoneIsLeft(t *testing.T) {
	var keep []string
	for i := range 300 {
		keep = append(keep, fixture.PublicIPv4(i))
	}
	keep = ordered.Distinct(keep)
	last := addresses.Set{Addresses: keep, Lacks: "none"}.Bounded("x").Surplus[0]
	others := slices.DeleteFunc(slices.Clone(keep), func(ip string) bool { return ip == last })
	s := addresses.Set{Addresses: []string{last}, Keep: others, Lacks: "none"}.Bounded("x")
	if len(s.Addresses) != 256 || len(s.Keep) != 0 {
		t.Errorf("%d are wanted and %d kept", len(s.Addresses), len(s.Keep))
	}
}
