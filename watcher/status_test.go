package watcher

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func TestPublished(t *testing.T) {
	tests := map[string]struct {
		managers string // name and subresource of each
		entries  string
		want     []string
	}{
		"no status":                 {"", "", nil},
		"ours":                      {"edgeward:acme.cdn.example status", "{hostname: acme.cdn.example}", []string{"acme.cdn.example"}},
		"another controller's":      {"nginx status", "{hostname: acme.cdn.example}", nil},
		"written after ours":        {"nginx status, edgeward:acme.cdn.example status", "{ip: 192.0.2.1}", nil},
		"ours beside others":        {"edgeward:acme.cdn.example status", "{ip: 192.0.2.1}, {hostname: lb.example.net}, {hostname: acme.cdn.example}", []string{"acme.cdn.example"}},
		"ours of a former target":   {"edgeward:former.cdn.example status", "{hostname: former.cdn.example}", []string{"former.cdn.example"}},
		"the same twice":            {"edgeward:acme.cdn.example status", "{hostname: acme.cdn.example}, {hostname: acme.cdn.example}", []string{"acme.cdn.example"}},
		"what we left, all others'": {"edgeward status", "{ip: 192.0.2.1}, {hostname: lb.example.net}", nil},
		"a manager without a name":  {"edgeward: status", "{ip: 192.0.2.1}", nil},
		"several of ours":           {"edgeward:+2 status", "{hostname: lb.example.net}, {hostname: a.cdn.example}, {hostname: b.cdn.example}", []string{"a.cdn.example", "b.cdn.example"}},
		"more than there are":       {"edgeward:+2 status", "{hostname: a.cdn.example}", nil},
		"an absurd number":          {"edgeward:+-1 status, edgeward:+0 status, edgeward:+x status", "{hostname: a.cdn.example}", nil},
		"several of the spec":       {"edgeward:+1 -", "{hostname: a.cdn.example}", nil},
		"a manager of the spec":     {"edgeward:acme.cdn.example -", "{hostname: acme.cdn.example}", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var in networkingv1.Ingress
			if err := yaml.UnmarshalStrict([]byte("status: {loadBalancer: {ingress: ["+test.entries+"]}}"), &in); err != nil {
				t.Fatal(err)
			}
			in.ManagedFields = managers(test.managers)
			if diff := cmp.Diff(test.want, Published(&in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, ReduceIngress(&in).Published); diff != "" {
				t.Errorf("what is kept (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatusManagerIsNotTooLong(t *testing.T) {
	if got := StatusManager("a.cdn.example", "b.cdn.example"); got != "edgeward:+2" {
		t.Errorf("%q for two", got)
	}
	long := strings.Repeat("a.", 126) + "a"
	if got := StatusManager(long); len(got) != maxManager || !strings.HasPrefix(got, "edgeward:a.a.") {
		t.Errorf("%q, %d bytes", got, len(got))
	}
}

// managers reads "name subresource, name subresource"; "-" is the main resource.
func managers(text string) []metav1.ManagedFieldsEntry {
	var list []metav1.ManagedFieldsEntry
	for entry := range strings.SplitSeq(text, ", ") {
		name, subresource, _ := strings.Cut(entry, " ")
		list = append(list, metav1.ManagedFieldsEntry{Manager: name, Subresource: strings.Trim(subresource, "-")})
	}
	return list
}
