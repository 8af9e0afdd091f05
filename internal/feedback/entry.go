package feedback

import (
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/edgeward/edgeward/internal/desired"
)

const (
	// settle is how long something has to be so before it is said, since one
	// kubectl apply is many changes; what passes by itself, such as a rule on
	// its way, has to last longer. Whoever looks at once sees it in the log.
	settle        = time.Second
	settlePassing = 10 * time.Second
	// A status that somebody else has changed is put right after
	// firstRewrite, then after twice as long each time, up to maxRewrite, so
	// that two controllers that both want it do not busy each other. Where none
	// was needed for calm, it begins anew.
	firstRewrite = time.Second
	maxRewrite   = 5 * time.Minute
	calm         = 2 * maxRewrite
)

// entry is what is remembered of one Ingress.
type entry struct {
	outcome Outcome
	update  int         // the last in which it came; see book
	since   []time.Time // when each of the outcome's messages began to be so
	said    []Message   // what was said last, one of each reason
	// old says that what is so is no news yet; repeated are the warnings that may
	// have been said before this process began.
	old      bool
	repeated []Message

	looked    lookedAfter // when the status was last looked after
	wrote     string      // the hostnames that were last written
	rewrites  int         // how often in a row it was these
	backoff   wait.Backoff
	rewritten time.Time
	notBefore time.Time // when the status may be tried again
}

// lookedAfter is the state of things for which a status was looked after. It
// is looked after once for each: the watch shows only later what was written.
type lookedAfter struct {
	at                 bool // false: not looked after
	version, hostnames string
	absent             bool
}

func lookedAt(o Outcome) lookedAfter {
	return lookedAfter{at: true, version: o.Version, hostnames: o.hostnames(), absent: o.Absent}
}

func newEntry(o Outcome, first bool, now time.Time) *entry {
	e := &entry{outcome: Outcome{Ingress: o.Ingress, UID: o.UID}, old: first && o.Found, notBefore: now}
	for _, m := range o.Messages {
		if first && m.Warning {
			e.repeated = append(e.repeated, m)
		}
	}
	return e
}

// take replaces the outcome.
func (e *entry) take(o Outcome, now time.Time) {
	if slices.Equal(o.Messages, e.outcome.Messages) {
		o.Messages = e.outcome.Messages // so that their texts are kept once
	} else {
		since := make([]time.Time, len(o.Messages))
		for i, m := range o.Messages {
			since[i] = now
			if was := slices.Index(e.outcome.Messages, m); was >= 0 {
				since[i] = e.since[was]
			}
		}
		e.since = since
	}
	if e.old {
		for _, m := range o.Messages {
			if !m.Warning {
				e.said = append(slices.DeleteFunc(e.said, m.replaces), m)
			}
		}
	}
	// At a start the addresses of what is published may have to be brought up
	// to date first, for all Ingresses at once: that it is published then is no
	// news either.
	e.old = e.old && slices.ContainsFunc(o.Messages, Message.passing)
	if o.Absent {
		o.UID = e.outcome.UID
	}
	e.outcome = o
	if !wantsStatus(o) {
		e.looked = lookedAfter{}
	}
}

// wantsStatus reports whether the status is not, as far as known, what it
// should be.
func wantsStatus(o Outcome) bool {
	if o.Absent {
		return len(o.Hostnames) == 0
	}
	return !slices.Equal(slices.Sorted(slices.Values(o.Published)), o.Hostnames)
}

// replaces reports whether a message says the latest of what another one says.
func (m Message) replaces(old Message) bool { return m.Reason == old.Reason }

// same reports whether both say the same.
func (m Message) same(o Message) bool { return m.Reason == o.Reason && m.Text == o.Text }

// passing reports whether a message is of what goes on by itself.
func (m Message) passing() bool { return m.Reason == sayings[desired.Pending].reason && !m.Warning }

// settled is how long a message has to hold before it is said.
func (m Message) settled() time.Duration {
	switch m.Reason {
	case sayings[desired.Pending].reason, sayings[desired.Failed].reason:
		return settlePassing
	}
	return settle
}

// next returns what there is to do and when; zero: nothing.
func (e *entry) next(muted [kinds]bool, haste bool) (next job, at time.Time) {
	earlier := func(j job, when time.Time) {
		if at.IsZero() || when.Before(at) {
			next, at = j, when
		}
	}
	if !muted[status] && wantsStatus(e.outcome) && e.looked != lookedAt(e.outcome) {
		earlier(job{kind: status, outcome: e.outcome}, e.notBefore)
	}
	if muted[events] {
		return next, at
	}
	for i, m := range e.outcome.Messages {
		if slices.ContainsFunc(e.said, m.same) {
			continue
		}
		when := e.since[i]
		if !haste {
			when = when.Add(m.settled())
		}
		earlier(job{kind: events, outcome: e.outcome, message: m, repeated: slices.ContainsFunc(e.repeated, m.same)}, when)
	}
	return next, at
}

// saidNow takes note of what was said, when what else was so. What was not so then is
// forgotten, so that it is said again when it comes back, be it while this was said.
func (e *entry) saidNow(m Message, so []Message) {
	e.said = slices.DeleteFunc(e.said, func(old Message) bool {
		return m.replaces(old) || !slices.ContainsFunc(so, old.replaces)
	})
	e.said = append(e.said, m)
	e.repeated = slices.DeleteFunc(e.repeated, m.replaces)
}

// rewrote takes note that the status was written.
func (e *entry) rewrote(hostnames string, now time.Time) {
	if hostnames != e.wrote || now.Sub(e.rewritten) > calm {
		e.rewrites = 0
		e.backoff = wait.Backoff{Duration: firstRewrite, Factor: 2, Steps: math.MaxInt, Cap: maxRewrite}
	}
	e.notBefore = now.Add(e.backoff.Step())
	e.rewrites++
	e.wrote, e.rewritten = hostnames, now
}

// mayShow reports whether an entry of ours may stand in the status of the
// Ingress, which is not known of any more.
func (e *entry) mayShow() bool {
	if e.outcome.Absent && len(e.outcome.Hostnames) == 0 {
		return e.looked != lookedAt(e.outcome)
	}
	return len(e.outcome.Hostnames) > 0 || len(e.outcome.Published) > 0
}
