package daemon

import (
	"slices"
	"testing"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/kube"
)

// TestClasses has what each configuration selects by class, and whether it needs
// certificates.
func TestClasses(t *testing.T) {
	edgio, vultr := config.Edgio{On: true}, config.VultrCDN{On: true, IngressClass: "fast"}
	tests := map[string]struct {
		cfg         config.Config
		class       string // of the cluster
		classes     []string
		controllers []string
		tls         bool
	}{
		"Edgio":                  {config.Config{Edgio: edgio}, "edgio", []string{"edgio"}, []string{"edgeward/edgio"}, false},
		"Edgio, by label alone":  {config.Config{Edgio: edgio}, "", nil, nil, false},
		"Vultr CDN":              {config.Config{VultrCDN: vultr}, "edgio", []string{"fast"}, []string{"edgeward/vultr-cdn"}, true},
		"both":                   {config.Config{Edgio: edgio, VultrCDN: vultr}, "edgio", []string{"edgio", "fast"}, []string{"edgeward/edgio", "edgeward/vultr-cdn"}, true},
		"both, Edgio by a label": {config.Config{Edgio: edgio, VultrCDN: vultr}, "", []string{"fast"}, []string{"edgeward/vultr-cdn"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := Watch(&test.cfg, config.Cluster{Name: "main", IngressClass: test.class}, nil, nil)
			if !slices.Equal(o.IngressClasses, test.classes) || !slices.Equal(o.Controllers, test.controllers) || o.ReadTLS != test.tls {
				t.Errorf("classes %q, controllers %q, TLS %t", o.IngressClasses, o.Controllers, o.ReadTLS)
			}
		})
	}
}

// TestOurs has whose status is ours to write where both CDNs are on.
func TestOurs(t *testing.T) {
	cfg := &config.Config{Edgio: config.Edgio{On: true}, VultrCDN: config.VultrCDN{On: true, IngressClass: "vultr-cdn"}}
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
