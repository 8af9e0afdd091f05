package addresses

// Families says in which IP families something answers, or has addresses.
type Families struct{ V4, V6 bool }

// BothFamilies are IPv4 and IPv6.
func BothFamilies() Families { return Families{V4: true, V6: true} }

// None reports whether it is neither family.
func (f Families) None() bool { return f == Families{} }

// Both reports whether it is both families.
func (f Families) Both() bool { return f == BothFamilies() }

// Meets reports whether f and o have a family in common.
func (f Families) Meets(o Families) bool { return !f.And(o).None() }

// And returns the families that both have.
func (f Families) And(o Families) Families { return Families{f.V4 && o.V4, f.V6 && o.V6} }

// Or returns the families that either has.
func (f Families) Or(o Families) Families { return Families{f.V4 || o.V4, f.V6 || o.V6} }

// Except returns the families of f that o does not have.
func (f Families) Except(o Families) Families { return Families{f.V4 && !o.V4, f.V6 && !o.V6} }

// Others returns the families that are not in f.
func (f Families) Others() Families { return BothFamilies().Except(f) }
