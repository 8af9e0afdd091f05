package feedback

import (
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const (
	// settle is how long something has to be so before it is said, since one
	// kubectl apply is many changes; what passes by itself, such as a rule on
	// its way, has to last longer. Whoever looks at once sees it in the log.
	settle        = time.Second
	settlePassing = 10 * time.Second
	// A status that somebody else has changed is put right after firstRewrite, then after
	// twice as long each time, up to maxRewrite, so that two controllers that both want it
	// do not busy each other. Where none was needed for calm, it begins anew.
	firstRewrite = time.Second
	maxRewrite   = 5 * time.Minute
	calm         = 2 * maxRewrite
)

// entry is what is remembered of one Ingress.
type entry struct {
	report Report
	update int         // the last in which it came; see queue
	since  []time.Time // when each of the report's messages began to be so
	said   []Message   // what was said last, one of each reason
	// old says that what is so is no news yet; repeated are the warnings that may
	// have been said before this process began.
	old      bool
	repeated []Message

	looked    lookedAfter  // when the status was last looked after
	wrote     string       // the hostnames that were last written
	rewrites  int          // how often in a row it was these
	pause     wait.Backoff // between them
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

func lookedAt(r Report) lookedAfter {
	return lookedAfter{at: true, version: r.Version, hostnames: r.hostnames(), absent: r.Absent}
}

func newEntry(r Report, now time.Time) *entry {
	return &entry{report: Report{Ingress: r.Ingress, UID: r.UID}, notBefore: now}
}

// presumeSaid notes that an earlier process may have said what a first report says.
func (e *entry) presumeSaid(r Report) {
	e.old = r.Found
	for _, m := range r.Messages {
		if m.Warning {
			e.repeated = append(e.repeated, m)
		}
	}
}

// take replaces the report.
func (e *entry) take(r Report, now time.Time) {
	if slices.Equal(r.Messages, e.report.Messages) {
		r.Messages = e.report.Messages // so that their texts are kept once
	} else {
		since := make([]time.Time, len(r.Messages))
		for i, m := range r.Messages {
			since[i] = now
			if was := slices.Index(e.report.Messages, m); was >= 0 {
				since[i] = e.since[was]
			}
		}
		e.since = since
	}
	if e.old {
		for _, m := range r.Messages {
			if !m.Warning {
				e.said = append(slices.DeleteFunc(e.said, m.replaces), m)
			}
		}
	}
	// At a start the addresses of what is published may have to be brought up
	// to date first, for all Ingresses at once: that it is published then is no
	// news either.
	e.old = e.old && slices.ContainsFunc(r.Messages, Message.passing)
	if r.Absent {
		r.UID = e.report.UID
	}
	e.report = r
	if !wantsStatus(r) {
		e.looked = lookedAfter{}
	}
}

// wantsStatus reports whether the status is not, as far as known, what it
// should be.
func wantsStatus(r Report) bool {
	if r.Absent {
		return len(r.Hostnames) == 0
	}
	return !slices.Equal(slices.Sorted(slices.Values(r.Published)), r.Hostnames)
}

// replaces reports whether a message says the latest of what another one says.
func (m Message) replaces(old Message) bool { return m.Reason == old.Reason }

// same reports whether both say the same.
func (m Message) same(o Message) bool { return m.Reason == o.Reason && m.Text == o.Text }

// passing reports whether a message is of what goes on by itself.
func (m Message) passing() bool { return m.Reason == reasonPending && !m.Warning }

// settled is how long a message has to hold before it is said.
func (m Message) settled() time.Duration {
	switch m.Reason {
	case reasonPending, reasonFailed:
		return settlePassing
	}
	return settle
}

// next returns what there is to do and when; zero: nothing.
func (e *entry) next(without muted, h haste) (next job, at time.Time) {
	earlier := func(j job, when time.Time) {
		if at.IsZero() || when.Before(at) {
			next, at = j, when
		}
	}
	if !without[status] && wantsStatus(e.report) && e.looked != lookedAt(e.report) {
		earlier(job{kind: status, report: e.report}, e.notBefore)
	}
	if without[events] {
		return next, at
	}
	for i, m := range e.report.Messages {
		if slices.ContainsFunc(e.said, m.same) {
			continue
		}
		when := e.since[i]
		if h == inTime {
			when = when.Add(m.settled())
		}
		earlier(job{kind: events, report: e.report, message: m, repeated: slices.ContainsFunc(e.repeated, m.same)}, when)
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
		e.rewrites, e.pause = 0, doubling(firstRewrite, maxRewrite)
	}
	e.notBefore = now.Add(e.pause.Step())
	e.rewrites++
	e.wrote, e.rewritten = hostnames, now
}

// doubling is a back-off that lasts twice as long each time, without an end.
func doubling(first, most time.Duration) wait.Backoff {
	return wait.Backoff{Duration: first, Cap: most, Factor: 2, Steps: math.MaxInt}
}

// mayShow reports whether an entry of ours may stand in the status of the
// Ingress, which is not known of any more.
func (e *entry) mayShow() bool {
	if e.report.Absent && len(e.report.Hostnames) == 0 {
		return e.looked != lookedAt(e.report)
	}
	return len(e.report.Hostnames) > 0 || len(e.report.Published) > 0
}
