package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Change is an operation that a run would come to.
type Change[T Object[T]] struct {
	Op[T]
	// After is how long a deletion waits for its grace or linger.
	After time.Duration
}

// Forecast is everything that a run would do now, in an order that is safe, if
// nothing changed meanwhile and every operation succeeded.
type Forecast struct {
	Rules   []Change[Rule]
	Records []Change[Record]
	// Last is the step that has nothing left to do.
	Last Step
}

// Empty reports whether a run would change nothing.
func (f Forecast) Empty() bool { return len(f.Rules)+len(f.Records) == 0 }

// maxSteps bounds a forecast. Each step does all that is safe, so that a few
// lead to the end.
const maxSteps = 1000

// Preview plays out what follows from in, without any provider. The operations
// under way in the views are ignored.
func Preview(in Input) (Forecast, error) {
	var f Forecast
	start := in.Now
	rules, records := newPlay(in.Rules), newPlay(in.Records)
	for range maxSteps {
		in.Rules, in.Records = rules.view(in.Now), records.view(in.Now)
		f.Last = Next(in)
		in.Memory = f.Last.Memory
		for _, op := range f.Last.Rules {
			f.Rules = append(f.Rules, Change[Rule]{rules.apply(op), in.Now.Sub(start)})
		}
		for _, op := range f.Last.Records {
			f.Records = append(f.Records, Change[Record]{records.apply(op), in.Now.Sub(start)})
		}
		switch {
		case len(f.Last.Rules)+len(f.Last.Records) > 0:
		case f.Last.Wake.IsZero():
			return f, nil
		default:
			in.Now = f.Last.Wake
		}
	}
	return f, fmt.Errorf("the plan does not come to an end after %d steps", maxSteps)
}

// Foreseen is what a create or an update would come to, as far as that can be
// known before: what the provider makes up itself is named, not invented. An
// object that is made gets the given ID.
func Foreseen[T Object[T]](op Op[T], id string) T {
	if op.Verb == Update {
		id = op.Old().Identity()
	}
	o := op.New().WithIdentity(id)
	r, ok := any(o).(Rule)
	if !ok || r.CDN == Edgio {
		return o
	}
	if r.Published = "(the name that the CDN gives)"; op.Verb == Update {
		old := any(op.Old()).(Rule)
		r.Published, r.Pending = old.Published, old.Pending
	}
	return any(r).(T)
}

// play is a provider that does whatever it is asked.
type play[T Object[T]] struct {
	read    View[T]
	objects map[string]*T
	made    int
}

func newPlay[T Object[T]](v View[T]) *play[T] {
	p := &play[T]{read: v, objects: make(map[string]*T, len(v.Objects))}
	for _, o := range v.Objects {
		p.objects[(*o).Identity()] = o
	}
	return p
}

// view is what stands now, as read now: what could not be read at the beginning
// cannot be read now.
func (p *play[T]) view(now time.Time) View[T] {
	v := View[T]{Known: p.read.Known, Read: now, Parts: make(map[string]Part, len(p.read.Parts))}
	for name, part := range p.read.Parts {
		if part.Known {
			part.Read = now
		}
		v.Parts[name] = part
	}
	v.Objects = slices.SortedFunc(maps.Values(p.objects), func(a, b *T) int { return (*a).Compare(*b) })
	return v
}

func (p *play[T]) apply(op Op[T]) Op[T] {
	switch op.Verb {
	case Create:
		p.made++
		made := Foreseen(op, fmt.Sprintf("new-%d", p.made))
		p.objects[made.Identity()] = &made
	case Update:
		p.objects[op.Old().Identity()] = new(Foreseen(op, ""))
	case Delete:
		delete(p.objects, op.Old().Identity())
	}
	return op
}
