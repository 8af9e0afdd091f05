package recordset

import (
	"time"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Name is a name that rules use, and what is wanted and what stands behind it.
type Name struct {
	Name    string // in the zone of the origins
	Set     addresses.Set
	Records []*model.Record // all that stand, but for those that are to go for their type
	TTL     int             // that the records shall have
	// Blocked says that records of another type have the name, so that nothing can be made:
	// a CNAME stands alone. TTLChanges says that the TTL is about to be another one.
	Blocked, TTLChanges bool
	Refusals            map[string]Refusal // of TTLs, by the record's ID, as they were remembered
	Now                 time.Time
}

// State is how far a name is.
type State struct {
	Standing  int  // usable records
	Tried     bool // nothing but failed operations keeps it from being in sync
	Converged bool
	Failed    bool
	Unproven  *model.Record // one of its records, where none is certain to stand
}

// Result is what was found of a name, beside the operations that were added.
type Result struct {
	State
	Addresses []string  // that shall stand, sorted
	Surplus   []Surplus // addresses that nobody wants
	// Left is how many of the wanted addresses there are when the surplus is gone.
	Left int
	// LastKnown says that no addresses are wanted now, so that those that stand stay.
	LastKnown bool
	Refusals  map[string]Refusal // to be remembered
}

// Surplus is a record that nobody wants. It may go once others stand in its place.
type Surplus struct {
	*model.Record
	MayGo bool
}

// CNAME brings a name that is one CNAME towards its target. That changes in place, so that
// the name resolves at any time.
func (c *Changes) CNAME(n Name) State {
	want := model.Record{Name: n.Name, Type: "CNAME", Data: n.Set.CNAME, TTL: n.TTL}
	stands, sure := c.Places.Sure(want.Key())
	failed := c.View.Refused || c.Places.Is(want.Key(), observed.BackingOff)
	unfinished := State{Tried: failed, Failed: failed}
	switch {
	case sure && (stands.Equal(want) || len(n.Records) > 1):
		c.removeDuplicates(stands)
	case sure && stands.Data != want.Data: // by itself: a change of data and TTL at once may be refused
		c.Change(stands, stands.WithData(want.Data), model.UrgentChange)
	case sure && !n.TTLChanges:
		c.ChangeTTL(stands, n.TTL)
	case sure: // its TTL will follow
	case c.Places.Doubtful(want.Key()) || c.Places.Is(want.Key(), observed.InFlight):
		return State{}
	case n.Blocked:
		return unfinished
	default:
		c.Create(want, model.UrgentCreate)
		return unfinished
	}
	if stands.Data != want.Data {
		return unfinished
	}
	return State{Standing: 1, Tried: true, Converged: true, Unproven: c.Unproven([]*model.Record{stands})}
}
