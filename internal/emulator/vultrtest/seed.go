package vultrtest

import (
	"fmt"
	"slices"
	"time"
)

// Records returns the records of a zone in the order of their creation; none if
// there is no such zone.
func (a *Account) Records(domain string) []Record {
	a.state.RLock()
	defer a.state.RUnlock()
	z := a.findZone(domain)
	if z == nil {
		return nil
	}
	var all []Record
	for _, r := range z.records {
		all = append(all, r.Record)
	}
	return all
}

// AddDomain adds an empty zone as if somebody else had.
func (a *Account) AddDomain(name string) {
	a.state.Edit(func() bool {
		a.addZone(name, dnssecDisabled)
		return true
	})
}

// RemoveDomain deletes a zone with its records behind the client's back, and says
// whether it was there.
func (a *Account) RemoveDomain(name string) bool {
	return a.state.Edit(func() bool {
		z := a.findZone(name)
		a.zones = slices.DeleteFunc(a.zones, func(other *zone) bool { return other == z })
		return z != nil
	})
}

// Seed adds a record as if somebody else had, and returns its id: r's own, or a
// new one. r is taken as the API shows records, with a relative name and TXT
// data in quotes; no rule applies to it. Seed panics if there is no such zone.
func (a *Account) Seed(domain string, r Record) (id string) {
	a.state.Edit(func() bool {
		z := a.findZone(domain)
		if z == nil {
			panic(fmt.Sprintf("emulator: no zone %q", domain))
		}
		id = a.addRecord(z, r).ID
		return true
	})
	return id
}

// Edit changes a record behind the client's back and says whether there is such
// a record. No rule applies. edit must not use the account.
func (a *Account) Edit(domain, id string, edit func(*Record)) bool {
	return a.editRecord(domain, id, func(z *zone, i int) { edit(&z.records[i].Record) })
}

// Remove deletes a record behind the client's back and says whether it was there.
func (a *Account) Remove(domain, id string) bool {
	return a.editRecord(domain, id, func(z *zone, i int) { z.records = slices.Delete(z.records, i, i+1) })
}

// editRecord changes the state by edit, which gets a record's zone and index, and
// says whether there is such a record.
func (a *Account) editRecord(domain, id string, edit func(z *zone, i int)) bool {
	return a.state.Edit(func() bool {
		z := a.findZone(domain)
		if z == nil {
			return false
		}
		i := z.find(id)
		if i < 0 {
			return false
		}
		edit(z, i)
		return true
	})
}

// PullZones returns the pull zones of the CDN in the order of their creation,
// each as it is at the moment.
func (a *Account) PullZones() []PullZone {
	a.state.RLock()
	defer a.state.RUnlock()
	var zones []PullZone
	for _, z := range a.pullZones {
		zones = append(zones, z.shown(a.options.Now()))
	}
	return zones
}

// SeedPullZone adds a pull zone as if somebody else had, and returns its id. An
// id, a date, a CDN URL and regions are made up where it has none, and without
// a status it is active; no rule applies to it.
func (a *Account) SeedPullZone(zone PullZone) (id string) {
	if zone.Status == "" {
		zone.Status = zoneActive
	}
	zone.Regions = slices.Clone(zone.Regions)
	a.state.Edit(func() bool {
		id = a.addPullZone(zone).ID
		return true
	})
	return id
}

// EditPullZone changes a pull zone behind the client's back and says whether
// there is such a zone. No rule applies; a status that is set stays. edit must
// not use the account.
func (a *Account) EditPullZone(id string, edit func(*PullZone)) bool {
	return a.state.Edit(func() bool {
		i := a.findPullZone(id)
		if i < 0 {
			return false
		}
		z := a.pullZones[i]
		zone := z.shown(a.options.Now())
		before := zone.Status
		edit(&zone)
		if zone.Status != before {
			z.active = time.Time{}
		}
		z.PullZone = zone
		return true
	})
}

// RemovePullZone deletes a pull zone behind the client's back and says whether
// it was there.
func (a *Account) RemovePullZone(id string) bool {
	return a.state.Edit(func() bool {
		i := a.findPullZone(id)
		if i < 0 {
			return false
		}
		a.pullZones = slices.Delete(a.pullZones, i, i+1)
		return true
	})
}
