package watcher

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
)

func TestSelection(t *testing.T) {
	const (
		labelled  = `{"metadata":{"labels":{"cdn":"edgio"}}}`
		ofClass   = `{"spec":{"ingressClassName":"edgio"}}`
		annotated = `{"metadata":{"annotations":{"kubernetes.io/ingress.class":"edgio"}},"spec":{"ingressClassName":"nginx"}}`
		both      = `{"metadata":{"labels":{"cdn":"edgio"}},"spec":{"ingressClassName":"edgio"}}`
		byObject  = `{"spec":{"ingressClassName":"cdn"}}`
		neither   = `{"metadata":{"labels":{"cdn":"other"},"annotations":{"kubernetes.io/ingress.class":""}},"spec":{"ingressClassName":"nginx"}}`
	)
	tests := map[string]struct {
		label    string
		classes  []string
		onServer string
		err      string
		admitted []string
	}{
		"label and class": {label: "cdn=edgio", classes: []string{"edgio"}, admitted: []string{labelled, ofClass, annotated, both, byObject}},
		"label alone":     {label: "cdn=edgio", onServer: "cdn=edgio", admitted: []string{labelled, both, byObject}},
		"class alone":     {classes: []string{"edgio"}, admitted: []string{ofClass, annotated, both, byObject}},
		"neither":         {err: "neither a label selector nor an ingress class is given"},
		"bad label":       {label: "cdn in edgio", err: `label selector: unable to parse requirement: found 'edgio' expected: '('`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, onServer, err := parseSelection(test.label, test.classes, []string{"edgeward/edgio"})
			if got := errorText(err); got != test.err {
				t.Fatalf("error %q, want %q", got, test.err)
			}
			if onServer != test.onServer {
				t.Errorf("for the server %q, want %q", onServer, test.onServer)
			}
			s.learn("cdn", "edgeward/edgio")
			s.learn("nginx", "k8s.io/ingress-nginx")
			s.learn("old", "edgeward/edgio")
			s.learn("old", "")
			var admitted []string
			for _, in := range []string{labelled, ofClass, annotated, both, byObject, neither} {
				if _, ok := s.reduce(decode[networkingv1.Ingress](t, in)); ok && err == nil {
					admitted = append(admitted, in)
				}
			}
			if diff := cmp.Diff(test.admitted, admitted); diff != "" {
				t.Errorf("admitted (-want +got):\n%s", diff)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
