package model

import (
	"cmp"
	"strings"
)

// Record is a DNS record, wanted or observed.
type Record struct {
	ID   string // the provider's; "" for a record that is only wanted
	Zone string // without a dot at its end; "": the zone of the origins
	Name string // relative to the zone, in lower case; "": its apex
	Type string // "A", "AAAA", "CNAME", "TXT", …
	Data string // without quotes and without a dot at its end
	TTL  int    // seconds
}

// Key returns the record's place. A name has one CNAME, and one record of ours that says
// whose it is, whatever their data.
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

// WithData returns the record that an update with other data makes of it.
func (r Record) WithData(data string) Record {
	r.ID, r.Data = "", data
	return r
}

// Identity returns the provider's ID.
func (r Record) Identity() string { return r.ID }

// WithIdentity returns the record under another ID.
func (r Record) WithIdentity(id string) Record { r.ID = id; return r }

// Scope returns the place of a search for the record: all of its zone is read.
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

// Observed returns the record with what only the provider says of it.
func (r Record) Observed(stands Record) Record { return r.WithIdentity(stands.ID) }

// Resolves reports whether the record leads clients to an address or another name.
func (r *Record) Resolves() bool { return r.Type == "A" || r.Type == "AAAA" || r.Type == "CNAME" }

// AddressRecord returns the record of one address in a set, in the zone of the origins.
func AddressRecord(set, ip string, ttl int) Record {
	t := "A"
	if strings.Contains(ip, ":") {
		t = "AAAA"
	}
	return Record{Name: set, Type: t, Data: ip, TTL: ttl}
}
