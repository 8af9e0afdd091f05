package vultrtest

import (
	"slices"

	"github.com/edgeward/edgeward/internal/emulator/nameserver"
)

// negativeTTL, in seconds, is how long the absence of a name or record may be
// remembered. Vultr's value is not documented.
const negativeTTL = 300

// ListenDNS has the account's zones answered at an address of this machine, with
// the records as they stand at that moment, until the server is closed.
func (a *Account) ListenDNS(address string) (*nameserver.Server, error) {
	return nameserver.Listen(address, func() []nameserver.Zone {
		a.state.RLock()
		defer a.state.RUnlock()
		var zones []nameserver.Zone
		for _, z := range a.zones {
			zones = append(zones, z.answered())
		}
		return zones
	})
}

// answered is the zone as Vultr's name servers know it. Its SOA is no record of
// the API's, and neither need the NS records be.
func (z *zone) answered() nameserver.Zone {
	answered := nameserver.Zone{
		Name:    z.domain.Domain,
		SOA:     nameserver.SOA{Primary: z.soa.NSPrimary, Mailbox: z.soa.Email, TTL: defaultTTL, NegativeTTL: negativeTTL},
		Records: make([]nameserver.Record, 0, len(z.records)),
	}
	for _, r := range z.records {
		answered.Records = append(answered.Records, nameserver.Record{
			Name: r.Name, Type: r.Type, Data: r.Data, Priority: r.Priority, TTL: r.TTL,
		})
	}
	if !slices.ContainsFunc(z.records, func(r record) bool { return r.Name == "" && r.Type == "NS" }) {
		for _, server := range []string{"ns1.vultr.com", "ns2.vultr.com"} {
			answered.Records = append(answered.Records, nameserver.Record{Type: "NS", Data: server, TTL: defaultTTL})
		}
	}
	return answered
}
