package addresses_test

import (
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/fixture"
)

func TestNamesThatAreNoOrigin(t *testing.T) {
	settings := fixture.TwoCDNs()
	settings.CDNs[0].Host = "acme.cdn.example.net"
	for _, test := range []struct{ why, names string }{
		{"", "lb.example.org a.cdn.example.net xacme.cdn.example.net notvultrcdn.com vultrcdn.com.example.org xacme.k8s.example.net k8s.example.net nodes.main.other.k8s.example.net"},
		{"", "a.locals.org local.example.org test.example.org internal.example.org elb.us-east-1.amazonaws.com lb.example"},
		{"is a name of the CDN (edgio.cname_target)", "acme.cdn.example.net"},
		{"is a name of the CDN (vultrcdn.com)", "vultrcdn.com cdn-abc.vultrcdn.com a.b.vultrcdn.com"},
		{"is a name that edgeward makes for origins", "acme.k8s.example.net nodes.main.acme.k8s.example.net web.default.lb.gone.acme.k8s.example.net"},
		{"cannot be followed from outside (.local)", "web.default.svc.cluster.local printer.local"},
		{"cannot be followed from outside (.svc)", "web.default.svc"},
		{"cannot be followed from outside (.internal)", "metadata.google.internal ip-10-0-0-1.ec2.internal"},
		{"cannot be followed from outside (.localhost)", "app.localhost"},
		{"cannot be followed from outside", "a.test a.invalid a.home.arpa a.onion a.alt a.lan a.corp a.home a.mail a.intranet a.private localhost.localdomain"},
		{"is not a fully qualified domain name", "localhost web metadata *.example.org a_b.example.org 192.0.2.1 example..org"},
	} {
		for name := range strings.FieldsSeq(test.names) {
			if why := addresses.WhyNoOrigin(settings, name); !strings.HasPrefix(why, test.why) || test.why == "" && why != "" {
				t.Errorf("%s %q, want %q", name, why, test.why)
			}
		}
	}
}
