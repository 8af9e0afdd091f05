package model

// Verb is what an operation does.
type Verb string

const (
	Create Verb = "create"
	Update Verb = "update"
	Delete Verb = "delete"
	// LookUp searches the scope of New for what became of operations whose replies were
	// lost, and for objects that were missing from a list.
	LookUp Verb = "look up"
	// Verify reads New by itself: unlike a list, that is never out of date.
	Verify Verb = "verify"
)

// Reads reports whether an operation with the verb changes nothing at the provider.
func (v Verb) Reads() bool { return v == LookUp || v == Verify }

// Object is what stands, or shall stand, at a provider.
type Object[T any] interface {
	Rule | Record
	Key() Place       // where it stands
	Identity() string // the provider's ID
	WithIdentity(string) T
	Scope() Place  // what a search for it covers
	Equal(T) bool  // whether both say the same, apart from what only the provider says
	Compare(T) int // the order of all that stand, each with an ID of its own
	// Observed returns the object with what only the provider says of it, as stands has
	// it, which is Equal.
	Observed(stands T) T
}

// Op is one operation at a provider. It refers to its objects instead of copying them,
// since ten thousand operations are planned anew many times. They are not written to.
type Op[T Object[T]] struct {
	Verb    Verb
	From    *T        // what stands, see Old
	To      *T        // what shall stand, see New
	Ingress IngressID // whom it serves; zero for what many may share, as addresses
	Adopt   bool      // Old has no owner label and is taken over
	Urgency int       // one of the urgencies; the lower goes first
	Turn    Tenant    // whose turn it takes where it serves no single Ingress
}

// Tenant returns whose turn the operation takes.
func (op Op[T]) Tenant() Tenant {
	if op.Ingress != (IngressID{}) {
		return op.Ingress.Tenant()
	}
	return op.Turn
}

// Old returns what stands, of an update or a delete; otherwise the zero value.
func (op Op[T]) Old() T { return orZero(op.From) }

// New returns what shall stand, of a create or an update; what to search for or to read,
// of a look up or a verify; otherwise the zero value.
func (op Op[T]) New() T { return orZero(op.To) }

func orZero[T any](o *T) (zero T) {
	if o == nil {
		return zero
	}
	return *o
}

// Verification returns the operation that reads a record by itself.
func Verification(r Record) Op[Record] {
	return Op[Record]{Verb: Verify, To: &r, Urgency: UrgentLookUp}
}

// Key returns the place that the operation works on.
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

// Same reports whether op would do what other did. All searches of one scope are the
// same, whatever they are for.
func (op Op[T]) Same(other Op[T]) bool {
	if op.Verb == LookUp {
		return other.Verb == LookUp && op.Key() == other.Key()
	}
	return op.Verb == other.Verb && op.Old().Identity() == other.Old().Identity() && op.New().Equal(other.New())
}
