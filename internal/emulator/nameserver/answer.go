package nameserver

import (
	"strings"

	"github.com/miekg/dns"
)

// maxAliases is how many CNAMEs are followed for one answer; a longer chain is
// taken for a loop, and the answer ends there.
const maxAliases = 8

// answer is what the name server of some zones says to one question.
type answer struct {
	rcode         int
	authoritative bool
	records       []dns.RR
	authority     []dns.RR // the SOA that bounds how long absence is remembered
}

// lookup answers the question for the records of a type ("A") under a name, as
// an authoritative name server does: a CNAME is followed through all zones (RFC
// 1034 §4.3.2) and the code is that of its end (RFC 6604), a wildcard stands
// for what does not exist (RFC 4592), and a name that only has others below it
// exists (RFC 8020). A name outside of the zones is refused. No zone delegates:
// NS records below its apex are records like others. It is an error if a record
// cannot be put on the wire.
func lookup(zones []Zone, name, kind string) (answer, error) {
	var a answer
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for range maxAliases {
		zone, relative := zoneOf(zones, name)
		if zone == nil {
			if !a.authoritative {
				a.rcode = dns.RcodeRefused
			}
			return a, nil // where an alias leads to is for others to say
		}
		a.authoritative = true
		if relative == "" && kind == "SOA" {
			a.records = append(a.records, zone.SOA.rr(zone.Name, zone.SOA.TTL))
			return a, nil
		}
		records, exists := zone.match(relative)
		found, alias := false, ""
		for _, r := range records {
			if r.Type != kind && r.Type != "CNAME" {
				continue
			}
			found = true
			rr, err := r.rr(name)
			if err != nil {
				return answer{}, err
			}
			a.records = append(a.records, rr)
			if r.Type != kind {
				alias = strings.ToLower(r.Data)
			}
		}
		if !found {
			a.authority = []dns.RR{zone.SOA.rr(zone.Name, zone.SOA.NegativeTTL)}
			if !exists {
				a.rcode = dns.RcodeNameError
			}
		}
		if alias == "" {
			return a, nil
		}
		name = alias
	}
	return a, nil
}

// zoneOf returns the zone that holds a name, the longest of several, and the
// name relative to it; nil if it lies in none.
func zoneOf(zones []Zone, name string) (holder *Zone, relative string) {
	for i := range zones {
		zone := &zones[i]
		if holder != nil && len(zone.Name) < len(holder.Name) {
			continue
		}
		if name == zone.Name {
			holder, relative = zone, ""
		} else if below, ok := strings.CutSuffix(name, "."+zone.Name); ok {
			holder, relative = zone, below
		}
	}
	return holder, relative
}

// match returns the records under a name relative to the zone, be it by a
// wildcard, and whether there is such a name.
func (z *Zone) match(name string) (records []Record, exists bool) {
	records, exists = z.at(name)
	for encloser := name; !exists; {
		_, encloser, _ = strings.Cut(encloser, ".")
		if _, stands := z.at(encloser); stands { // the apex always does
			return z.at(strings.TrimSuffix("*."+encloser, "."))
		}
	}
	return records, exists
}

// at returns the records of exactly this name, relative to the zone, and
// whether it exists: one with just others below it does, and has none.
func (z *Zone) at(name string) (records []Record, exists bool) {
	exists = name == ""
	for _, r := range z.Records {
		switch owner := strings.ToLower(r.Name); {
		case owner == name:
			records, exists = append(records, r), true
		case strings.HasSuffix(owner, "."+name):
			exists = true
		}
	}
	return records, exists
}
