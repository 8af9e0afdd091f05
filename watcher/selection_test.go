package watcher

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
)

func TestSelection(t *testing.T) {
	const (
		labelled  = `{"metadata":{"labels":{"cdn":"acme"}}}`
		ofClass   = `{"spec":{"ingressClassName":"acme"}}`
		annotated = `{"metadata":{"annotations":{"kubernetes.io/ingress.class":"acme"}},"spec":{"ingressClassName":"nginx"}}`
		legacy    = `{"metadata":{"annotations":{"kubernetes.io/ingress.class":"acme"}}}`
		both      = `{"metadata":{"labels":{"cdn":"acme"}},"spec":{"ingressClassName":"acme"}}`
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
		"label and class": {label: "cdn=acme", classes: []string{"acme"}, admitted: []string{labelled, ofClass, legacy, both, byObject}},
		"label alone":     {label: "cdn=acme", onServer: "cdn=acme", admitted: []string{labelled, both, byObject}},
		"class alone":     {classes: []string{"acme"}, admitted: []string{ofClass, legacy, both, byObject}},
		"neither":         {err: "neither a label selector nor an ingress class is given"},
		"bad label":       {label: "cdn in acme", err: `label selector: unable to parse requirement: found 'acme' expected: '('`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, onServer, err := parseSelection(test.label, test.classes, []string{"edgeward/acme"})
			if got := errorText(err); got != test.err {
				t.Fatalf("error %q, want %q", got, test.err)
			}
			if onServer != test.onServer {
				t.Errorf("for the server %q, want %q", onServer, test.onServer)
			}
			s.setController("cdn", "edgeward/acme")
			s.setController("nginx", "k8s.io/ingress-nginx")
			s.setController("old", "edgeward/acme")
			s.setController("old", "")
			var admitted []string
			for _, in := range []string{labelled, ofClass, annotated, legacy, both, byObject, neither} {
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

// TestClass has which class counts, whether the Ingress is ours by it, and what is said
// where the annotation and the field differ.
func TestClass(t *testing.T) {
	ingress := func(label, annotation, field string) string {
		text := `{"metadata":{"namespace":"shop","name":"c","uid":"u"`
		if label != "" {
			text += `,"labels":{"cdn":"acme"}`
		}
		if annotation != "" {
			text += `,"annotations":{"kubernetes.io/ingress.class":"` + annotation + `"}`
		}
		if text += `},"spec":{"rules":[{"host":"a.example"}]`; field != "" {
			text += `,"ingressClassName":` + field
		}
		return text + `}}`
	}
	type answer struct {
		Ours, Unknown    bool
		Class, Annotated string
		Rules            int
		Controller       string
	}
	tests := map[string]struct {
		in        string
		forbidden bool
		want      answer
		told      bool
	}{
		"the annotation alone":                         {in: ingress("", "bolt", ""), want: answer{Ours: true, Class: "bolt", Rules: 1}},
		"the annotation, the field is empty":           {in: ingress("", "bolt", `""`), want: answer{Ours: true, Class: "bolt", Rules: 1}},
		"the annotation ours, the field nobody's":      {in: ingress("", "bolt", `"nginx"`), told: true},
		"the annotation ours, the field unheard of":    {in: ingress("", "bolt", `"x"`), told: true},
		"the annotation nobody's, the field ours":      {in: ingress("", "nginx", `"acme"`), want: answer{Ours: true, Class: "acme", Annotated: "nginx", Rules: 1}},
		"both ours, of different CDNs":                 {in: ingress("", "bolt", `"acme"`), want: answer{Ours: true, Class: "acme", Annotated: "bolt", Rules: 1}},
		"both the same":                                {in: ingress("", "acme", `"acme"`), want: answer{Ours: true, Class: "acme", Rules: 1}},
		"the annotation nobody's, the field by object": {in: ingress("", "nginx", `"fast"`), want: answer{Ours: true, Class: "fast", Annotated: "nginx", Rules: 1, Controller: "edgeward/acme"}},
		"the annotation names an object of ours":       {in: ingress("", "fast", "")},
		"neither ours":                                 {in: ingress("", "nginx", `"traefik"`)},
		"the label, the field nobody's":                {in: ingress("l", "bolt", `"nginx"`), want: answer{Ours: true, Class: "nginx", Annotated: "bolt", Rules: 1}},

		"forbidden: a class of ours by name":    {in: ingress("", "", `"acme"`), forbidden: true, want: answer{Ours: true, Class: "acme", Rules: 1}},
		"forbidden: the annotation alone":       {in: ingress("", "nginx", ""), forbidden: true},
		"forbidden: no class":                   {in: ingress("", "", ""), forbidden: true},
		"forbidden: a class known from before":  {in: ingress("", "", `"fast"`), forbidden: true, want: answer{Ours: true, Class: "fast", Rules: 1, Controller: "edgeward/acme"}},
		"forbidden: one known as others'":       {in: ingress("", "", `"nginx"`), forbidden: true},
		"forbidden: a class not known":          {in: ingress("", "", `"x"`), forbidden: true, want: answer{Ours: true, Unknown: true, Class: "x"}},
		"forbidden: the same, by the label too": {in: ingress("l", "", `"x"`), forbidden: true, want: answer{Ours: true, Unknown: true, Class: "x", Rules: 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, _, err := parseSelection("cdn=acme", []string{"acme", "bolt"}, []string{"edgeward/acme", "edgeward/bolt"})
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			reduce := newMismatches(s.classes, slog.New(slog.NewTextHandler(&log, nil))).watching(s.reduce)
			s.setController("fast", "edgeward/acme")
			s.setController("nginx", "k8s.io/ingress-nginx")
			s.setBlind(test.forbidden)
			var got answer
			for range 3 {
				if in, ok := reduce(decode[networkingv1.Ingress](t, test.in)); ok {
					got = answer{true, in.ClassUnknown, in.Class, in.Annotated, len(in.Rules), in.Controller}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if said := strings.Count(log.String(), "level=WARN") == 1 && strings.Contains(log.String(), "annotation=bolt"); said != test.told || !said && log.Len() > 0 {
				t.Errorf("said %q", log.String())
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

// TestSetController has which changes of IngressClass objects matter: those that make Ingresses
// ours, or not ours, or give them to another CDN.
func TestSetController(t *testing.T) {
	const acme, bolt, nginx, traefik = "edgeward/acme", "edgeward/bolt", "k8s.io/ingress-nginx", "traefik.io/ingress-controller"
	for name, test := range map[string]struct {
		before, now string
		matters     bool
	}{
		"ours comes":               {"", acme, true},
		"ours goes":                {acme, "", true},
		"ours stays":               {acme, acme, false},
		"it goes to another CDN":   {acme, bolt, true},
		"it becomes ours":          {nginx, acme, true},
		"it becomes another's":     {bolt, nginx, true},
		"another's comes":          {"", nginx, false},
		"another's goes":           {nginx, "", false},
		"another's is yet another": {nginx, traefik, false},
	} {
		s, _, err := parseSelection("cdn=acme", []string{"acme"}, []string{acme, bolt})
		if err != nil {
			t.Fatal(err)
		}
		s.setController("class", test.before)
		s.setController("unrelated", nginx)
		if matters := s.setController("class", test.now); matters != test.matters {
			t.Errorf("%s: matters %t", name, matters)
		}
	}
}
