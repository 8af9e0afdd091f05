package nameserver

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"
)

// Zone is what a DNS provider holds of one zone. The server answers from it as
// it stands, faulty records included.
type Zone struct {
	Name    string // in lower case, without a dot at its end
	SOA     SOA
	Records []Record
}

// SOA is the part of a zone's SOA record that its owner chooses.
type SOA struct {
	Primary string // the primary name server
	Mailbox string // of whoever is responsible, as an e-mail address
	TTL     int    // seconds
	// NegativeTTL, in seconds, is how long the absence of a name or record may
	// be remembered (RFC 2308).
	NegativeTTL int
}

// Record is one record of a zone.
type Record struct {
	Name     string // relative to the zone, "" for its apex
	Type     string // "A"
	Data     string // TXT in quotes, inside of which backslashes are not special
	Priority int    // of MX and SRV
	TTL      int    // seconds
}

// rr is the record as it goes over the wire, under its whole name.
func (r Record) rr(owner string) (dns.RR, error) {
	data := r.Data
	switch r.Type {
	case "TXT":
		header := dns.RR_Header{Name: dns.Fqdn(owner), Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: uint32(r.TTL)}
		return &dns.TXT{Hdr: header, Txt: characterStrings(r.Data)}, nil
	case "MX", "SRV":
		data = fmt.Sprintf("%d %s", r.Priority, r.Data)
	}
	return dns.NewRR(fmt.Sprintf("%s %d IN %s %s", dns.Fqdn(owner), r.TTL, r.Type, data))
}

// characterStrings is TXT data, in its quotes, cut into strings of at most 255
// bytes (RFC 1035 §3.3), in which the library has backslashes escaped.
func characterStrings(data string) []string {
	const longest = 255
	if len(data) >= 2 && strings.HasPrefix(data, `"`) && strings.HasSuffix(data, `"`) {
		data = data[1 : len(data)-1]
	}
	var list []string
	for len(data) > longest {
		list, data = append(list, escape(data[:longest])), data[longest:]
	}
	return append(list, escape(data))
}

func escape(text string) string { return strings.ReplaceAll(text, `\`, `\\`) }

// rr is the SOA record as it goes over the wire. Its serial says nothing, since
// nobody copies these zones.
func (s SOA) rr(zone string, ttl int) dns.RR {
	return &dns.SOA{
		Hdr: dns.RR_Header{Name: dns.Fqdn(zone), Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: uint32(ttl)},
		Ns:  dns.Fqdn(s.Primary), Mbox: dns.Fqdn(strings.Replace(s.Mailbox, "@", ".", 1)),
		Serial: 1, Refresh: 10800, Retry: 3600, Expire: 604800, Minttl: uint32(s.NegativeTTL),
	}
}
