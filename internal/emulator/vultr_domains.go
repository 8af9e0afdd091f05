package emulator

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// The values of dns_sec.
const (
	dnssecEnabled  = "enabled"
	dnssecDisabled = "disabled"
)

// zone is a domain with its records.
type zone struct {
	seq     int // numbers zones and records by their creation
	domain  domain
	soa     soa
	records []record // in the order of their creation
	past    past[record]
}

// domain is a zone as the API shows it.
type domain struct {
	Domain      string `json:"domain"`
	DateCreated string `json:"date_created"` // RFC 3339
	DNSSEC      string `json:"dns_sec"`
}

type soa struct {
	NSPrimary string `json:"nsprimary"`
	Email     string `json:"email"`
}

// domainReply is the shape of replies about one domain.
type domainReply struct {
	Domain domain `json:"domain"`
}

// findZone returns the zone called name, or nil. The caller holds v.mu.
func (v *Vultr) findZone(name string) *zone {
	i := slices.IndexFunc(v.zones, func(z *zone) bool { return strings.EqualFold(z.domain.Domain, name) })
	if i < 0 {
		return nil
	}
	return v.zones[i]
}

// nextSeq numbers a new zone or record. The caller holds v.mu for writing.
func (v *Vultr) nextSeq() int {
	v.seq++
	return v.seq
}

// addZone adds an empty zone. The caller holds v.mu for writing.
func (v *Vultr) addZone(name, dnssec string) *zone {
	z := &zone{
		seq: v.nextSeq(),
		domain: domain{
			Domain:      strings.ToLower(name),
			DateCreated: v.options.Now().UTC().Format("2006-01-02T15:04:05-07:00"),
			DNSSEC:      dnssec,
		},
		soa: soa{NSPrimary: "ns1.vultr.com", Email: "dnsadm@vultr.com"},
	}
	v.zones = append(v.zones, z)
	return z
}

// readZone answers with what f makes of the zone that r names, or 404.
func (v *Vultr) readZone(r *request, f func(*zone) reply) reply {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.inZone(r, f)
}

// changeZone is readZone for an f that may change the zone.
func (v *Vultr) changeZone(r *request, f func(*zone) reply) reply {
	return v.change(func() reply { return v.inZone(r, f) })
}

func (v *Vultr) inZone(r *request, f func(*zone) reply) reply {
	z := v.findZone(r.PathValue("domain"))
	if z == nil {
		return refuseVultr(http.StatusNotFound, "Invalid domain.")
	}
	return f(z)
}

func (v *Vultr) listDomains(r *request) reply {
	v.mu.RLock()
	defer v.mu.RUnlock()
	page, meta, err := paginate(v.zones, func(z *zone) int { return z.seq }, r.URL.Query())
	if err != nil {
		return refuseVultr(http.StatusBadRequest, err.Error())
	}
	domains := []domain{}
	for _, z := range page {
		domains = append(domains, z.domain)
	}
	return replyJSON(http.StatusOK, map[string]any{"domains": domains, "meta": meta})
}

func (v *Vultr) getDomain(r *request) reply {
	return v.readZone(r, func(z *zone) reply { return replyJSON(http.StatusOK, domainReply{z.domain}) })
}

// createDomain makes a zone: empty, or with an IPv4 address, the documented
// default records. Success is 200, not 201.
func (v *Vultr) createDomain(r *request) reply {
	var name, ip string
	dnssec := dnssecDisabled
	if err := readFields(r.body, map[string]any{"domain": &name, "ip": &ip, "dns_sec": &dnssec}); err != nil {
		return refuseVultr(http.StatusBadRequest, "Unable to create domain: "+err.Error())
	}
	address, err := netip.ParseAddr(ip)
	switch {
	case !isHostname(name):
		return refuseVultr(http.StatusBadRequest, "Unable to create domain: Invalid domain name")
	case ip != "" && (err != nil || !address.Is4()):
		return refuseVultr(http.StatusBadRequest, "Unable to create domain: Invalid IP address")
	case dnssec != dnssecEnabled && dnssec != dnssecDisabled:
		return refuseVultr(http.StatusBadRequest, "Unable to create domain: Invalid dns_sec")
	}
	return v.change(func() reply {
		if v.findZone(name) != nil {
			return refuseVultr(http.StatusBadRequest, "Unable to create domain: Domain already exists")
		}
		z := v.addZone(name, dnssec)
		if ip != "" {
			for _, defaults := range defaultRecords(z.domain.Domain, ip) {
				v.addRecord(z, defaults)
			}
		}
		return replyJSON(http.StatusOK, domainReply{z.domain})
	})
}

// defaultRecords are what a zone made with an address begins with.
func defaultRecords(domain, ip string) []Record {
	const ttl, none = 300, noPriority
	return []Record{
		{Type: "NS", Data: "ns1.vultr.com", Priority: none, TTL: ttl},
		{Type: "NS", Data: "ns2.vultr.com", Priority: none, TTL: ttl},
		{Type: "A", Data: ip, Priority: none, TTL: ttl},
		{Type: "CNAME", Name: "*", Data: domain, Priority: none, TTL: ttl},
		{Type: "MX", Data: domain, Priority: 10, TTL: ttl},
	}
}

func (v *Vultr) updateDomain(r *request) reply {
	var dnssec string
	err := readFields(r.body, map[string]any{"dns_sec": &dnssec})
	if err != nil || dnssec != dnssecEnabled && dnssec != dnssecDisabled {
		return refuseVultr(http.StatusBadRequest, "Unable to update domain: Invalid dns_sec")
	}
	return v.changeZone(r, func(z *zone) reply {
		z.domain.DNSSEC = dnssec
		return noContent()
	})
}

func (v *Vultr) deleteDomain(r *request) reply {
	return v.changeZone(r, func(z *zone) reply {
		v.zones = slices.DeleteFunc(v.zones, func(other *zone) bool { return other == z })
		return noContent()
	})
}

// getDNSSEC answers records of the right form; their keys fit nothing.
func (v *Vultr) getDNSSEC(r *request) reply {
	return v.readZone(r, func(z *zone) reply {
		keys := []string{}
		if z.domain.DNSSEC == dnssecEnabled {
			hash := sha256.Sum256([]byte(z.domain.Domain))
			keys = append(keys,
				fmt.Sprintf("%s IN DNSKEY 257 3 13 %s", z.domain.Domain, base64.StdEncoding.EncodeToString(hash[:])),
				fmt.Sprintf("%s IN DS 1 13 2 %x", z.domain.Domain, hash),
			)
		}
		return replyJSON(http.StatusOK, map[string]any{"dns_sec": keys})
	})
}

func (v *Vultr) getSOA(r *request) reply {
	return v.readZone(r, func(z *zone) reply { return replyJSON(http.StatusOK, map[string]any{"dns_soa": z.soa}) })
}

func (v *Vultr) updateSOA(r *request) reply {
	return v.changeZone(r, func(z *zone) reply {
		changed := z.soa
		err := readFields(r.body, map[string]any{"nsprimary": &changed.NSPrimary, "email": &changed.Email})
		if err != nil {
			return refuseVultr(http.StatusBadRequest, "Unable to update SOA: "+err.Error())
		}
		z.soa = changed
		return noContent()
	})
}

// readFields decodes the fields of a JSON object that a request sent into
// pointers; others are left out of account.
func readFields(body []byte, fields map[string]any) error {
	sent, err := parseDocument(body)
	if err != nil {
		return err
	}
	for key, v := range fields {
		if err := sent.read(key, v); err != nil {
			return err
		}
	}
	return nil
}
