package model

import "slices"

// Verb is what an operation does.
type Verb string

const (
	Create Verb = "create"
	Update Verb = "update"
	Delete Verb = "delete"
	// Replace puts the records ToSet in the place of FromSet, all records of a name and
	// type, where they still are just these; otherwise it changes nothing. Either list may
	// be empty, that of what stands or that of what shall.
	Replace Verb = "replace"
	// LookUp searches the scope of New for what became of operations whose
	// replies were lost, and for objects that were missing from a list.
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
	FromSet []*T      // of a Replace, what stands
	ToSet   []*T      // of a Replace, what shall stand
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

// Old is what stands, of an update or a delete, and the first of that of a replace;
// otherwise the zero value.
func (op Op[T]) Old() T { return firstOf(op.From, op.FromSet) }

// New is what shall stand, of a create or an update, and the first of that of a replace; of
// a look up or a verify what to search for or to read; otherwise the zero value.
func (op Op[T]) New() T { return firstOf(op.To, op.ToSet) }

func firstOf[T any](o *T, set []*T) (zero T) {
	if o == nil && len(set) > 0 {
		o = set[0]
	}
	if o == nil {
		return zero
	}
	return *o
}

// Touched are the objects that a write makes, changes or takes away, before and after. What
// a replaced set keeps as it is is none of them.
func (op Op[T]) Touched() (objects []*T) {
	if op.Verb != Replace {
		return slices.DeleteFunc([]*T{op.From, op.To}, func(o *T) bool { return o == nil })
	}
	without := func(list, others []*T) {
		for _, o := range list {
			if !slices.ContainsFunc(others, func(other *T) bool { return (*o).Equal(*other) }) {
				objects = append(objects, o)
			}
		}
	}
	without(op.FromSet, op.ToSet)
	without(op.ToSet, op.FromSet)
	return objects
}

// Verification returns the operation that reads r by itself.
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
	case Replace:
		for _, o := range slices.Concat(op.FromSet, op.ToSet) {
			if r, ok := any(*o).(Record); ok {
				return r.SetPlace()
			}
		}
	}
	return op.Old().Key()
}

// Same reports whether op would do what other did. All searches of one scope are the
// same, whatever they are for.
func (op Op[T]) Same(other Op[T]) bool {
	if op.Verb == LookUp {
		return other.Verb == LookUp && op.Key() == other.Key()
	}
	if op.Verb == Replace {
		equal := func(a, b *T) bool { return (*a).Equal(*b) }
		return other.Verb == Replace && slices.EqualFunc(op.FromSet, other.FromSet, equal) && slices.EqualFunc(op.ToSet, other.ToSet, equal)
	}
	return op.Verb == other.Verb && op.Old().Identity() == other.Old().Identity() && op.New().Equal(other.New())
}
