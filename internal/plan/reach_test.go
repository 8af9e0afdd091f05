package plan

import (
	"net/netip"
	"strings"
	"testing"
)

func TestReach(t *testing.T) {
	for _, test := range []struct {
		want      reach
		addresses string
	}{
		{public, "192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1"}, // documentation counts
		{public, "1.1.1.1 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 191.255.255.255 198.20.0.1 223.255.255.255 2606:4700::1 3fff::1"},
		{private, "10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.255.255 198.18.0.1 fc00::1 fd00::1"},
		{nowhere, "0.0.0.0 0.0.0.1 127.0.0.1 127.255.255.255 192.0.0.192 192.88.99.1"},
		{nowhere, "224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255"},
		{nowhere, ":: ::1 ::192.0.2.1 ::ffff:192.0.2.1 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 64:ff9b::c000:201 64:ff9b:1::1 100::1 fec0::1 ff02::1 fe80::1%eth0 2001:db8::1%eth0"},
		{nowhere, "2002:a9fe:a9fe::1 2002:c000:201::1 2001::1 2001:0:4136:e378:8000:63bf:5601:5601 2001:2::1 2001:10::1 2001:2f:ffff::1"},
		{public, "2001:1::1 2001:4::1 2001:30::1 2001:200::1 2003::1"},
		{inward, "169.254.0.1 169.254.169.254 fe80::1 fe80::a9fe:a9fe"},
		{inward, "100.100.100.200 168.63.129.16 fd00:ec2::254 fd20:ce::254 fd00:c1::a9fe:a9fe fd00:42::42"},
	} {
		for address := range strings.FieldsSeq(test.addresses) {
			if got := reachOf(netip.MustParseAddr(address)); got != test.want {
				t.Errorf("%s: %d, want %d", address, got, test.want)
			}
		}
	}
	for _, text := range []string{"", "none", "192.0.2.01", "192.0.2.1:80", " 192.0.2.1", "10.1"} {
		if ip, from := originAddress(text); from != nowhere {
			t.Errorf("%q is %s, of reach %d", text, ip, from)
		}
	}
}

func TestNamesThatAreNoOrigin(t *testing.T) {
	set := vultrSettings()
	set.CNAMETarget = "acme.cdn.example.net"
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
			if why := whyNoOrigin(set, name); !strings.HasPrefix(why, test.why) || test.why == "" && why != "" {
				t.Errorf("%s %q, want %q", name, why, test.why)
			}
		}
	}
}
