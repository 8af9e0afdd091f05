package desired_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

func TestAnnotations(t *testing.T) {
	const usual = "https://www.example.com/a from http://nodes.main:30080/a"
	both := []string{"http://www.example.com/a from http://nodes.main:30080/a", usual}
	tests := map[string]struct {
		name, value string
		want        []string
		problem     string // part of the reason
		warning     string // part of it
	}{
		"published-protocols https":     {desired.AnnotationPublished, "https", []string{usual}, "", ""},
		"published-protocols http":      {desired.AnnotationPublished, "http", both[:1], "", ""},
		"published-protocols both":      {desired.AnnotationPublished, "https,http", both, "", ""},
		"published-protocols reversed":  {desired.AnnotationPublished, " http , https ", both, "", ""},
		"published-protocols twice":     {desired.AnnotationPublished, "https,https", nil, "annotation edgeward/published-protocols", ""},
		"published-protocols empty":     {desired.AnnotationPublished, "", nil, "annotation edgeward/published-protocols", ""},
		"published-protocols unknown":   {desired.AnnotationPublished, "https,ftp", nil, `"https,ftp" is not "https", "http" or "https,http"`, ""},
		"published-protocols uppercase": {desired.AnnotationPublished, "HTTPS", nil, "annotation edgeward/published-protocols", ""},
		"source-protocol http":          {desired.AnnotationSource, "http", []string{usual}, "", ""},
		"source-protocol https":         {desired.AnnotationSource, "https", []string{"https://www.example.com/a from https://nodes.main:30080/a"}, "", ""},
		"source-protocol unknown":       {desired.AnnotationSource, "h2c", nil, `edgeward/source-protocol: "h2c" is not "http" or "https"`, ""},
		"source-path keep":              {desired.AnnotationPath, "keep", []string{usual}, "", ""},
		"source-path strip":             {desired.AnnotationPath, "strip", []string{"https://www.example.com/a from http://nodes.main:30080/"}, "", ""},
		"source-path unknown":           {desired.AnnotationPath, "rewrite", nil, `edgeward/source-path: "rewrite" is not "keep" or "strip"`, ""},
		"service-profile":               {desired.AnnotationProfile, "LLNW-Video", []string{usual + " with LLNW-Video"}, "", ""},
		"service-profile empty":         {desired.AnnotationProfile, " ", nil, "annotation edgeward/service-profile", ""},
		"service-profile not printable": {desired.AnnotationProfile, "a\x00b", nil, "annotation edgeward/service-profile", ""},
		"service-profile too long":      {desired.AnnotationProfile, strings.Repeat("a", 256), nil, "annotation edgeward/service-profile", ""},
		"adopt":                         {desired.AnnotationAdopt, "true", []string{usual}, "", "edgeward/adopt has no effect: the configuration's sync.adopt is never"},
		"adopt not":                     {desired.AnnotationAdopt, "false", []string{usual}, "", ""},
		"adopt unknown":                 {desired.AnnotationAdopt, "please", nil, `edgeward/adopt: "please" is not "true" or "false"`, ""},
		"an unknown one":                {"edgeward/sorce-path", "strip", []string{usual}, "", `annotation "edgeward/sorce-path" is not known`},
		"somebody else's":               {"example.com/source-path", "strip", []string{usual}, "", `annotation "example.com/source-path" is not known`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", fixture.Annotated(test.name, test.value), fixture.Web())}, fixture.Settings(), fixture.Start())
			if diff := cmp.Diff(test.want, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, desired.Invalid, test.problem)
			checkWarnings(t, want, test.warning)
		})
	}
}

// TestConfiguration has what the annotations override, and what overrides what.
func TestConfiguration(t *testing.T) {
	https := app("https")
	tests := map[string]struct {
		set     func(*model.Settings)
		ingress kube.Ingress
		port    kube.ServicePort
		want    []string
	}{
		"both protocols": {
			func(s *model.Settings) { s.CDNs[0].PublishedProtocols = []string{"http", "https"} }, fixture.Shop(), app(""),
			[]string{"http://www.example.com/a from http://nodes.main:30080/a", "https://www.example.com/a from http://nodes.main:30080/a"},
		},
		"strip": {
			func(s *model.Settings) { s.CDNs[0].StripPath = true }, fixture.Ingress("shop", "www.example.com", "Prefix", "/a"), app(""),
			[]string{"https://www.example.com/a from http://nodes.main:30080/", "https://www.example.com/a/ from http://nodes.main:30080/"},
		},
		"strip, but keep here": {
			func(s *model.Settings) { s.CDNs[0].StripPath = true }, fixture.Annotated(desired.AnnotationPath, "keep"), app(""),
			[]string{"https://www.example.com/a from http://nodes.main:30080/a"},
		},
		"a profile": {
			func(s *model.Settings) { s.CDNs[0].Profile = "LLNW-Big" }, fixture.Shop(), app(""),
			[]string{"https://www.example.com/a from http://nodes.main:30080/a with LLNW-Big"},
		},
		"the annotation goes before appProtocol": {
			func(*model.Settings) {}, fixture.Annotated(desired.AnnotationSource, "http"), https,
			[]string{"https://www.example.com/a from http://nodes.main:30080/a"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			settings := fixture.Settings()
			test.set(&settings)
			svc := fixture.Web()
			svc.Ports = []kube.ServicePort{test.port}
			want := desired.Desired([]desired.Cluster{fixture.Cluster("main", test.ingress, svc)}, settings, fixture.Start())
			if diff := cmp.Diff(test.want, published(want)); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			checkProblems(t, want, desired.Invalid, "")
			checkWarnings(t, want, "")
		})
	}
}
