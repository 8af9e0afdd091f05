package desired_test

import (
	"testing"

	"github.com/edgeward/edgeward/internal/fixture"
)

// TestCutNamesAreApart has two Services with names of which nothing but the hash is
// left to tell them apart.
func TestCutNamesAreApart(t *testing.T) {
	if one, other := fixture.CollidingNamespaces(); fixture.ShareSet(one, other) {
		t.Errorf("%s and %s share a set", one, other)
	}
}
