package model

// DNS says at which provider the records are, and how it takes changes. A record set is
// all records of a name and type. The zero value is a DNS that makes, changes and deletes
// records one by one, that refuses a record whose TTL is not that of its set, and that may
// refuse to change a TTL in place.
type DNS struct {
	Name    Provider
	Section string // of the configuration

	// WholeSets: one call replaces a record set, with its TTL; see Replace.
	WholeSets bool
	// TTLEach: each record has a TTL of its own, which changes in place.
	TTLEach bool
}

// ChangesTTL reports whether a TTL can be changed while other records of the set stand.
func (d DNS) ChangesTTL() bool { return d.WholeSets || d.TTLEach }

// Key is the full name of one of its keys in the configuration: "dns.ttl".
func (d DNS) Key(name string) string { return d.Section + "." + name }
