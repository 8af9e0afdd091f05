package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/ordered"
)

// directory is all records that stand, with those sorted out that concern the owner
// whatever is wanted. The zones may hold many more of others: these are looked up by
// their names, where a host is published. It is not changed once made.
type directory struct {
	all      []*Record // in the order that Compare makes
	concerns []*Record // likewise
}

// Concerns reports whether an object at a provider concerns the owner whatever is
// wanted: a rule that is its own or has its origin's name, or such a record; see
// directory.
func Concerns[T Object[T]](s Settings, o T) bool {
	switch o := any(o).(type) {
	case Rule:
		_, named := relative(o.SourceHost, s.Owner+"."+s.Domain)
		return named || ownerOf(&o, new(Route), s.Owner) != nil
	case Record:
		return concerns(&o, s.Owner)
	}
	return true
}

// after returns the directory of another list. Of a hundred thousand records only
// those are looked at that are in one of both lists.
func (before directory) after(all []*Record, owner string) directory {
	compare := func(a, b *Record) int { return a.Compare(*b) }
	concerning := func(list []*Record) []*Record {
		return slices.DeleteFunc(list, func(r *Record) bool { return !concerns(r, owner) })
	}
	gone, come := ordered.Changes(before.all, all, compare)
	return directory{all, ordered.Patch(before.concerns, concerning(gone), concerning(come), compare)}
}

// concerns reports whether a record lies in the owner's part of the zone, marks a
// published host as the owner's, or claims a part of the zone for any owner.
func concerns(r *Record, owner string) bool {
	if _, ours := clusterOf(r, owner); ours {
		return true
	}
	if _, ours := publisher(r, owner); ours {
		return true
	}
	_, claim := claimsFor(r)
	return claim
}

// claimsFor is the owner for whom a record claims a part of the origins' zone.
func claimsFor(r *Record) (owner string, ok bool) {
	if r.Type != "TXT" || r.Zone != "" || !strings.HasPrefix(r.Name, markLabel) {
		return "", false
	}
	o, ok := ParseOwnership(r.Data)
	return o.Owner, ok && strings.HasSuffix(r.Name, "."+o.Owner)
}

// concernedRecords are those that concern us whatever is wanted, and those at the names
// of published hosts.
func (p *planner) concernedRecords(yield func(*Record) bool) {
	names := [][]*Record{p.stands.concerns}
	for _, host := range p.hosts {
		for _, at := range p.Settings.PlacesOf(host) {
			names = append(names, p.stands.at(at), p.stands.at(at.mark()))
		}
	}
	for _, r := range slices.Concat(names...) {
		if !yield(r) {
			return
		}
	}
}

// at are the records of a name.
func (d directory) at(name recordName) []*Record {
	from, _ := slices.BinarySearchFunc(d.all, name, func(r *Record, name recordName) int {
		return cmp.Or(strings.Compare(r.Zone, name.zone), strings.Compare(r.Name, name.name))
	})
	to := from
	for to < len(d.all) && d.all[to].Zone == name.zone && d.all[to].Name == name.name {
		to++
	}
	return d.all[from:to:to]
}
