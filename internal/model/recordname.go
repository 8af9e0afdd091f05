package model

import "strings"

// RecordName is a zone and a name in it, as Record has both.
type RecordName struct{ Zone, Name string }

// Wildcard returns the wildcard below the name: "*.www" for "www", "*" for the apex.
func (n RecordName) Wildcard() RecordName {
	return RecordName{n.Zone, strings.TrimSuffix("*."+n.Name, ".")}
}

// OwnerName returns the name of the alias label of what has this name, see AliasLabel.
func (n RecordName) OwnerName() RecordName { return RecordName{n.Zone, OwnerPrefix + n.Name} }
