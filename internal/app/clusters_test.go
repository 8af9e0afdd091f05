package app

import (
	"slices"
	"testing"

	"github.com/edgeward/edgeward/edgio"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/vultrcdn"
)

// TestClasses has what each configuration selects by class, and whether it needs
// certificates.
func TestClasses(t *testing.T) {
	of := func(cdns ...provider.Definition) *config.Config {
		cfg := &config.Config{Providers: cdns}
		cfg.Sections.Put("edgio", &edgio.Config{}, nil)
		cfg.Sections.Put("vultr_cdn", &vultrcdn.Config{IngressClass: "fast"}, nil)
		return cfg
	}
	tests := map[string]struct {
		cfg         *config.Config
		class       string // of the cluster
		classes     []string
		controllers []string
		tls         bool
	}{
		"Edgio":                  {of(edgio.Definition()), "edgio", []string{"edgio"}, []string{"edgeward/edgio"}, false},
		"Edgio, by label alone":  {of(edgio.Definition()), "", nil, nil, false},
		"Vultr CDN":              {of(vultrcdn.Definition()), "edgio", []string{"fast"}, []string{"edgeward/vultr-cdn"}, true},
		"both":                   {of(edgio.Definition(), vultrcdn.Definition()), "edgio", []string{"edgio", "fast"}, []string{"edgeward/edgio", "edgeward/vultr-cdn"}, true},
		"both, Edgio by a label": {of(edgio.Definition(), vultrcdn.Definition()), "", []string{"fast"}, []string{"edgeward/vultr-cdn"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cluster := config.Cluster{Name: "main", IngressClass: test.class}
			classes, controllers := Classes(test.cfg, cluster)
			tls := CertificatesFor(test.cfg) != ""
			if !slices.Equal(classes, test.classes) || !slices.Equal(controllers, test.controllers) || tls != test.tls {
				t.Errorf("classes %q, controllers %q, TLS %t", classes, controllers, tls)
			}
		})
	}
}
