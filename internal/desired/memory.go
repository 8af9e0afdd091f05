package desired

import (
	"github.com/edgeward/edgeward/internal/model"
)

// AddKeys adds the keys of the set's records to some.
func (s Set) AddKeys(name string, keys map[model.Place]bool) map[model.Place]bool {
	if keys == nil {
		keys = make(map[model.Place]bool)
	}
	for _, ip := range s.Addresses {
		keys[model.AddressRecord(name, ip, 0).Key()] = true
	}
	if s.CNAME != "" {
		keys[model.Record{Name: name, Type: "CNAME"}.Key()] = true
	}
	return keys
}
