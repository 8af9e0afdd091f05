package vultrtest

import (
	"crypto/tls"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/emulator"
)

// What every pull zone of the documentation's example has.
const (
	zoneCacheSize     = 50000000
	zonePacketsPerSec = 50
)

// pullZoneRules are the rules for pull zones. Which fields there are and when a
// certificate is required is documented; what else is refused, and all texts,
// are guesses.
type pullZoneRules struct {
	anyOrigin    bool // an origin may be an IP address or have a port
	uniqueVanity bool // no two zones may have one vanity domain
	maxLabel     int  // bytes of a label; 0: any
	cutLabels    bool // a longer one is cut, not refused
}

// create returns the zone that the body of a create call asks for.
func (rules pullZoneRules) create(body []byte, others []PullZone) (PullZone, error) {
	zone := PullZone{Status: zoneActive, CacheSize: zoneCacheSize, PacketsPerSec: zonePacketsPerSec}
	sent, err := emulator.ParseDocument(body)
	if err != nil {
		return zone, err
	}
	for _, key := range []string{"label", "origin_scheme", "origin_domain"} {
		if !sent.Has(key) {
			return zone, violation("Missing field: " + key)
		}
	}
	err = readFields(body, map[string]any{"origin_scheme": &zone.OriginScheme, "origin_domain": &zone.OriginDomain})
	switch {
	case err != nil:
		return zone, err
	case zone.OriginScheme != "http" && zone.OriginScheme != "https":
		return zone, violation("Invalid origin_scheme")
	case !rules.isOrigin(zone.OriginDomain):
		return zone, violation("Invalid origin_domain")
	}
	return rules.fields(zone, body, others)
}

// isOrigin says that s may be an origin_domain. Whether the API takes an IP
// address or host:port is not known.
func (rules pullZoneRules) isOrigin(s string) bool {
	return emulator.IsHostname(s) || rules.anyOrigin && s != "" && !strings.ContainsAny(s, "/ ")
}

// update returns zone with the fields that the body of an update call has;
// those left out keep their value. The origin is not among them: it is
// silently left as it was, as is everything that the API does not know.
func (rules pullZoneRules) update(zone PullZone, body []byte, others []PullZone) (PullZone, error) {
	regions := slices.Clone(zone.Regions) // decoding would write into it
	if err := readFields(body, map[string]any{"regions": &regions}); err != nil {
		return zone, err
	}
	zone.Regions = regions
	return rules.fields(zone, body, others)
}

// fields returns zone with the fields that both a create and an update call may
// have. The regions are not among them: a create call takes none.
func (rules pullZoneRules) fields(zone PullZone, body []byte, others []PullZone) (PullZone, error) {
	sent, err := emulator.ParseDocument(body)
	if err != nil {
		return zone, err
	}
	was := zone.VanityDomain
	var certificate, key string
	err = readFields(body, map[string]any{
		"label": &zone.Label, "vanity_domain": &zone.VanityDomain, "ssl_cert": &certificate, "ssl_cert_key": &key,
		"cors": &zone.CORS, "gzip": &zone.GZIP, "block_ai": &zone.BlockAI, "block_bad_bots": &zone.BlockBadBots,
	})
	if err != nil {
		return zone, err
	}
	if rules.maxLabel > 0 && len(zone.Label) > rules.maxLabel {
		if !rules.cutLabels {
			return zone, violation("Invalid label")
		}
		zone.Label = zone.Label[:rules.maxLabel]
	}
	if zone.VanityDomain == "" && was != "" {
		return zone, violation("Invalid vanity_domain") // whether that detaches it is not known
	}
	if sent.Has("vanity_domain") && zone.VanityDomain != "" {
		zone.VanityDomain = strings.ToLower(zone.VanityDomain)
		switch {
		case !emulator.IsHostname(zone.VanityDomain):
			return zone, violation("Invalid vanity_domain")
		case rules.uniqueVanity && slices.ContainsFunc(others, func(o PullZone) bool { return strings.EqualFold(o.VanityDomain, zone.VanityDomain) }):
			return zone, violation("vanity_domain is in use already")
		case zone.OriginScheme == "https" && (certificate == "" || key == ""):
			return zone, violation("ssl_cert and ssl_cert_key are required for a vanity_domain with an https origin")
		}
	}
	if certificate != "" || key != "" {
		zone.Certificate, zone.Key, err = checkPair(certificate, key)
	}
	return zone, err
}

// checkPair decodes a certificate and its key, each the base64 of a PEM file.
func checkPair(certificate, key string) (certificatePEM, keyPEM string, err error) {
	c, err := base64.StdEncoding.DecodeString(certificate)
	if err != nil {
		return "", "", violation("ssl_cert is not base64")
	}
	k, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return "", "", violation("ssl_cert_key is not base64")
	}
	if _, err := tls.X509KeyPair(c, k); err != nil {
		return "", "", violation("ssl_cert and ssl_cert_key are not a certificate and its key")
	}
	return string(c), string(k), nil
}
