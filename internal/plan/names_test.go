package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

// formerly is a cut name as it was made with a hash of 32 bits.
func formerly(name string) string {
	cut, rest, _ := strings.Cut(name, ".")
	return cut[:len(cut)-8] + "." + rest
}

// TestCutNamesOfBefore has a set stand under the name that an earlier version gave it:
// the new one is made, its rule led there, and the old one goes, with the guard on.
func TestCutNamesOfBefore(t *testing.T) {
	set, _ := fixture.LongNames(fixture.Settings(), "default", "192.0.2.9")
	const made, gone = "0s: create wwwwwwwwwwwwwwwwwwwwwwwwwwwwwww-ec63cc096888323b.lb.main 192.0.2.9", "delete wwwwwwwwwwwwwwwwwwwwwwwwwwwwwww-ec63cc09.lb.main 192.0.2.9"
	for name, test := range map[string]struct {
		set  model.Settings
		want []string
	}{
		"Edgio":     {set, []string{made, "0s: update rule www.example.com/ for fast", "1m0s: " + gone}},
		"Vultr CDN": {fixture.WithTwoCDNs(set), []string{made, "0s: create rule www.example.com/ for fast", "0s: update www cdn-id-007.vultrcdn.com", "2m0s: delete rule www.example.com/", "3m0s: " + gone}},
	} {
		t.Run(name, func(t *testing.T) {
			_, objects := fixture.LongNames(test.set, "default", "192.0.2.9")
			s := settled(test.set, fixture.Cluster("main", objects...))
			for i, r := range s.Rules.Objects {
				old := *r
				old.SourceHost = formerly(r.SourceHost)
				s.Rules.Objects[i] = &old
			}
			for i, r := range s.Records.Objects {
				if r.Type == "A" {
					old := *r
					old.Name = formerly(r.Name)
					s.Records.Objects[i] = &old
				}
			}
			if diff := cmp.Diff(test.want, s.restart(fixture.Cluster("main", objects...))); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
		})
	}
}
