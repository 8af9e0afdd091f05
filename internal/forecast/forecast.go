// Package forecast plays out what a run would come to, without any provider.
package forecast

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/plan"
)

// Change is an operation that a run would come to.
type Change[T model.Object[T]] struct {
	model.Op[T]
	// After is how long a deletion waits for its grace or linger.
	After time.Duration
}

// Forecast is everything that a run would do now, in an order that is safe, if
// nothing changed meanwhile and every operation succeeded.
type Forecast struct {
	Rules   []Change[model.Rule]
	Records []Change[model.Record]
	// Last is the step that has nothing left to do.
	Last plan.Step
}

// Empty reports whether a run would change nothing.
func (f Forecast) Empty() bool { return len(f.Rules)+len(f.Records) == 0 }

// maxSteps bounds a forecast. Each step does all that is safe, so that a few
// lead to the end.
const maxSteps = 1000

// Of is what follows from an input. The operations under way in the views are ignored.
func Of(in plan.Input) (Forecast, error) {
	var f Forecast
	start := in.Now
	rules, records := newPlay(in.Rules, in.Settings), newPlay(in.Records, in.Settings)
	for range maxSteps {
		in.Rules, in.Records = rules.view(in.Now), records.view(in.Now)
		f.Last = plan.Next(in)
		in.Memory = f.Last.Memory
		for _, op := range f.Last.Rules {
			f.Rules = append(f.Rules, Change[model.Rule]{rules.apply(op), in.Now.Sub(start)})
		}
		for _, op := range f.Last.Records {
			f.Records = append(f.Records, Change[model.Record]{records.apply(op), in.Now.Sub(start)})
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
func Foreseen[T model.Object[T]](op model.Op[T], id string, set model.Settings) T {
	if op.Verb == model.Update {
		id = op.Old().Identity()
	}
	o := op.New().WithIdentity(id)
	r, ok := any(o).(model.Rule)
	if !ok || set.CDN(r.CDN).OneName {
		return o
	}
	if r.Published = "(the name that the CDN gives)"; op.Verb == model.Update {
		old := any(op.Old()).(model.Rule)
		r.Published, r.Pending = old.Published, old.Pending
	}
	return any(r).(T)
}

// play is a provider that does whatever it is asked.
type play[T model.Object[T]] struct {
	read    observed.View[T]
	objects map[string]*T
	made    int
	set     model.Settings
}

func newPlay[T model.Object[T]](v observed.View[T], set model.Settings) *play[T] {
	p := &play[T]{read: v, objects: make(map[string]*T, len(v.Objects)), set: set}
	for _, o := range v.Objects {
		p.objects[(*o).Identity()] = o
	}
	return p
}

// view is what stands now, as read now: what could not be read at the beginning
// cannot be read now.
func (p *play[T]) view(now time.Time) observed.View[T] {
	v := observed.View[T]{Known: p.read.Known, Read: now, Parts: make(map[string]observed.Part, len(p.read.Parts))}
	for name, part := range p.read.Parts {
		if part.Known {
			part.Read = now
		}
		v.Parts[name] = part
	}
	v.Objects = slices.SortedFunc(maps.Values(p.objects), func(a, b *T) int { return (*a).Compare(*b) })
	return v
}

func (p *play[T]) apply(op model.Op[T]) model.Op[T] {
	switch op.Verb {
	case model.Create:
		p.made++
		made := Foreseen(op, fmt.Sprintf("new-%d", p.made), p.set)
		p.objects[made.Identity()] = &made
	case model.Update:
		p.objects[op.Old().Identity()] = new(Foreseen(op, "", p.set))
	case model.Delete:
		delete(p.objects, op.Old().Identity())
	}
	return op
}
