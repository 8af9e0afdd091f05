package model

import (
	"slices"
	"strings"
	"time"
)

// Settings are the parts of the configuration that decide what becomes what.
type Settings struct {
	Owner  string
	Domain string // the zone, lower case, without a trailing dot
	TTL    int    // of our records, seconds

	DNS  DNS
	CDNs []CDN // the first is for Ingresses whose class names none
	// KnownCDNs are all that there are, in the configuration or not.
	KnownCDNs []Provider

	Adopt string // "never", "annotated" or "always"
	// PublishZones are the account's zones in which published hosts get a CNAME
	// to their CDN.
	PublishZones []string
	// Forget are CDNs and zones that are not in the configuration any more and hold
	// nothing of ours: what was kept for their sake may go.
	Forget []string

	DeletionGrace time.Duration
	Linger        time.Duration
	MaxDelete     float64       // see Loss
	ConfirmAfter  time.Duration // 0: never
}

// PlacesOf are the names that a host may have in the zones of the configuration.
func (s Settings) PlacesOf(host string) (names []RecordName) {
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

// ZoneOf is the zone of the list in which a host's DNS is to be made, and its name
// there; "" is the zone of the origins, as in Record.
func (s Settings) ZoneOf(host string) (at RecordName, ok bool) {
	for _, z := range s.PublishZones {
		if Within(host, z) && len(z) >= len(at.Zone) {
			at, ok = RecordName{z, strings.TrimSuffix(strings.TrimSuffix(host, z), ".")}, true
		}
	}
	if Within(host, s.Domain) && len(at.Zone) < len(s.Domain) { // which is asked for it, and is not in the list
		return RecordName{}, false
	}
	if at.Zone == s.Domain {
		at.Zone = ""
	}
	return at, ok
}

// Unread are the CDNs of a claim that are not in the configuration: the cluster may
// still have rules there.
func (s Settings) Unread(o Ownership) []Provider {
	return slices.DeleteFunc(slices.Clone(o.CDNs), func(cdn Provider) bool {
		return slices.Contains(s.Forget, string(cdn)) || slices.ContainsFunc(s.CDNs, func(c CDN) bool { return c.Name == cdn })
	})
}

// CDN is what the configuration says of a CDN; the zero CDN if nothing.
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

// UnknownCDNs are those that are neither in the configuration nor to be forgotten.
func (s Settings) UnknownCDNs() []Provider {
	return s.Unread(Ownership{CDNs: s.KnownCDNs})
}

// Unlisted are the tags of a claim's zones that are not in the configuration: hosts
// may still be led to a CDN there.
func (s Settings) Unlisted(o Ownership) []string {
	if len(o.Zones) == 0 {
		return nil
	}
	known := make(map[string]bool)
	for _, zone := range slices.Concat(s.Forget, s.PublishZones) {
		known[zone], known[ZoneTag(zone)] = true, true // a zone of the list, or anyZone itself
	}
	return slices.DeleteFunc(slices.Clone(o.Zones), func(tag string) bool { return known[tag] })
}

// UnlistedZone is the zone of a host in which it may be led to a CDN though the
// configuration does not list that zone any more; "" if there is none.
func (s Settings) UnlistedZone(o Ownership, host string) string {
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
