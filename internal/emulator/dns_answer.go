package emulator

import (
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// maxAliases is how many CNAMEs are followed for one answer; a longer chain is
// taken for a loop, and the answer ends there.
const maxAliases = 8

// dnsRecord is a record under its whole name, in lower case, without a dot at the end.
type dnsRecord struct {
	name string
	Record
}

// dnsAnswer is what the name server of some zones says to one question.
type dnsAnswer struct {
	code    dnsmessage.RCode
	ours    bool // it has authority over the name
	records []dnsRecord
	// negative is the zone whose SOA tells how long to remember that the name,
	// or the last one of its aliases, has nothing; nil if it has something.
	negative *zone
}

// answerFrom answers the question for the records of a type ("A") under a name, as an authoritative name server does: a CNAME is followed through all
// zones (RFC 1034 §4.3.2) and the code is that of its end (RFC 6604), a wildcard
// stands for what does not exist (RFC 4592), and a name that only has others
// below it exists (RFC 8020). A name outside of the zones is refused. No zone
// delegates: NS records below its apex are records like others.
func answerFrom(zones []*zone, name, kind string) dnsAnswer {
	var a dnsAnswer
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for range maxAliases {
		z, relative := zoneOf(zones, name)
		if z == nil {
			if !a.ours {
				a.code = dnsmessage.RCodeRefused
			}
			return a // where an alias leads to is for others to say
		}
		a.ours = true
		records, exists := z.match(relative)
		found, alias := false, ""
		for _, r := range records {
			if r.Type != kind && r.Type != "CNAME" {
				continue
			}
			found = true
			a.records = append(a.records, dnsRecord{name, r})
			if r.Type != kind {
				alias = strings.ToLower(r.Data)
			}
		}
		if !found {
			a.negative = z
			if !exists {
				a.code = dnsmessage.RCodeNameError
			}
		}
		if alias == "" {
			return a
		}
		name = alias
	}
	return a
}

// zoneOf returns the zone that holds a name, the longest of several, and the
// name relative to it; nil if it lies in none.
func zoneOf(zones []*zone, name string) (holder *zone, relative string) {
	for _, z := range zones {
		if holder != nil && len(z.domain.Domain) < len(holder.domain.Domain) {
			continue
		}
		if name == z.domain.Domain {
			holder, relative = z, ""
		} else if below, ok := strings.CutSuffix(name, "."+z.domain.Domain); ok {
			holder, relative = z, below
		}
	}
	return holder, relative
}

// match returns the records under a name relative to the zone, be it by a
// wildcard, and whether there is such a name.
func (z *zone) match(name string) (records []Record, exists bool) {
	records, exists = z.at(name)
	for encloser := name; !exists; {
		_, encloser, _ = strings.Cut(encloser, ".")
		if _, stands := z.at(encloser); stands { // the apex always does
			return z.at(strings.TrimSuffix("*."+encloser, "."))
		}
	}
	return records, exists
}

// soaRecord is the zone's SOA, its data the primary server and the mailbox. The
// API does not show it as a record.
func (z *zone) soaRecord(ttl int) Record {
	return Record{Type: "SOA", Data: z.soa.NSPrimary + " " + z.soa.Email, TTL: ttl}
}

// at returns the records of exactly this name, relative to the zone, and
// whether it exists: one with just others below it does, and has none.
func (z *zone) at(name string) (records []Record, exists bool) {
	exists = name == ""
	hasNS := false
	for _, r := range z.records {
		owner := strings.ToLower(r.Name)
		switch {
		case owner == name:
			records, exists = append(records, r.Record), true
			hasNS = hasNS || r.Type == "NS"
		case strings.HasSuffix(owner, "."+name):
			exists = true
		}
	}
	if name == "" {
		records = append(records, z.soaRecord(defaultTTL))
		if !hasNS {
			for _, server := range []string{"ns1.vultr.com", "ns2.vultr.com"} {
				records = append(records, Record{Type: "NS", Data: server, TTL: defaultTTL})
			}
		}
	}
	return records, exists
}
