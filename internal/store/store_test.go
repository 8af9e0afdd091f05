package store

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
)

// TestCertificatesAreTaken has a Secret come, rotated and go, and the right to
// read it given late: each is news for the loop.
func TestCertificatesAreTaken(t *testing.T) {
	st := New([]desired.Cluster{{Name: "main"}})
	c := st.clusters[0]
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
		case <-st.changed:
		default:
		}
		test.report()
		select {
		case <-st.changed:
		default:
			t.Errorf("%s: it is not told", test.name)
		}
		stages, _ := st.Take()
		got, missed := stages[0].Clusters[0], stages[0].Missed
		if diff := cmp.Diff(test.secrets, got.TLSSecrets); diff != "" || missed != test.missed || !slices.Equal(got.TLSRefused, test.refused) {
			t.Errorf("%s: refused %v, missed %t; secrets (-want +got):\n%s", test.name, got.TLSRefused, missed, diff)
		}
	}
}

// TestWhatWasSeenIsKeptApart has changes that a watch reported beside some that only a
// snapshot showed, all before the loop takes them: each kind is taken by itself, in the
// order in which they came.
func TestWhatWasSeenIsKeptApart(t *testing.T) {
	type taken struct {
		left   string // of the Ingresses, by name
		missed bool
	}
	tests := map[string]struct {
		happen string // a letter deletes that Ingress, as seen; an upper case one, as missed; + adds one
		want   []taken
	}{
		"nothing":                      {"", []taken{{"abcdefgh", false}}},
		"seen":                         {"ab", []taken{{"cdefgh", false}}},
		"missed":                       {"AB", []taken{{"cdefgh", true}}},
		"seen, then missed":            {"abC", []taken{{"cdefgh", false}, {"defgh", true}}},
		"missed, then seen":            {"Abc", []taken{{"bcdefgh", true}, {"defgh", false}}},
		"what comes belongs to either": {"a+B+c", []taken{{"+bcdefgh", false}, {"+cdefgh", true}, {"+defgh", false}}},
		"more kinds than are kept apart": {"aBcDeFgHaBcDeFgH", []taken{
			{"bcdefgh", false}, {"cdefgh", true}, {"defgh", false}, {"efgh", true}, {"fgh", false}, {"gh", true}, {"h", false}, {"", true},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			st := New([]desired.Cluster{{Name: "main"}})
			c := st.clusters[0]
			named := func(name string) *kube.Ingress { return &kube.Ingress{Meta: kube.Meta{Name: name}} }
			c.Ready("uid")
			for _, name := range "abcdefgh" {
				c.Ingresses.Added(named(string(name)))
			}
			for _, what := range strings.Split(test.happen, "") {
				if what == "+" {
					c.Ingresses.Added(named(what))
				} else {
					c.Ingresses.Deleted(named(strings.ToLower(what)), strings.ToLower(what) == what)
				}
			}
			var got []taken
			stages, _ := st.Take()
			for _, s := range stages {
				left := ""
				for _, ing := range s.Clusters[0].Ingresses {
					left += ing.Name
				}
				got = append(got, taken{left, s.Missed})
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(taken{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if again, _ := st.Take(); len(again) != 1 || again[0].Missed {
				t.Errorf("taken again: %d stages, missed %t", len(again), again[0].Missed)
			}
		})
	}
}
