package emulator

import (
	"slices"
	"time"
)

// PullZones returns the pull zones of the CDN in the order of their creation,
// each as it is at the moment.
func (v *Vultr) PullZones() []PullZone {
	v.mu.RLock()
	defer v.mu.RUnlock()
	var zones []PullZone
	for _, z := range v.pullZones {
		zones = append(zones, z.shown(v.options.Now()))
	}
	return zones
}

// SeedPullZone adds a pull zone as if somebody else had, and returns its id. An
// id, a date, a CDN URL and regions are made up where it has none, and without
// a status it is active; no rule applies to it.
func (v *Vultr) SeedPullZone(zone PullZone) (id string) {
	if zone.Status == "" {
		zone.Status = zoneActive
	}
	zone.Regions = slices.Clone(zone.Regions)
	v.options.Changes.apply(&v.mu, false, func() bool {
		id = v.addPullZone(zone).ID
		return true
	})
	return id
}

// EditPullZone changes a pull zone behind the client's back and says whether
// there is such a zone. No rule applies; a status that is set stays. edit must
// not use the emulator.
func (v *Vultr) EditPullZone(id string, edit func(*PullZone)) bool {
	return v.options.Changes.apply(&v.mu, false, func() bool {
		i := v.findPullZone(id)
		if i < 0 {
			return false
		}
		z := v.pullZones[i]
		zone := z.shown(v.options.Now())
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
func (v *Vultr) RemovePullZone(id string) bool {
	return v.options.Changes.apply(&v.mu, false, func() bool {
		i := v.findPullZone(id)
		if i < 0 {
			return false
		}
		v.pullZones = slices.Delete(v.pullZones, i, i+1)
		return true
	})
}
