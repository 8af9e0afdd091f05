package observed

import (
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// View is what is known of one provider.
type View[T model.Object[T]] struct {
	Known bool // it was read since the daemon started: of several CDNs all, of several zones that of the origins
	// Read is when the last complete reading began, the oldest of several, and Took how
	// long it took, the longest.
	Read time.Time
	Took time.Duration
	// Parts are what is read by itself, each of several CDNs by its name or each zone
	// by what Record.Zone says; nil: there is one part, and Known and Read are its own.
	Parts map[string]Part
	// Objects are in the order that Compare makes, and not written to: what was changed
	// is another one. What was not is best the same as in the View before.
	Objects []*T
	// Missing holds the IDs of Objects that the last reading did not show. They
	// are neither there nor gone until they were looked up: lists lag, and
	// shift while they are paged through.
	Missing  map[string]bool
	Attempts []Attempt[T]
	// Rejected are the keys of those attempts that are backing off since the provider
	// understood and refused them: as they are they will hardly ever succeed.
	Rejected map[model.Place]bool
	// Taken are the keys of those creations that are backing off since there is no room for
	// them beside what stands there.
	Taken map[model.Place]bool
	// Unproven are the IDs of Objects that may be gone: a deletion of theirs had no
	// reply, or the process before may have deleted them, and the lists that have
	// shown them since may be older.
	Unproven map[string]bool
	// Written are, by ID, the objects that this process wrote and that no reading has
	// shown as it wrote them.
	Written map[string]Written[T]
	// Refused says that the provider refuses our credentials: a rule does not wait
	// for an address because that was not tried yet.
	Refused bool
}

// Written is how this process has written an object. What stands under its ID is ours,
// whatever it says.
type Written[T model.Object[T]] struct {
	As   *T
	At   time.Time
	Made bool // this process made it, and did not find it
	// Again says that it was found to be otherwise and written anew.
	Again bool
}

// Refs are the elements of a list as a View has them.
func Refs[T any](list []T) []*T {
	refs := make([]*T, len(list))
	for i := range list {
		refs[i] = &list[i]
	}
	return refs
}

// Part is what is known of a part of a provider that is read by itself.
type Part struct {
	Known bool          // it was read since the daemon started
	Read  time.Time     // when the last complete reading began
	Took  time.Duration // how long it took
	// Fault is why it cannot be read, if that is so since the start or for good; "":
	// it was read, or is being read for the first time.
	Fault string
}

// Tried reports whether each part was read, or could not be.
func (v View[T]) Tried() bool {
	for _, p := range v.Parts {
		if !p.Known && p.Fault == "" {
			return false
		}
	}
	return v.Known
}

// Complete reports whether each part was read, and can be.
func (v View[T]) Complete() bool {
	for _, p := range v.Parts {
		if !p.Seen() {
			return false
		}
	}
	return v.Known
}

// Seen reports whether a part was read, and can be.
func (p Part) Seen() bool { return p.Known && p.Fault == "" }

// Part returns what is known of a part: of a CDN or of a zone.
func (v View[T]) Part(name string) Part {
	if p, ok := v.Parts[name]; ok {
		return p
	}
	return v.Whole()
}

// Whole is what is known of all parts together.
func (v View[T]) Whole() Part { return Part{Known: v.Known, Read: v.Read, Took: v.Took} }
