package target

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// queue holds the operations that are safe to begin at a target, and says which of
// them is next:
//
//   - every other one is the most urgent of all, whoever it is for, so that what is urgent
//     does not wait for bulk;
//   - each one between goes to the tenant whose last turn is longest ago, who takes
//     the most urgent of its own.
//
// So with two tenants one of them waits for two operations of the other at most,
// whatever these are and however many come after them, and with more for two of each
// of the others.
//
// Whose turn was when is kept from plan to plan as long as anything waits.
type queue[T model.Object[T]] struct {
	lines []line[T]
	size  int
	turns int                  // taken so far
	last  map[model.Tenant]int // the last turn of each
}

// line is what waits for one tenant, most urgent first.
type line[T model.Object[T]] struct {
	tenant model.Tenant
	ops    []queued[T]
}

// queued is an operation that may begin at a time; zero: at once.
type queued[T model.Object[T]] struct {
	*model.Op[T]
	notBefore time.Time
}

// spot is where an operation waits.
type spot struct{ line, op int }

// refill takes the operations of a new plan, most urgent first, in the place of all
// that wait. Each may begin at the time that notBefore returns.
func (q *queue[T]) refill(ops []model.Op[T], notBefore func(*model.Op[T]) time.Time) {
	lines := make(map[model.Tenant]int)
	q.lines, q.size = nil, len(ops)
	at := -1 // neighbours are often of one tenant
	for i := range ops {
		tenant := ops[i].Tenant()
		if at < 0 || q.lines[at].tenant != tenant {
			known := false
			if at, known = lines[tenant]; !known {
				at = len(q.lines)
				lines[tenant], q.lines = at, append(q.lines, line[T]{tenant: tenant})
			}
		}
		q.lines[at].ops = append(q.lines[at].ops, queued[T]{&ops[i], notBefore(&ops[i])})
	}
	if q.size == 0 || q.last == nil {
		q.last = make(map[model.Tenant]int)
	}
}

// next returns where the operation waits that is to begin now. If there is none it
// returns when there will be one; zero: nothing waits.
func (q *queue[T]) next(now time.Time) (at spot, again time.Time, ok bool) {
	byUrgency := q.turns%2 == 0
	var best line[T]
	for i, l := range q.lines {
		op := slices.IndexFunc(l.ops, func(w queued[T]) bool { return !now.Before(w.notBefore) })
		if op < 0 {
			for _, w := range l.ops {
				again = Earliest(again, w.notBefore)
			}
			continue
		}
		better := !ok || q.last[l.tenant] < q.last[best.tenant]
		if byUrgency && ok && l.ops[op].Urgency != best.ops[at.op].Urgency {
			better = l.ops[op].Urgency < best.ops[at.op].Urgency
		}
		if better {
			best, at, ok = l, spot{i, op}, true
		}
	}
	return at, again, ok
}

// take returns what waits at a spot, which has its turn.
func (q *queue[T]) take(at spot) model.Op[T] {
	l := &q.lines[at.line]
	op := *l.ops[at.op].Op
	q.turns++
	q.size--
	q.last[l.tenant] = q.turns
	if at.op == 0 {
		l.ops = l.ops[1:] // ten thousand operations are not moved up for each
	} else {
		l.ops = slices.Delete(l.ops, at.op, at.op+1)
	}
	if len(l.ops) == 0 {
		q.lines = slices.Delete(q.lines, at.line, at.line+1)
	}
	return op
}

// reads reports whether what waits at a spot changes nothing at the provider.
func (q *queue[T]) reads(at spot) bool { return q.lines[at.line].ops[at.op].Verb.Reads() }

// all reports whether something holds of each operation that waits.
func (q *queue[T]) all(holds func(*model.Op[T]) bool) bool {
	for _, l := range q.lines {
		for _, w := range l.ops {
			if !holds(w.Op) {
				return false
			}
		}
	}
	return true
}
