package model

import (
	"slices"
	"strings"
	"time"
)

// Settings are the parts of the configuration that decide what shall stand and what may
// be done.
type Settings struct {
	Owner  string // says what is ours; [a-z0-9-]{1,32}
	Domain string // the zone of the origins, in lower case, without a dot at its end
	TTL    int    // of our records, in seconds

	DNS  DNS
	CDNs []CDN // the first one is for Ingresses whose class names none
	// KnownCDNs are all that edgeward knows, in the configuration or not.
	KnownCDNs []Provider

	// Adopt says whether a rule that nobody labelled may be taken over: "never", "always",
	// or "annotated" for where the Ingress has the annotation edgeward/adopt.
	Adopt string
	// PublishZones are the account's zones in which published hosts get a CNAME to their
	// CDN.
	PublishZones []string
	// Forget are CDNs and zones that are not in the configuration any more and hold
	// nothing of ours, so that what was kept for their sake may go.
	Forget []string

	DeletionGrace time.Duration // how long an Ingress or Service may be gone before its rule goes
	Linger        time.Duration // how long an origin's addresses stay after the last rule from there
	MaxDelete     float64       // the largest share of a group that may go because it was inferred, from 0 to 1
	ConfirmAfter  time.Duration // when an inferred loss is believed after all; 0: never
}

// PlacesOf returns the names that a host has in the zones of the configuration.
func (s *Settings) PlacesOf(host string) (names []RecordName) {
	if name, ok := Relative(host, s.Domain); ok {
		names = append(names, RecordName{"", name})
	}
	for _, zone := range s.PublishZones {
		if name, ok := Relative(host, zone); ok && zone != s.Domain {
			names = append(names, RecordName{zone, name})
		}
	}
	return names
}

// ZoneOf returns the zone of PublishZones in which a host is to be led to its CDN, and the
// host's name there; the zone of the origins is "", as in Record.
func (s *Settings) ZoneOf(host string) (at RecordName, ok bool) {
	for _, z := range s.PublishZones {
		if Within(host, z) && len(z) >= len(at.Zone) {
			at, ok = RecordName{z, strings.TrimSuffix(strings.TrimSuffix(host, z), ".")}, true
		}
	}
	if Within(host, s.Domain) && len(at.Zone) < len(s.Domain) { // resolvers ask that zone, which is not in the list
		return RecordName{}, false
	}
	if at.Zone == s.Domain {
		at.Zone = ""
	}
	return at, ok
}

// Unread returns the CDNs of an ownership record that are not in the configuration. The
// cluster may still have rules there.
func (s *Settings) Unread(o Ownership) []Provider {
	return slices.DeleteFunc(slices.Clone(o.CDNs), func(cdn Provider) bool {
		return slices.Contains(s.Forget, string(cdn)) || slices.ContainsFunc(s.CDNs, func(c CDN) bool { return c.Name == cdn })
	})
}

// CDN returns what the configuration says of a CDN; the zero CDN if it says nothing.
func (s *Settings) CDN(name Provider) *CDN {
	for i := range s.CDNs {
		if s.CDNs[i].Name == name {
			return &s.CDNs[i]
		}
	}
	return new(CDN)
}

// CDNDomain returns what a host name belongs to if it is a CDN's: the CDN's domain, or the
// key of the configuration that says the name; "" if it is none's.
func (s Settings) CDNDomain(host string) string {
	for _, cdn := range s.CDNs {
		if cdn.Host != "" && host == cdn.Host {
			return cdn.HostKey
		}
		if Within(host, cdn.Domain) {
			return cdn.Domain
		}
	}
	return ""
}

// UnknownCDNs returns the CDNs that are neither in the configuration nor in Forget.
func (s *Settings) UnknownCDNs() []Provider {
	return s.Unread(Ownership{CDNs: s.KnownCDNs})
}

// Unlisted returns the tags of an ownership record's zones that are not in the
// configuration. Hosts may still be led to a CDN there.
func (s *Settings) Unlisted(o Ownership) []string {
	if len(o.Zones) == 0 {
		return nil
	}
	known := make(map[string]bool)
	for _, zone := range slices.Concat(s.Forget, s.PublishZones) {
		known[zone], known[ZoneTag(zone)] = true, true // Forget may hold anyZone itself
	}
	return slices.DeleteFunc(slices.Clone(o.Zones), func(tag string) bool { return known[tag] })
}

// UnlistedZone returns the zone in which a host may be led to a CDN although the
// configuration does not list that zone any more; "" if there is none.
func (s *Settings) UnlistedZone(o Ownership, host string) string {
	tags := s.Unlisted(o)
	if len(tags) == 0 {
		return ""
	}
	_, zone, _ := strings.Cut(host, ".") // no CNAME stands at the apex
	for ; strings.Contains(zone, "."); _, zone, _ = strings.Cut(zone, ".") {
		if !slices.Contains(s.PublishZones, zone) && !slices.Contains(s.Forget, zone) && (slices.Contains(tags, ZoneTag(zone)) || slices.Contains(tags, anyZone)) {
			return zone
		}
	}
	return ""
}
