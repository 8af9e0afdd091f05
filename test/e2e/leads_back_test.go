package e2e

import (
	"errors"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/test/lab"
)

// balancedNamed is a Service of type LoadBalancer.
func balancedNamed(name string, port int) string {
	return strings.Replace(serviceNamed(name, port), "NodePort", "LoadBalancer", 1)
}

// TestOriginThatLeadsBack has a load balancer whose status names the published
// host, as one does for which somebody has made an address of that name by hand.
// Nothing is published so; and what stands when it comes to that stays.
func TestOriginThatLeadsBack(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.apply(balanced(), fast("www.example.com"))
	b.balancer("services", "web", `{"hostname": "www.example.com"}`)
	b.Vultr.Seed(lab.PublishZone, vultrtest.Record{Name: "www", Type: "A", Data: "192.0.2.200", TTL: 300})
	config := b.config(withVultrCDN())
	d := b.start(config)
	b.until(func() error {
		return d.logged("not published", "www.example.com is published by Ingress main/default/fast, and so leads back to the CDN")
	})
	b.until(func() error {
		return b.told("fast", "Warning Invalid x1: www.example.com/: Service web has no load balancer's address")
	})
	must(t, errors.Join(b.led(), lab.Same("DNS", b.publishedRecords(), "www A")))

	stands := zone("www.example.com", "web.default.lb")
	b.balancer("services", "web", `{"ip": "10.0.0.4"}, {"ip": "192.0.2.9"}, {"ip": "127.0.0.1"}`)
	b.until(func() error { return lab.Same("pull zones", b.PullZones(), stands) })
	b.until(func() error { return d.routes(map[string]float64{"synced": 1}) })
	addresses := func() []string {
		list := []string{}
		for _, r := range b.Vultr.Records(lab.Domain) {
			if strings.HasPrefix(r.Name, "web.default.lb") {
				list = append(list, r.Type+" "+r.Data)
			}
		}
		return list
	}
	must(t, lab.Same("addresses", addresses(), "A 192.0.2.9"))

	b.forgetCalls()
	for _, status := range []string{`{"hostname": "www.example.com"}`, `{"hostname": "cdn-x.vultrcdn.com"}`, `{"hostname": "web.default.svc.cluster.local"}`} {
		b.balancer("services", "web", status)
		b.until(func() error { return d.routes(map[string]float64{"invalid": 1}) })
		b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
		b.until(func() error { return d.routes(map[string]float64{"synced": 1}) })
	}
	must(t, errors.Join(b.nothingWritten(), lab.Same("addresses", addresses(), "A 192.0.2.9")))

	// A second Ingress closes a circle with a first that is live.
	b.balancer("services", "web", `{"hostname": "api.example.com"}`)
	b.until(func() error {
		return lab.Same("pull zones", b.PullZones(), stands, zone("www.example.com", "web.default.lb-cname"))
	})
	second := strings.NewReplacer("name: fast", "name: second", "name: web", "name: api").Replace(fast("api.example.com"))
	b.apply(balancedNamed("api", 30081), second)
	b.balancer("services", "api", `{"hostname": "www.example.com"}`)
	b.until(func() error { return d.routes(map[string]float64{"invalid": 2}) })
	b.stays(0, func() error {
		for _, z := range b.Vultr.PullZones() {
			if z.VanityDomain == "api.example.com" {
				return errors.New("the second is published")
			}
		}
		return nil
	})
}

// TestHostOfTwoIngresses has a second Ingress with a path of a host that is
// published as a whole, and TLS without a certificate: what becomes of them is
// said where users look.
func TestHostOfTwoIngresses(t *testing.T) {
	b := newBed(t, lab.Options{})
	api := func(service string) string {
		return strings.NewReplacer("name: fast", "name: api", "path: /", "path: /api", "name: web", "name: "+service).Replace(fast("www.example.com"))
	}
	b.apply(balanced(), balancedNamed("api", 30081), fast("www.example.com", "tls: [{hosts: [ww.example.com], secretName: www-tls}]"))
	b.balancer("services", "web", `{"ip": "192.0.2.9"}`)
	b.balancer("services", "api", `{"ip": "192.0.2.10"}`)
	d := b.start(b.config(withVultrCDN()))
	b.until(func() error { return b.led(zone("www.example.com", "web.default.lb")) })
	b.until(func() error {
		return b.told("fast", "Normal Synced x1: Published at the CDN: www.example.com/. Note: spec.tls has no entry for www.example.com, which is published on http only")
	})

	b.apply(api("api"))
	b.until(func() error {
		return b.told("api", "Warning Invalid x1: www.example.com/: Ingress main/default/fast has www.example.com, which the CDN publishes as a whole")
	})
	b.until(func() error {
		return d.logged("though others ask for another one: Ingress main/default/api for /api", "ingress=main/default/fast")
	})
	b.forgetCalls()
	b.apply(api("web"))
	b.until(func() error {
		return b.told("api", "Normal Synced x1: Nothing is left to publish. Note: www.example.com is published as a whole")
	})
	must(t, errors.Join(b.nothingWritten(), b.led(zone("www.example.com", "web.default.lb"))))
}
