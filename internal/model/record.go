package model

import (
	"cmp"
	"strings"
)

// Record is a DNS record. Name is relative to the zone ("" is the apex) and lower
// case, Data is without quotes and trailing dots, TTL is in seconds.
type Record struct {
	ID   string // the provider's; empty for one that is only wanted
	Zone string // "": that of the origins
	Name string
	Type string
	Data string
	TTL  int
}

// Key names the record's place: no two operations at one place run at a time. A
// name has one CNAME, and one claim or mark of ours, whatever it says.
func (r Record) Key() Place {
	place := r.SetPlace()
	if r.Type != "CNAME" && !(r.Type == "TXT" && strings.HasPrefix(r.Name, OwnerPrefix)) {
		place.Detail = r.Data
	}
	return place
}

// SetPlace is the place of the record's set: no two operations on one set run at a time
// where a DNS takes whole sets.
func (r Record) SetPlace() Place {
	name := r.Name
	if r.Zone != "" {
		name += "." + r.Zone
	}
	return Place{Kind: PlaceKind(r.Type), Name: name}
}

// WithData returns the record as it is to be changed into, with other data.
func (r Record) WithData(data string) Record {
	r.ID, r.Data = "", data
	return r
}

// Identity is the provider's name for the record.
func (r Record) Identity() string { return r.ID }

// WithIdentity returns the record under another ID.
func (r Record) WithIdentity(id string) Record { r.ID = id; return r }

// Scope is the zone: a search means reading it.
func (r Record) Scope() Place { return Place{Kind: SearchArea, Name: r.Zone} }

// Equal reports whether both records say the same, whatever their IDs.
func (r Record) Equal(o Record) bool {
	r.ID, o.ID = "", ""
	return r == o
}

// Compare orders records by zone, name, type, data, then ID.
func (r Record) Compare(o Record) int {
	return cmp.Or(strings.Compare(r.Zone, o.Zone), strings.Compare(r.Name, o.Name), strings.Compare(r.Type, o.Type),
		strings.Compare(r.Data, o.Data), strings.Compare(r.ID, o.ID))
}

// Observed returns the record with what only the provider says of it as it
// stands.
func (r Record) Observed(stands Record) Record { return r.WithIdentity(stands.ID) }

// Resolves reports whether a record leads to where something answers.
func (r *Record) Resolves() bool { return r.Type == "A" || r.Type == "AAAA" || r.Type == "CNAME" }

// AddressRecord is the record of one address in a set.
func AddressRecord(set, ip string, ttl int) Record {
	t := "A"
	if strings.Contains(ip, ":") {
		t = "AAAA"
	}
	return Record{Name: set, Type: t, Data: ip, TTL: ttl}
}
