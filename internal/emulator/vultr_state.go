package emulator

import (
	"fmt"
	"slices"
)

// Records returns the records of a zone in the order of their creation; none if
// there is no such zone.
func (v *Vultr) Records(domain string) []Record {
	v.mu.RLock()
	defer v.mu.RUnlock()
	z := v.findZone(domain)
	if z == nil {
		return nil
	}
	return z.others(-1)
}

// AddDomain adds an empty zone as if somebody else had.
func (v *Vultr) AddDomain(name string) {
	v.apply(false, func() bool { return v.addZone(name, dnssecDisabled) != nil })
}

// RemoveDomain deletes a zone with its records behind the client's back, and says
// whether it was there.
func (v *Vultr) RemoveDomain(name string) bool {
	return v.apply(false, func() bool {
		z := v.findZone(name)
		v.zones = slices.DeleteFunc(v.zones, func(other *zone) bool { return other == z })
		return z != nil
	})
}

// Seed adds a record as if somebody else had, and returns its id: r's own, or a
// new one. r is taken as the API shows records, with a relative name and TXT
// data in quotes; no rule applies to it. Seed panics if there is no such zone.
func (v *Vultr) Seed(domain string, r Record) (id string) {
	v.apply(false, func() bool {
		z := v.findZone(domain)
		if z == nil {
			panic(fmt.Sprintf("emulator: no zone %q", domain))
		}
		id = v.addRecord(z, r).ID
		return true
	})
	return id
}

// ReplaceKey makes the API key another one; the old one is refused from now on.
func (v *Vultr) ReplaceKey(key string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.options.Key = key
}

func (v *Vultr) key() string {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.options.Key
}

// Edit changes a record behind the client's back and says whether there is such
// a record. No rule applies. edit must not use the emulator.
func (v *Vultr) Edit(domain, id string, edit func(*Record)) bool {
	return v.inRecord(domain, id, func(z *zone, i int) { edit(&z.records[i].Record) })
}

// Remove deletes a record behind the client's back and says whether it was there.
func (v *Vultr) Remove(domain, id string) bool {
	return v.inRecord(domain, id, func(z *zone, i int) { z.records = slices.Delete(z.records, i, i+1) })
}

// inRecord changes the state by f, which gets a record's zone and index, and
// says whether there is such a record.
func (v *Vultr) inRecord(domain, id string, f func(z *zone, i int)) bool {
	return v.apply(false, func() bool {
		z := v.findZone(domain)
		if z == nil {
			return false
		}
		i := z.find(id)
		if i < 0 {
			return false
		}
		f(z, i)
		return true
	})
}
