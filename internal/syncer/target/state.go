package target

import (
	"errors"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
)

// answerTime is how long a run with Config.Once waits for a provider to do or refuse
// any write.
const answerTime = 5 * time.Minute

// Lists is how far the lists of a target are.
type Lists struct {
	Target model.Provider
	Known  bool  // it was listed, though some of its parts may have failed
	Err    error // of the last lists; nil: all succeeded
}

// State is how things are with the provider.
func (t *Target[T]) State() outcome.Provider {
	s := outcome.Provider{
		Name: t.Name, Reachable: t.Reachable(), Read: t.main().began, NextRead: t.main().due,
		Waiting: t.queue.size + t.attempts.inFlight,
	}
	if err := t.listErr(); err != nil {
		s.ReadError = err.Error()
	}
	return s
}

// Failing are the operations whose last try failed.
func (t *Target[T]) Failing() []outcome.Failure {
	var list []outcome.Failure
	for place, a := range t.attempts.at {
		if a.count > 0 {
			list = append(list, outcome.Failure{
				Provider: t.Name, Verb: a.Verb, Place: place, Ingress: a.Ingress,
				Error: a.err.Error(), Times: a.count, Since: a.since, Next: a.retryAt,
			})
		}
	}
	return list
}

// Lists is how far the lists are.
func (t *Target[T]) Lists() Lists {
	l := Lists{Target: t.Name, Known: t.cache.known, Err: t.listErr()}
	for _, p := range t.parts {
		l.Known = l.Known && p.tried()
	}
	return l
}

// Known reports whether the provider was listed: of a DNS, the zone of the origins.
func (t *Target[T]) Known() bool { return t.cache.known }

// Reachable reports whether the last lists succeeded.
func (t *Target[T]) Reachable() bool { return t.cache.known && t.listErr() == nil }

// Load is how many operations wait, and how many are under way.
func (t *Target[T]) Load() (queued, inFlight int) { return t.queue.size, t.attempts.inFlight }

// Starved reports whether only a plan can tell how to go on: a call has ended since
// the last one, and nothing that is left may begin.
func (t *Target[T]) Starved(now time.Time) bool {
	if !t.news {
		return false
	}
	if t.Once && t.GaveUp(now) {
		return true
	}
	_, _, ok := t.queue.next(now)
	return !ok
}

// GaveUp reports whether there is no point in waiting for the operations that are left:
// each has failed often or clearly enough, or the provider has answered no write for so
// long that those that were not tried yet would fare no better.
func (t *Target[T]) GaveUp(now time.Time) bool {
	return t.queue.all(t.attempts.hopeless) || t.unanswered >= maxTries && now.Sub(t.answered) >= answerTime
}

// Unlistable reports whether there is no point in waiting until all parts are listed.
func (t *Target[T]) Unlistable() bool {
	return slices.ContainsFunc(t.parts, func(p *part[T]) bool { return p.failures.hopeless() })
}

// Lost reports whether there is no point in waiting until the provider is Known.
func (t *Target[T]) Lost() bool { return t.main().failures.hopeless() }

// listErr is the error of the last lists; nil if all succeeded.
func (t *Target[T]) listErr() error {
	var errs []error
	for _, p := range t.parts {
		errs = append(errs, p.failures.err)
	}
	return errors.Join(errs...)
}
