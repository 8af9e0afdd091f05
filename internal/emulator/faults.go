package emulator

import (
	"math/rand/v2"
	"sync"
)

// Chooser decides what goes wrong with a call: the nth, from 1, since it was
// set. The call's Status is 0, as it is not answered yet.
type Chooser func(n int, call Call) Fault

// Nth has the nth call suffer a fault.
func Nth(n int, fault Fault) Chooser {
	return func(i int, _ Call) Fault {
		if i != n {
			return Fault{}
		}
		return fault
	}
}

// Always has all calls suffer the same fault.
func Always(fault Fault) Chooser { return func(int, Call) Fault { return fault } }

// Random has the given share of all calls suffer one of the faults, each as
// likely. What the nth call suffers depends on nothing but the seed and n.
func Random(seed uint64, share float64, faults ...Fault) Chooser {
	return func(n int, _ Call) Fault {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		if rng.Float64() >= share {
			return Fault{}
		}
		return faults[rng.IntN(len(faults))]
	}
}

// Only has no other calls than those suffer the faults of choose. The others
// are counted nevertheless.
func Only(which func(Call) bool, choose Chooser) Chooser {
	return func(n int, call Call) Fault {
		if !which(call) {
			return Fault{}
		}
		return choose(n, call)
	}
}

// Faults decide which calls go wrong. The zero value lets all pass; give one to
// several emulators to count their calls together. It is safe for concurrent
// use.
type Faults struct {
	mu     sync.Mutex
	choose Chooser
	n      int
}

// Set has choose decide from now on, and counts calls anew; nil ends all faults.
func (f *Faults) Set(choose Chooser) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.choose, f.n = choose, 0
}

// Count returns how many calls came since the last Set.
func (f *Faults) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// next is what goes wrong with the next call. One call at a time is decided on.
func (f *Faults) next(call Call) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	if f.choose == nil {
		return Fault{}
	}
	return f.choose(f.n, call)
}

// stage is where calls go wrong.
func (f *Faults) stage(refuse Refuse) Stage {
	return func(next Handler) Handler {
		if f == nil {
			return next
		}
		return func(r *Request) Reply {
			fault := f.next(r.route.call(r.Method))
			return Delay(fault.Delay)(func(r *Request) Reply { return fault.answer(r, next, refuse) })(r)
		}
	}
}
