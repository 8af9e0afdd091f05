package model

import (
	"strings"
)

// RecordName is a name in a zone, as Record has both.
type RecordName struct{ Zone, Name string }

// Wildcard is the name of the wildcard below this one.
func (n RecordName) Wildcard() RecordName {
	return RecordName{n.Zone, strings.TrimSuffix("*."+n.Name, ".")}
}

// OwnerName is the name of the mark of what has this name.
func (n RecordName) OwnerName() RecordName { return RecordName{n.Zone, OwnerPrefix + n.Name} }

// Relative is host as a name within domain.
func Relative(host, domain string) (name string, ok bool) {
	return strings.CutSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), "."+domain)
}

// Within reports whether a name is a domain or lies below it.
func Within(name, domain string) bool {
	return domain != "" && strings.HasSuffix(name, domain) &&
		(len(name) == len(domain) || name[len(name)-len(domain)-1] == '.')
}
