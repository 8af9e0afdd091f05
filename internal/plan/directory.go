package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// directory is all records that stand, with those sorted out that concern the owner
// whatever is wanted. The zones may hold many more of others: these are looked up by
// their names, where a host is published. It is not changed once made.
type directory struct {
	all      []*model.Record // in the order that Compare makes
	concerns []*model.Record // likewise
}

// Concerns reports whether an object at a provider concerns the owner whatever is
// wanted: a rule that is its own or has its origin's name, or such a record; see
// directory.
func Concerns[T model.Object[T]](s model.Settings, o T) bool {
	switch o := any(o).(type) {
	case model.Rule:
		_, named := model.Relative(o.SourceHost, s.Owner+"."+s.Domain)
		return named || ownerOf(&o, new(desired.Route), s.Owner) != nil
	case model.Record:
		return concerns(&o, s.Owner)
	}
	return true
}

// after returns the directory of another list. Of a hundred thousand records only
// those are looked at that are in one of both lists.
func (before directory) after(all []*model.Record, owner string) directory {
	compare := func(a, b *model.Record) int { return a.Compare(*b) }
	concerning := func(list []*model.Record) []*model.Record {
		return slices.DeleteFunc(list, func(r *model.Record) bool { return !concerns(r, owner) })
	}
	gone, come := ordered.Changes(before.all, all, compare)
	return directory{all, ordered.Patch(before.concerns, concerning(gone), concerning(come), compare)}
}

// concerns reports whether a record lies in the owner's part of the zone, marks a
// published host as the owner's, or claims a part of the zone for any owner.
func concerns(r *model.Record, owner string) bool {
	if _, ours := model.ClusterOf(r, owner); ours {
		return true
	}
	if _, ours := model.ParseAliasLabel(r, owner); ours {
		return true
	}
	_, claim := ownershipFor(r)
	return claim
}

// ownershipFor is the owner for whom a record claims a part of the origins' zone.
func ownershipFor(r *model.Record) (owner string, ok bool) {
	if r.Type != "TXT" || r.Zone != "" || !strings.HasPrefix(r.Name, model.OwnerPrefix) {
		return "", false
	}
	o, ok := model.ParseOwnership(r.Data)
	return o.Owner, ok && strings.HasSuffix(r.Name, "."+o.Owner)
}

// concernedRecords are those that concern us whatever is wanted, and those at the names
// of published hosts.
func (p *planner) concernedRecords(yield func(*model.Record) bool) {
	names := [][]*model.Record{p.stands.concerns}
	for _, host := range p.hosts {
		for _, at := range p.Settings.PlacesOf(host) {
			names = append(names, p.stands.at(at), p.stands.at(at.OwnerName()))
		}
	}
	for _, r := range slices.Concat(names...) {
		if !yield(r) {
			return
		}
	}
}

// at are the records of a name.
func (d directory) at(name model.RecordName) []*model.Record {
	from, _ := slices.BinarySearchFunc(d.all, name, func(r *model.Record, name model.RecordName) int {
		return cmp.Or(strings.Compare(r.Zone, name.Zone), strings.Compare(r.Name, name.Name))
	})
	to := from
	for to < len(d.all) && d.all[to].Zone == name.Zone && d.all[to].Name == name.Name {
		to++
	}
	return d.all[from:to:to]
}
