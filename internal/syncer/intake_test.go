package syncer

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/plan"
)

// TestCertificatesAreTaken has a Secret come, rotated and go, and the right to
// read it given late: each is news for the loop.
func TestCertificatesAreTaken(t *testing.T) {
	in := newIntake([]plan.Cluster{{Name: "main"}})
	c := in.clusters[0]
	c.Ready("uid")
	one := kube.TLSSecret{Meta: kube.Meta{Namespace: "shop", Name: "tls"}}.WithPair("chain", "one")
	two := one.WithPair("chain", "two")
	tests := []struct {
		name    string
		report  func()
		secrets []kube.TLSSecret
		refused []string
		missed  bool
	}{
		{name: "refused", report: func() { c.TLSRefused("shop", true) }, refused: []string{"shop"}},
		{name: "in several namespaces, in order", report: func() {
			for _, ns := range []string{"d", "c", "b", "a"} {
				c.TLSRefused(ns, true)
			}
		}, refused: []string{"a", "b", "c", "d", "shop"}},
		{name: "no more there", report: func() {
			for _, ns := range []string{"d", "c", "b", "a"} {
				c.TLSRefused(ns, false)
			}
		}, refused: []string{"shop"}},
		{name: "allowed after all", report: func() { c.TLSSecrets.Added(one); c.TLSRefused("shop", false) }, secrets: []kube.TLSSecret{one}},
		{name: "rotated", report: func() { c.TLSSecrets.Modified(one, two, true) }, secrets: []kube.TLSSecret{two}},
		{name: "gone unseen", report: func() { c.TLSSecrets.Deleted(two, false) }, missed: true},
	}
	for _, test := range tests { // one after the other
		select {
		case <-in.changed:
		default:
		}
		test.report()
		select {
		case <-in.changed:
		default:
			t.Errorf("%s: it is not told", test.name)
		}
		stages, _ := in.take()
		got, missed := stages[0].clusters[0], stages[0].missed
		if diff := cmp.Diff(test.secrets, got.TLSSecrets); diff != "" || missed != test.missed || !slices.Equal(got.TLSRefused, test.refused) {
			t.Errorf("%s: refused %v, missed %t; secrets (-want +got):\n%s", test.name, got.TLSRefused, missed, diff)
		}
	}
}
