package feedback

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/watcher"
)

// standing is an Ingress with these entries in its status, addresses if they
// begin with a digit, of which ours wrote those named.
func standing(entries string, ours ...string) *networkingv1.Ingress {
	in := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "shop", UID: "uid-shop", ResourceVersion: "7"}}
	for _, e := range strings.Fields(entries) {
		entry := networkingv1.IngressLoadBalancerIngress{Hostname: e}
		if e[0] >= '0' && e[0] <= '9' {
			entry = networkingv1.IngressLoadBalancerIngress{IP: e, Ports: []networkingv1.IngressPortStatus{{Port: 80, Protocol: "TCP"}}}
		}
		in.Status.LoadBalancer.Ingress = append(in.Status.LoadBalancer.Ingress, entry)
	}
	for _, hostname := range ours { // or "+2" for the last two
		in.ManagedFields = append(in.ManagedFields, metav1.ManagedFieldsEntry{Manager: "edgeward:" + hostname, Subresource: "status"})
	}
	return in
}

func TestEntries(t *testing.T) {
	tests := map[string]struct {
		in       *networkingv1.Ingress
		hostname string // several are separated by blanks
		want     string
		changed  bool
	}{
		"two, the first":                  {standing(""), "a.cdn b.cdn", "a.cdn b.cdn", true},
		"two stand":                       {standing("192.0.2.1 a.cdn b.cdn", "+2"), "a.cdn b.cdn", "192.0.2.1 a.cdn b.cdn", false},
		"two stand, others wrote them":    {standing("a.cdn b.cdn"), "a.cdn b.cdn", "a.cdn b.cdn", false},
		"a second beside the first":       {standing("a.cdn 192.0.2.1", "a.cdn"), "a.cdn b.cdn", "192.0.2.1 a.cdn b.cdn", true},
		"beside one that another wrote":   {standing("a.cdn"), "a.cdn b.cdn", "a.cdn b.cdn", true},
		"one of two goes":                 {standing("lb.example a.cdn b.cdn", "+2"), "b.cdn", "lb.example b.cdn", true},
		"both go":                         {standing("lb.example a.cdn b.cdn", "+2"), "", "lb.example", true},
		"the first":                       {standing(""), cdn, cdn, true},
		"it stands":                       {standing(cdn, cdn), cdn, cdn, false},
		"it stands, another wrote it":     {standing(cdn), cdn, cdn, false},
		"beside others":                   {standing("192.0.2.1 lb.example"), cdn, "192.0.2.1 lb.example " + cdn, true},
		"taken away":                      {standing(cdn, cdn), "", "", true},
		"taken away from beside others":   {standing("192.0.2.1 "+cdn+" lb.example", cdn), "", "192.0.2.1 lb.example", true},
		"another wrote it, it stays":      {standing(cdn), "", cdn, false},
		"nothing of ours":                 {standing("192.0.2.1"), "", "192.0.2.1", false},
		"a former one":                    {standing("former.example 192.0.2.1", "former.example"), cdn, "192.0.2.1 " + cdn, true},
		"a former one beside it":          {standing("former.example "+cdn, "former.example"), cdn, cdn, true},
		"twice":                           {standing(cdn+" "+cdn, cdn), cdn, cdn, true},
		"a former one that another wrote": {standing("former.example"), cdn, "former.example " + cdn, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			list, ours, changed := entries(test.in, strings.Fields(test.hostname))
			if diff := cmp.Diff(standing(test.want).Status.LoadBalancer.Ingress, list); diff != "" || changed != test.changed {
				t.Errorf("changed %v, want %v; (-want +got):\n%s", changed, test.changed, diff)
			}
			// What was written is known for ours, and then is as it should be.
			again := standing(test.want)
			if len(ours) > 0 {
				again.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: watcher.StatusManager(ours...), Subresource: "status"}}
			}
			if _, _, changed := entries(again, strings.Fields(test.hostname)); changed || test.changed && !slices.Equal(ours, watcher.Published(again)) {
				t.Errorf("ours %v, afterwards %v; again: %t", ours, watcher.Published(again), changed)
			}
		})
	}
}

// TestStatusPatch has the patch hold for what was read alone, and an empty list
// as a field that goes.
func TestStatusPatch(t *testing.T) {
	for entries, want := range map[string]string{
		"":  `{"metadata":{"resourceVersion":"7","uid":"uid-shop"},"status":{"loadBalancer":{"ingress":null}}}`,
		cdn: `{"metadata":{"resourceVersion":"7","uid":"uid-shop"},"status":{"loadBalancer":{"ingress":[{"hostname":"acme.cdn.example"}]}}}`,
	} {
		got, err := statusPatch(standing(""), standing(entries).Status.LoadBalancer.Ingress)
		if err != nil || string(got) != want || !json.Valid(got) {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
}
