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
