package table

import (
	"cmp"
	"iter"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// Directory is all records that stand, with those sorted out that concern the owner
// whatever is wanted. The zones may hold many more of others: these are looked up by
// their names, where a host is published. It is not changed once made.
type Directory struct {
	all []*model.Record // in the order that Compare makes
	// Ours lie in the owner's part of the origins' zone or say that a published host's
	// name is the owner's, or they are an owner's record of ownership, whichever owner's.
	Ours []*model.Record // likewise
}

// Updated returns the directory of another list. Of a hundred thousand records only
// those are looked at that are in one of both lists.
func (d Directory) Updated(all []*model.Record, owner string) Directory {
	compare := func(a, b *model.Record) int { return a.Compare(*b) }
	concerning := func(list []*model.Record) []*model.Record {
		return slices.DeleteFunc(list, func(r *model.Record) bool { return !recordConcerns(r, owner) })
	}
	gone, come := ordered.Changes(d.all, all, compare)
	return Directory{all, ordered.Patch(d.Ours, concerning(gone), concerning(come), compare)}
}

// At are the records of a name.
func (d Directory) At(name model.RecordName) []*model.Record {
	from, _ := slices.BinarySearchFunc(d.all, name, func(r *model.Record, name model.RecordName) int {
		return cmp.Or(strings.Compare(r.Zone, name.Zone), strings.Compare(r.Name, name.Name))
	})
	to := from
	for to < len(d.all) && d.all[to].Zone == name.Zone && d.all[to].Name == name.Name {
		to++
	}
	return d.all[from:to:to]
}

// Concerning are the records that concern the owner whatever is wanted, and those at the
// names of these hosts.
func (d Directory) Concerning(hosts []string, set model.Settings) iter.Seq[*model.Record] {
	lists := [][]*model.Record{d.Ours}
	for _, host := range hosts {
		for _, name := range set.PlacesOf(host) {
			lists = append(lists, d.At(name), d.At(name.OwnerName()))
		}
	}
	return slices.Values(slices.Concat(lists...))
}

// Concerns reports whether an object at a provider concerns the owner whatever is
// wanted: a rule that is its own or has its origin's name, or such a record; see
// Directory.
func Concerns[T model.Object[T]](s model.Settings, o T) bool {
	switch o := any(o).(type) {
	case model.Rule:
		_, named := model.Relative(o.SourceHost, s.Owner+"."+s.Domain)
		return named || ingressOf(&o, new(desired.Route), s.Owner) != nil
	case model.Record:
		return recordConcerns(&o, s.Owner)
	}
	return true
}

func recordConcerns(r *model.Record, owner string) bool {
	if _, ours := model.ClusterOf(r, owner); ours {
		return true
	}
	if _, ours := model.ParseAliasLabel(r, owner); ours {
		return true
	}
	_, owned := OwnerOf(r)
	return owned
}

// OwnerOf is the owner whose record of ownership a record is; it is not ok for any other
// record.
func OwnerOf(r *model.Record) (owner string, ok bool) {
	if r.Type != "TXT" || r.Zone != "" || !strings.HasPrefix(r.Name, model.OwnerPrefix) {
		return "", false
	}
	o, ok := model.ParseOwnership(r.Data)
	return o.Owner, ok && strings.HasSuffix(r.Name, "."+o.Owner)
}
