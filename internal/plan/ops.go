package plan

import "time"

// Verb is what an operation does.
type Verb string

const (
	Create Verb = "create"
	Update Verb = "update"
	Delete Verb = "delete"
	// LookUp searches the scope of New for what became of operations whose
	// replies were lost, and for objects that were missing from a list.
	LookUp Verb = "look up"
	// Verify reads New by itself: unlike a list, that is never out of date.
	Verify Verb = "verify"
)

// Reads reports whether it changes nothing at the provider.
func (v Verb) Reads() bool { return v == LookUp || v == Verify }

// Object is what stands at a provider.
type Object[T any] interface {
	Rule | Record
	Key() string      // the place it takes: one operation at a time
	Identity() string // the provider's ID
	WithIdentity(string) T
	Scope() string // what a search for it covers
	Equal(T) bool
	Compare(T) int // orders all that stand, each with an ID of its own
	// Observed returns the object with what only the provider says of it, of one
	// that stands and is Equal.
	Observed(stands T) T
}

// Op is one operation at a provider. It refers to its objects, which are not
// written to: ten thousand operations are planned anew many times.
type Op[T Object[T]] struct {
	Verb    Verb
	From    *T        // what stands, see Old
	To      *T        // what shall stand, see New
	Ingress IngressID // whom it serves; zero for what many may share, as addresses
	Adopt   bool      // Old is not marked and is taken over
	Urgency int       // lower goes first
	Turn    Tenant    // whose turn it takes where it is for no single Ingress
}

// Tenant is a namespace of a cluster: those who write there share their turns at the
// providers. One without a namespace stands for what nobody claims any more in a
// cluster, and the zero Tenant for what serves everybody, as the addresses of nodes do.
type Tenant struct{ Cluster, Namespace string }

// Tenant is whose turn the operation takes.
func (op Op[T]) Tenant() Tenant {
	if op.Ingress != (IngressID{}) {
		return op.Ingress.tenant()
	}
	return op.Turn
}

func (id IngressID) tenant() Tenant { return Tenant{id.Cluster, id.Namespace} }

// Old is what stands, of an update or a delete, otherwise the zero value.
func (op Op[T]) Old() T { return orZero(op.From) }

// New is what shall stand, of a create or an update; of a look up or a verify
// what to search for or to read; otherwise the zero value.
func (op Op[T]) New() T { return orZero(op.To) }

func orZero[T any](o *T) (zero T) {
	if o == nil {
		return zero
	}
	return *o
}

// Verification returns the operation that reads r by itself.
func Verification(r Record) Op[Record] {
	return Op[Record]{Verb: Verify, To: &r, Urgency: urgentLookUp}
}

// Key is the place that the operation works on.
func (op Op[T]) Key() string {
	switch op.Verb {
	case LookUp:
		return "look up " + op.New().Scope()
	case Verify:
		return "verify " + op.New().Identity()
	case Create:
		return op.New().Key()
	}
	return op.Old().Key()
}

// Same reports whether repeating op would do what other did. All searches of
// one scope are the same, whatever they are for.
func (op Op[T]) Same(other Op[T]) bool {
	if op.Verb == LookUp {
		return other.Verb == LookUp && op.Key() == other.Key()
	}
	return op.Verb == other.Verb && op.Old().Identity() == other.Old().Identity() && op.New().Equal(other.New())
}

// Status is how far an operation has come.
type Status int

const (
	InFlight Status = iota // its reply is awaited
	Unsure                 // its reply was lost: it is neither done nor undone until looked up
	Parked                 // it failed without effect and waits before it is tried again
)

// Attempt is an operation under way, or one that did not end well.
type Attempt[T Object[T]] struct {
	Op[T]
	Status Status
}

// View is what is known of one provider.
type View[T Object[T]] struct {
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
	// Rejected are the keys of those Parked attempts that the provider understood and
	// refused: as they are they will hardly ever succeed.
	Rejected map[string]bool
	// Taken are the keys of those Parked creations for which there is no room beside
	// what stands there.
	Taken map[string]bool
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
type Written[T Object[T]] struct {
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

// tried reports whether each part was read, or could not be.
func (v View[T]) tried() bool {
	for _, p := range v.Parts {
		if !p.Known && p.Fault == "" {
			return false
		}
	}
	return v.Known
}

// complete reports whether each part was read, and can be.
func (v View[T]) complete() bool {
	for _, p := range v.Parts {
		if !p.seen() {
			return false
		}
	}
	return v.Known
}

// seen reports whether a part was read, and can be.
func (p Part) seen() bool { return p.Known && p.Fault == "" }

// part returns what is known of a part: of a CDN or of a zone.
func (v View[T]) part(name string) Part {
	if p, ok := v.Parts[name]; ok {
		return p
	}
	return v.whole()
}

// whole is what is known of all parts together.
func (v View[T]) whole() Part { return Part{Known: v.Known, Read: v.Read, Took: v.Took} }
