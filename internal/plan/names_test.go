package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// longNames are settings whose zone leaves no room for a Service's whole name, and
// such a Service with an Ingress that leads to it.
func longNames(set Settings, namespace string, address string) (Settings, []any) {
	set.Domain = strings.Repeat("a-long-name-of-a-zone.", 8) + testDomain
	svc := balanced(address)
	svc.Namespace, svc.Name = namespace, strings.Repeat("w", 60)
	ing := fast("/=" + svc.Name)
	ing.Namespace, ing.Rules[0].Host = namespace, "www.example.com"
	return set, []any{ing, svc}
}

// formerly is a cut name as it was made with a hash of 32 bits.
func formerly(name string) string {
	cut, rest, _ := strings.Cut(name, ".")
	return cut[:len(cut)-8] + "." + rest
}

// secondOf32Bits are two namespaces whose Services of a long name have hashes that
// begin with the same 32 bits: what anybody can find in a moment.
func secondOf32Bits() (one, other string) {
	name := strings.Repeat("w", 60)
	first := make(map[string]string) // namespace, by the hash's beginning
	for i := 0; ; i++ {
		namespace := fmt.Sprintf("team-%d", i)
		tag := hash(name + "." + namespace + ".lb")[:8]
		if other, found := first[tag]; found {
			return namespace, other
		}
		first[tag] = namespace
	}
}

// shareASet reports whether Services of one long name in two namespaces have one set.
func shareASet(one, other string) bool {
	set, a := longNames(testSettings(), one, "192.0.2.1")
	_, b := longNames(set, other, "192.0.2.2")
	want := Desired([]Cluster{cluster("main", append(a, b...)...)}, vultrOf(set), start())
	return len(want.Sets) != 5 // with those of the nodes
}

// TestCutNamesAreApart has two Services with names of which nothing but the hash is
// left to tell them apart.
func TestCutNamesAreApart(t *testing.T) {
	if one, other := secondOf32Bits(); shareASet(one, other) {
		t.Errorf("%s and %s share a set", one, other)
	}
}

// vultrOf are settings with both CDNs.
func vultrOf(set Settings) Settings {
	set.CDNs, set.PublishZones = vultrSettings().CDNs, vultrSettings().PublishZones
	return set
}

// TestCutNamesOfBefore has a set stand under the name that an earlier version gave it:
// the new one is made, its rule led there, and the old one goes, with the guard on.
func TestCutNamesOfBefore(t *testing.T) {
	set, _ := longNames(testSettings(), "default", "192.0.2.9")
	const made, gone = "0s: create wwwwwwwwwwwwwwwwwwwwwwwwwwwwwww-ec63cc096888323b.lb.main 192.0.2.9", "delete wwwwwwwwwwwwwwwwwwwwwwwwwwwwwww-ec63cc09.lb.main 192.0.2.9"
	for name, test := range map[string]struct {
		set  Settings
		want []string
	}{
		"Edgio":     {set, []string{made, "0s: update rule www.example.com/ for fast", "1m0s: " + gone}},
		"Vultr CDN": {vultrOf(set), []string{made, "0s: create rule www.example.com/ for fast", "0s: update www cdn-id-007.vultrcdn.com", "2m0s: delete rule www.example.com/", "3m0s: " + gone}},
	} {
		t.Run(name, func(t *testing.T) {
			_, objects := longNames(test.set, "default", "192.0.2.9")
			s := settled(test.set, cluster("main", objects...))
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
			if diff := cmp.Diff(test.want, s.restart(cluster("main", objects...))); diff != "" {
				t.Errorf("done (-want +got):\n%s", diff)
			}
		})
	}
}
