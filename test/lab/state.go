package lab

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/test/invariants"
)

// Rules returns what the CDN publishes, a line a rule, sorted:
//
//	https://www.example.com/a -> http://nodes.main.acme.k8s.example.net:30080/a
func (l *Lab) Rules() []string {
	lines := []string{}
	for _, r := range l.Edgio.Instances() {
		for _, s := range r.ProtocolSets {
			lines = append(lines, fmt.Sprintf("%s://%s%s -> %s://%s:%d%s",
				s.PublishedProtocol, r.Host, r.Path, s.SourceProtocol, r.SourceHost, s.SourcePort, r.SourcePath))
		}
	}
	slices.Sort(lines)
	return lines
}

// PullZones returns what Vultr's CDN publishes, a line a pull zone, sorted:
//
//	www.example.com -> http://web.default.lb.main.acme.k8s.example.net (active)
func (l *Lab) PullZones() []string {
	lines := []string{}
	for _, z := range l.Vultr.PullZones() {
		lines = append(lines, fmt.Sprintf("%s -> %s://%s (%s)", z.VanityDomain, z.OriginScheme, z.OriginDomain, z.Status))
	}
	slices.Sort(lines)
	return lines
}

// Records returns what stands in the zone, a line a record, sorted, without the hash of
// the configuration in claims:
//
//	nodes.main.acme A 192.0.2.1 ttl 120
func (l *Lab) Records() []string { return l.records(Domain, "") }

// PublishedRecords returns what stands in the zone of published hosts, likewise
// but with whole names.
func (l *Lab) PublishedRecords() []string { return l.records(PublishZone, "."+PublishZone) }

func (l *Lab) records(zone, suffix string) []string {
	lines, hash := []string{}, regexp.MustCompile(`,edgeward/config=[\w-]+`)
	for _, r := range l.Vultr.Records(zone) {
		lines = append(lines, fmt.Sprintf("%s%s %s %s ttl %d", r.Name, suffix, r.Type, hash.ReplaceAllString(r.Data, ""), r.TTL))
	}
	slices.Sort(lines)
	return lines
}

// Addresses returns the addresses of the cluster main's nodes in the zone, sorted.
func (l *Lab) Addresses() []string {
	list := []string{}
	for _, r := range l.Vultr.Records(Domain) {
		if r.Name == "nodes.main."+Owner && r.Type == "A" {
			list = append(list, r.Data)
		}
	}
	slices.Sort(list)
	return list
}

// Providers are the emulated providers, as the invariants look at them.
func (l *Lab) Providers() invariants.Providers {
	return invariants.Providers{Edgio: l.Edgio, Vultr: l.Vultr, Changes: l.Changes, Domain: Domain, PublishZone: PublishZone}
}

// Until waits until ok returns nil. When ctx ends first, the error is that of
// the last try.
func Until(ctx context.Context, ok func() error) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// Same reports how two lists of lines differ; nil if they do not.
func Same(what string, got []string, want ...string) error {
	want = slices.Sorted(slices.Values(want))
	if slices.Equal(got, want) {
		return nil
	}
	return fmt.Errorf("%s:\n  %s\nwanted:\n  %s", what, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
}
