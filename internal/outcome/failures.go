package outcome

import (
	"cmp"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
)

// Failure is an operation that failed when it was last tried, and is tried again while it
// is wanted.
type Failure struct {
	Provider model.Provider
	Verb     model.Verb
	Place    model.Place
	Ingress  model.IngressID // whom it serves; zero for searches and for what many may share, as addresses
	Error    string          // of the last try
	Times    int             // how often it was tried in vain, one after the other
	Since    time.Time       // when the first of these tries failed
	Next     time.Time       // when it may be tried again; zero: that is under way
}

// failures finds what fails at a place.
type failures struct {
	at     map[model.Place]*Failure
	ofName map[string]*Failure // the first among the records of a name
}

func findFailures(list []Failure) failures {
	found := failures{at: make(map[model.Place]*Failure, len(list)), ofName: make(map[string]*Failure)}
	for i := range list {
		f := &list[i]
		if found.at[f.Place] == nil {
			found.at[f.Place] = f
		}
		if f.Place.IsRecord() && found.ofName[f.Place.Name] == nil {
			found.ofName[f.Place.Name] = f
		}
	}
	return found
}

// keeping returns what keeps a route from its place: an operation on its rule or, while it
// is on the way, a search for it. Where a provider failed that may also be an address of its
// set, or the record by which the owner has the names of its cluster. It is nil where nothing
// of that fails.
func (f failures) keeping(r Route, want *desired.Route, owner string) *Failure {
	if len(f.at) == 0 || r.Key == (model.RuleKey{}) || r.State != desired.Failed && r.State != desired.Pending {
		return nil
	}
	own, search := f.at[r.Key.Place()], f.at[model.Rule{RuleKey: r.Key}.Scope()]
	if r.State == desired.Pending {
		return cmp.Or(own, search)
	}
	return cmp.Or(own, f.ofName[want.Set], f.ofName[model.OwnershipName(want.Ingress.Cluster, owner)], search)
}
