package daemon

import (
	"testing"

	"github.com/edgeward/edgeward/edgio"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/vultrcdn"
)

// TestOurs has whose status is ours to write where both CDNs are on.
func TestOurs(t *testing.T) {
	cfg := &config.Config{Providers: provider.Table{edgio.Definition(), vultrcdn.Definition()}}
	cfg.Sections.Put("edgio", &edgio.Config{}, nil)
	cfg.Sections.Put("vultr_cdn", &vultrcdn.Config{IngressClass: "vultr-cdn"}, nil)
	is := ours(cfg, config.Cluster{IngressClass: "edgio"})
	for name, test := range map[string]struct {
		in   kube.Ingress
		want bool
	}{
		"Edgio's class":        {kube.Ingress{Class: "edgio"}, true},
		"Vultr CDN's class":    {kube.Ingress{Class: "vultr-cdn"}, true},
		"Edgio's object":       {kube.Ingress{Class: "front", Controller: "edgeward/edgio"}, true},
		"Vultr CDN's object":   {kube.Ingress{Class: "front", Controller: "edgeward/vultr-cdn"}, true},
		"another's class":      {kube.Ingress{Class: "nginx", Controller: "k8s.io/ingress-nginx"}, false},
		"no class, by a label": {kube.Ingress{}, false},
	} {
		if got := is(&test.in); got != test.want {
			t.Errorf("%s: %t, want %t", name, got, test.want)
		}
	}
}
