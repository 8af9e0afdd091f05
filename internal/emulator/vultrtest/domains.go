package vultrtest

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/emulator"
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
	history emulator.History[record]
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

func (a *Account) domainRoutes() []emulator.Route {
	return []emulator.Route{
		{Method: "GET", Path: "domains", Handle: a.listDomains},
		{Method: "POST", Path: "domains", Handle: a.createDomain},
		{Method: "GET", Path: "domains/{domain}", Handle: a.getDomain},
		{Method: "PUT", Path: "domains/{domain}", Handle: a.updateDomain},
		{Method: "DELETE", Path: "domains/{domain}", Handle: a.deleteDomain},
		{Method: "GET", Path: "domains/{domain}/dnssec", Handle: a.getDNSSEC},
		{Method: "GET", Path: "domains/{domain}/soa", Handle: a.getSOA},
		{Method: "PATCH", Path: "domains/{domain}/soa", Handle: a.updateSOA},
		{Method: "GET", Path: "domains/{domain}/records", Handle: a.listRecords},
		{Method: "POST", Path: "domains/{domain}/records", Handle: a.createRecord},
		{Method: "GET", Path: "domains/{domain}/records/{id}", Handle: a.getRecord},
		{Method: "PATCH", Path: "domains/{domain}/records/{id}", Handle: a.updateRecord},
		{Method: "DELETE", Path: "domains/{domain}/records/{id}", Handle: a.deleteRecord},
	}
}

// findZone returns the zone called name, or nil. The caller holds the state.
func (a *Account) findZone(name string) *zone {
	i := slices.IndexFunc(a.zones, func(z *zone) bool { return strings.EqualFold(z.domain.Domain, name) })
	if i < 0 {
		return nil
	}
	return a.zones[i]
}

// addZone adds an empty zone. The caller holds the state for writing.
func (a *Account) addZone(name, dnssec string) *zone {
	z := &zone{
		seq: a.nextSeq(),
		domain: domain{
			Domain:      strings.ToLower(name),
			DateCreated: a.options.Now().UTC().Format("2006-01-02T15:04:05-07:00"),
			DNSSEC:      dnssec,
		},
		soa: soa{NSPrimary: "ns1.vultr.com", Email: "dnsadm@vultr.com"},
	}
	a.zones = append(a.zones, z)
	return z
}

// readZone answers with what f makes of the zone that r names, or 404.
func (a *Account) readZone(r *emulator.Request, f func(*zone) emulator.Reply) emulator.Reply {
	a.state.RLock()
	defer a.state.RUnlock()
	return a.inZone(r, f)
}

// changeZone is readZone for an f that may change the zone.
func (a *Account) changeZone(r *emulator.Request, f func(*zone) emulator.Reply) emulator.Reply {
	return a.state.Call(func() emulator.Reply { return a.inZone(r, f) })
}

func (a *Account) inZone(r *emulator.Request, f func(*zone) emulator.Reply) emulator.Reply {
	z := a.findZone(r.PathValue("domain"))
	if z == nil {
		return refuse(http.StatusNotFound, "Invalid domain.")
	}
	return f(z)
}

func (a *Account) listDomains(r *emulator.Request) emulator.Reply {
	a.state.RLock()
	defer a.state.RUnlock()
	page, meta, err := paginate(a.zones, func(z *zone) int { return z.seq }, r.URL.Query())
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	domains := []domain{}
	for _, z := range page {
		domains = append(domains, z.domain)
	}
	return emulator.ReplyJSON(http.StatusOK, map[string]any{"domains": domains, "meta": meta})
}

func (a *Account) getDomain(r *emulator.Request) emulator.Reply {
	return a.readZone(r, func(z *zone) emulator.Reply { return emulator.ReplyJSON(http.StatusOK, domainReply{z.domain}) })
}

// createDomain makes a zone: empty, or with an IPv4 address, the documented
// default records. Success is 200, not 201.
func (a *Account) createDomain(r *emulator.Request) emulator.Reply {
	var name, ip string
	dnssec := dnssecDisabled
	if err := readFields(r.Body, map[string]any{"domain": &name, "ip": &ip, "dns_sec": &dnssec}); err != nil {
		return refuse(http.StatusBadRequest, "Unable to create domain: "+err.Error())
	}
	address, err := netip.ParseAddr(ip)
	switch {
	case !emulator.IsHostname(name):
		return refuse(http.StatusBadRequest, "Unable to create domain: Invalid domain name")
	case ip != "" && (err != nil || !address.Is4()):
		return refuse(http.StatusBadRequest, "Unable to create domain: Invalid IP address")
	case dnssec != dnssecEnabled && dnssec != dnssecDisabled:
		return refuse(http.StatusBadRequest, "Unable to create domain: Invalid dns_sec")
	}
	return a.state.Call(func() emulator.Reply {
		if a.findZone(name) != nil {
			return refuse(http.StatusBadRequest, "Unable to create domain: Domain already exists")
		}
		z := a.addZone(name, dnssec)
		if ip != "" {
			for _, defaults := range defaultRecords(z.domain.Domain, ip) {
				a.addRecord(z, defaults)
			}
		}
		return emulator.ReplyJSON(http.StatusOK, domainReply{z.domain})
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

func (a *Account) updateDomain(r *emulator.Request) emulator.Reply {
	var dnssec string
	err := readFields(r.Body, map[string]any{"dns_sec": &dnssec})
	if err != nil || dnssec != dnssecEnabled && dnssec != dnssecDisabled {
		return refuse(http.StatusBadRequest, "Unable to update domain: Invalid dns_sec")
	}
	return a.changeZone(r, func(z *zone) emulator.Reply {
		z.domain.DNSSEC = dnssec
		return noContent()
	})
}

func (a *Account) deleteDomain(r *emulator.Request) emulator.Reply {
	return a.changeZone(r, func(z *zone) emulator.Reply {
		a.zones = slices.DeleteFunc(a.zones, func(other *zone) bool { return other == z })
		return noContent()
	})
}

// getDNSSEC answers records of the right form; their keys fit nothing.
func (a *Account) getDNSSEC(r *emulator.Request) emulator.Reply {
	return a.readZone(r, func(z *zone) emulator.Reply {
		keys := []string{}
		if z.domain.DNSSEC == dnssecEnabled {
			hash := sha256.Sum256([]byte(z.domain.Domain))
			keys = append(keys,
				fmt.Sprintf("%s IN DNSKEY 257 3 13 %s", z.domain.Domain, base64.StdEncoding.EncodeToString(hash[:])),
				fmt.Sprintf("%s IN DS 1 13 2 %x", z.domain.Domain, hash),
			)
		}
		return emulator.ReplyJSON(http.StatusOK, map[string]any{"dns_sec": keys})
	})
}

func (a *Account) getSOA(r *emulator.Request) emulator.Reply {
	return a.readZone(r, func(z *zone) emulator.Reply {
		return emulator.ReplyJSON(http.StatusOK, map[string]any{"dns_soa": z.soa})
	})
}

func (a *Account) updateSOA(r *emulator.Request) emulator.Reply {
	return a.changeZone(r, func(z *zone) emulator.Reply {
		changed := z.soa
		err := readFields(r.Body, map[string]any{"nsprimary": &changed.NSPrimary, "email": &changed.Email})
		if err != nil {
			return refuse(http.StatusBadRequest, "Unable to update SOA: "+err.Error())
		}
		z.soa = changed
		return noContent()
	})
}
