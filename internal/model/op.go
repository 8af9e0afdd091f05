package model

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
	Key() Place       // the place it takes: one operation at a time
	Identity() string // the provider's ID
	WithIdentity(string) T
	Scope() Place // what a search for it covers
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

// Tenant is whose turn the operation takes.
func (op Op[T]) Tenant() Tenant {
	if op.Ingress != (IngressID{}) {
		return op.Ingress.Tenant()
	}
	return op.Turn
}

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
	return Op[Record]{Verb: Verify, To: &r, Urgency: UrgentLookUp}
}

// Key is the place that the operation works on.
func (op Op[T]) Key() Place {
	switch op.Verb {
	case LookUp:
		return op.New().Scope()
	case Verify:
		return Place{Kind: OneObject, Name: op.New().Identity()}
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
