package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/providers"
	"github.com/edgeward/edgeward/internal/schema"
)

func TestFaultsAreInTheOrderOfTheTable(t *testing.T) {
	var faults schema.Faults
	for _, key := range []string{
		"EDGEWARD_X", "log.level", "clusters[10].name", "clusters[2].context", "clusters[2].colour", "clusters[2].name",
		"edgio.published_protocols[1]", "edgio.published_protocols[0]", "clusters", "edgio.username", "owner", "edgio.x",
	} {
		faults = append(faults, schema.Fault{Key: key})
	}
	faults.Sort(keys(providers.All()))
	var got []string
	for _, fault := range faults {
		got = append(got, fault.Key)
	}
	want := []string{
		"owner", "clusters", "clusters[2].name", "clusters[2].context", "clusters[2].colour", "clusters[10].name",
		"edgio.username", "edgio.published_protocols[0]", "edgio.published_protocols[1]", "edgio.x", "log.level", "EDGEWARD_X",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
