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
		labelled  = `{"metadata":{"labels":{"cdn":"edgio"}}}`
		ofClass   = `{"spec":{"ingressClassName":"edgio"}}`
		annotated = `{"metadata":{"annotations":{"kubernetes.io/ingress.class":"edgio"}},"spec":{"ingressClassName":"nginx"}}`
		legacy    = `{"metadata":{"annotations":{"kubernetes.io/ingress.class":"edgio"}}}`
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
		"label and class": {label: "cdn=edgio", classes: []string{"edgio"}, admitted: []string{labelled, ofClass, legacy, both, byObject}},
		"label alone":     {label: "cdn=edgio", onServer: "cdn=edgio", admitted: []string{labelled, both, byObject}},
		"class alone":     {classes: []string{"edgio"}, admitted: []string{ofClass, legacy, both, byObject}},
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
			text += `,"labels":{"cdn":"edgio"}`
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
		"the annotation alone":                         {in: ingress("", "vultr-cdn", ""), want: answer{Ours: true, Class: "vultr-cdn", Rules: 1}},
		"the annotation, the field is empty":           {in: ingress("", "vultr-cdn", `""`), want: answer{Ours: true, Class: "vultr-cdn", Rules: 1}},
		"the annotation ours, the field nobody's":      {in: ingress("", "vultr-cdn", `"nginx"`), told: true},
		"the annotation ours, the field unheard of":    {in: ingress("", "vultr-cdn", `"x"`), told: true},
		"the annotation nobody's, the field ours":      {in: ingress("", "nginx", `"edgio"`), want: answer{Ours: true, Class: "edgio", Annotated: "nginx", Rules: 1}},
		"both ours, of different CDNs":                 {in: ingress("", "vultr-cdn", `"edgio"`), want: answer{Ours: true, Class: "edgio", Annotated: "vultr-cdn", Rules: 1}},
		"both the same":                                {in: ingress("", "edgio", `"edgio"`), want: answer{Ours: true, Class: "edgio", Rules: 1}},
		"the annotation nobody's, the field by object": {in: ingress("", "nginx", `"fast"`), want: answer{Ours: true, Class: "fast", Annotated: "nginx", Rules: 1, Controller: "edgeward/edgio"}},
		"the annotation names an object of ours":       {in: ingress("", "fast", "")},
		"neither ours":                                 {in: ingress("", "nginx", `"traefik"`)},
		"the label, the field nobody's":                {in: ingress("l", "vultr-cdn", `"nginx"`), want: answer{Ours: true, Class: "nginx", Annotated: "vultr-cdn", Rules: 1}},

		"forbidden: a class of ours by name":    {in: ingress("", "", `"edgio"`), forbidden: true, want: answer{Ours: true, Class: "edgio", Rules: 1}},
		"forbidden: the annotation alone":       {in: ingress("", "nginx", ""), forbidden: true},
		"forbidden: no class":                   {in: ingress("", "", ""), forbidden: true},
		"forbidden: a class known from before":  {in: ingress("", "", `"fast"`), forbidden: true, want: answer{Ours: true, Class: "fast", Rules: 1, Controller: "edgeward/edgio"}},
		"forbidden: one known as others'":       {in: ingress("", "", `"nginx"`), forbidden: true},
		"forbidden: a class not known":          {in: ingress("", "", `"x"`), forbidden: true, want: answer{Ours: true, Unknown: true, Class: "x"}},
		"forbidden: the same, by the label too": {in: ingress("l", "", `"x"`), forbidden: true, want: answer{Ours: true, Unknown: true, Class: "x", Rules: 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, _, err := parseSelection("cdn=edgio", []string{"edgio", "vultr-cdn"}, []string{"edgeward/edgio", "edgeward/vultr-cdn"})
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			s.log = slog.New(slog.NewTextHandler(&log, nil))
			s.learn("fast", "edgeward/edgio")
			s.learn("nginx", "k8s.io/ingress-nginx")
			s.refuse(test.forbidden)
			var got answer
			for range 3 {
				if in, ok := s.reduce(decode[networkingv1.Ingress](t, test.in)); ok {
					got = answer{true, in.ClassUnknown, in.Class, in.Annotated, len(in.Rules), in.Controller}
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if said := strings.Count(log.String(), "level=WARN") == 1 && strings.Contains(log.String(), "annotation=vultr-cdn"); said != test.told || !said && log.Len() > 0 {
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

// TestLearn has which changes of IngressClass objects matter: those that make Ingresses
// ours, or not ours, or give them to another CDN.
func TestLearn(t *testing.T) {
	const edgio, vultr, nginx, traefik = "edgeward/edgio", "edgeward/vultr-cdn", "k8s.io/ingress-nginx", "traefik.io/ingress-controller"
	for name, test := range map[string]struct {
		before, now string
		matters     bool
	}{
		"ours comes":               {"", edgio, true},
		"ours goes":                {edgio, "", true},
		"ours stays":               {edgio, edgio, false},
		"it goes to another CDN":   {edgio, vultr, true},
		"it becomes ours":          {nginx, edgio, true},
		"it becomes another's":     {vultr, nginx, true},
		"another's comes":          {"", nginx, false},
		"another's goes":           {nginx, "", false},
		"another's is yet another": {nginx, traefik, false},
	} {
		s, _, err := parseSelection("cdn=edgio", []string{"edgio"}, []string{edgio, vultr})
		if err != nil {
			t.Fatal(err)
		}
		s.learn("class", test.before)
		s.learn("unrelated", nginx)
		if matters := s.learn("class", test.now); matters != test.matters {
			t.Errorf("%s: matters %t", name, matters)
		}
	}
}
