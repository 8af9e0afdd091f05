package feedback

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// script plays reports to a queue and carries out what it says at once.
type script struct {
	queue *queue
	now   time.Time
	haste haste
	wrote []string // "+3s Synced published", "+3s status acme.cdn.example"
	start time.Time
}

func newScript() *script {
	now := time.Unix(1e9, 0)
	return &script{queue: newQueue(), now: now, start: now}
}

// sees takes reports, d after the last, and does what is due until then.
func (s *script) sees(d time.Duration, reports ...Report) {
	s.pass(d)
	s.queue.update(slices.Values(reports), s.now)
	s.work()
}

// pass lets time pass, and does what becomes due.
func (s *script) pass(d time.Duration) {
	for end := s.now.Add(d); ; {
		_, wake, ok := s.queue.next(s.now, s.haste)
		if ok || wake.IsZero() || wake.After(end) {
			s.now = end
			s.work()
			return
		}
		s.now = wake
		s.work()
	}
}

func (s *script) work() {
	for {
		j, _, ok := s.queue.next(s.now, s.haste)
		if !ok {
			return
		}
		what := "status " + j.report.hostnames()
		if j.kind == events {
			what = j.message.Reason + " " + j.message.Text
		}
		if j.repeated {
			what += " (repeated)"
		}
		s.wrote = append(s.wrote, fmt.Sprintf("+%s %s", s.now.Sub(s.start), what))
		if s.queue.done(j); j.kind == status {
			s.queue.wrote(j, s.now)
		}
	}
}

func says(messages ...Message) Report {
	return Report{Ingress: id("shop"), UID: "uid-shop", Version: "1", Messages: messages}
}

func found(o Report) Report { o.Found = true; return o }

// shows is a report that wants hostnames, separated by blanks, and has others.
func shows(version, want string, has ...string) Report {
	return Report{Ingress: id("shop"), UID: "uid-shop", Version: version, Hostnames: strings.Fields(want), Published: has}
}

func TestWhatIsSaid(t *testing.T) {
	published, more := normal("Synced", "a"), normal("Synced", "a, b")
	onTheWay, absent := normal("Pending", "on the way"), warning("Pending", "no Service")
	conflict, bad, failed := warning("Conflict", "taken"), warning("Invalid", "bad"), warning("SyncFailed", "403")
	begin := func(s *script) { s.sees(0) } // a start without Ingresses
	tests := map[string]struct {
		play func(*script)
		want []string
	}{
		"a new Ingress is published": {func(s *script) {
			begin(s)
			s.sees(0, says())
			s.sees(time.Second, says(onTheWay))
			s.sees(time.Second, says(published))
			s.pass(time.Hour)
		}, []string{"+3s Synced a"}},
		"made at the start": {func(s *script) {
			s.sees(0, says(published)) // it was so fast that nothing else was seen
			s.pass(time.Hour)
		}, []string{"+1s Synced a"}},
		"a restart with nothing changed": {func(s *script) {
			s.sees(0, found(says(published, normal("Released", "b"))))
			s.pass(time.Hour)
		}, nil},
		"a restart, and addresses change": {func(s *script) {
			s.sees(0, found(says(onTheWay)))
			s.sees(time.Minute, found(says(published)))
			s.sees(time.Minute, found(says(more)))
			s.pass(time.Hour)
		}, []string{"+2m1s Synced a, b"}},
		"a restart, and it fails": {func(s *script) {
			s.sees(0, found(says(onTheWay)))
			s.sees(time.Minute, found(says(failed)))
			s.sees(time.Minute, found(says(published)))
			s.pass(time.Hour)
		}, []string{"+1m10s SyncFailed 403", "+2m1s Synced a"}},
		"a restart with something wrong": {func(s *script) {
			s.sees(0, says(bad))
			s.sees(time.Minute, says(published))
			s.sees(time.Minute, says(bad))
			s.pass(time.Hour)
		}, []string{"+1s Invalid bad (repeated)", "+1m1s Synced a", "+2m1s Invalid bad"}},
		"the same again and again": {func(s *script) {
			begin(s)
			for range 100 {
				s.sees(time.Minute, says(bad, conflict))
			}
		}, []string{"+1m1s Invalid bad", "+1m1s Conflict taken"}},
		"what passes quickly": {func(s *script) {
			begin(s)
			s.sees(0, says(published))
			for range 20 { // nodes come and go
				s.sees(5*time.Second, says(onTheWay))
				s.sees(5*time.Second, says(published))
			}
			s.pass(time.Hour)
		}, []string{"+1s Synced a"}},
		"what passes slowly": {func(s *script) {
			begin(s)
			s.sees(0, says(onTheWay))
			s.sees(time.Minute, says(published))
			s.pass(time.Hour)
		}, []string{"+10s Pending on the way", "+1m1s Synced a"}},
		"the Service comes after the Ingress": {func(s *script) {
			begin(s)
			s.sees(0, says(absent))
			s.sees(time.Second, says(published))
			s.pass(time.Hour)
		}, []string{"+2s Synced a"}},
		"a retry that fails the same way": {func(s *script) {
			begin(s)
			for range 5 {
				s.sees(time.Minute, says(failed))
				s.sees(time.Minute, says(onTheWay))
				s.sees(time.Second, says(failed))
			}
		}, []string{"+1m10s SyncFailed 403"}},
		"broken, mended, broken": {func(s *script) {
			begin(s)
			s.sees(0, says(published))
			s.sees(time.Minute, says(bad))
			s.sees(time.Minute, says(published))
			s.sees(time.Minute, says(bad))
			s.pass(time.Hour)
		}, []string{"+1s Synced a", "+1m1s Invalid bad", "+2m1s Synced a", "+3m1s Invalid bad"}},
		"one of two changes": {func(s *script) {
			begin(s)
			s.sees(0, says(conflict, published))
			s.sees(time.Minute, says(conflict, more))
			s.pass(time.Hour)
		}, []string{"+1s Conflict taken", "+1s Synced a", "+1m1s Synced a, b"}},
		"another of its name": {func(s *script) {
			s.sees(0, found(says(published)))
			other := says(published)
			other.UID = "uid-other"
			s.sees(time.Minute, other)
			s.pass(time.Hour)
		}, []string{"+1m1s Synced a"}},
		"it goes before it was said": {func(s *script) {
			begin(s)
			s.sees(0, says(published))
			s.sees(time.Millisecond)
			s.pass(time.Hour)
		}, nil},
		"in haste": {func(s *script) {
			begin(s)
			s.haste = atOnce
			s.sees(0, says(failed))
		}, []string{"+0s SyncFailed 403"}},
		"allowed later": {func(s *script) {
			begin(s)
			s.queue.allow(muted{events: true})
			s.sees(0, says(published))
			s.pass(time.Hour)
			s.queue.allow(muted{})
			s.work()
		}, []string{"+1h0m0s Synced a"}},
		"not allowed": {func(s *script) {
			begin(s)
			s.queue.allow(muted{events: true})
			s.sees(0, says(published))
			s.pass(time.Hour)
		}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScript()
			test.play(s)
			if diff := cmp.Diff(test.want, s.wrote); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(s.queue.open) > 0 {
				t.Errorf("an hour later there is something to do for %v", s.queue.open)
			}
		})
	}
}

func TestWhenAStatusIsWritten(t *testing.T) {
	tests := map[string]struct {
		play func(*script)
		want []string
	}{
		"it is so already": {func(s *script) { s.sees(0, shows("1", cdn, cdn)) }, nil},
		"nothing is to be": {func(s *script) { s.sees(0, shows("1", "")) }, nil},
		"it comes, and the watch lags": {func(s *script) {
			s.sees(0, shows("1", cdn))
			s.sees(time.Second, shows("1", cdn))
			s.sees(time.Second, shows("2", cdn, cdn))
		}, []string{"+0s status " + cdn}},
		"it goes": {func(s *script) {
			s.sees(0, shows("1", cdn, cdn))
			s.sees(time.Minute, shows("2", "", cdn))
			s.sees(time.Minute, shows("3", ""))
		}, []string{"+1m0s status "}},
		"a former target": {func(s *script) { s.sees(0, shows("1", cdn, "former.example")) }, []string{"+0s status " + cdn}},
		"it stands beside a former one": {func(s *script) { s.sees(0, shows("1", cdn, "former.example", cdn)) },
			[]string{"+0s status " + cdn}},
		"two are so already": {func(s *script) { s.sees(0, shows("1", "a.example b.example", "b.example", "a.example")) }, nil},
		"a second comes": {func(s *script) {
			s.sees(0, shows("1", "a.example", "a.example"))
			s.sees(time.Minute, shows("1", "a.example b.example", "a.example"))
		}, []string{"+1m0s status a.example b.example"}},
		"one of two goes": {func(s *script) { s.sees(0, shows("1", "a.example", "a.example", "b.example")) }, []string{"+0s status a.example"}},
		"it comes and goes at once": {func(s *script) {
			s.sees(0, shows("1", cdn))
			s.sees(0, shows("2", "", cdn))
			s.pass(time.Minute)
		}, []string{"+0s status " + cdn, "+1s status "}},
		"shown, taken away, and read at the same version": {func(s *script) {
			s.sees(0, shows("1", cdn))
			s.sees(time.Minute, shows("2", cdn, cdn))
			s.sees(time.Minute, shows("1", cdn)) // as after a restore of etcd
		}, []string{"+0s status " + cdn, "+2m0s status " + cdn}},
		"our own changes are no fight": {func(s *script) {
			for i := range 3 {
				s.sees(0, shows(fmt.Sprint(2*i), cdn))
				s.sees(time.Second, shows(fmt.Sprint(2*i+1), "", cdn))
				s.pass(time.Second)
			}
		}, []string{"+0s status " + cdn, "+1s status ", "+2s status " + cdn, "+3s status ", "+4s status " + cdn, "+5s status "}},
		"somebody takes it away again and again": {func(s *script) {
			for i := range 8 {
				s.sees(0, shows(fmt.Sprint(2*i), cdn))
				s.pass(30 * time.Second)
				s.sees(0, shows(fmt.Sprint(2*i+1), cdn, cdn))
			}
		}, []string{"+0s status " + cdn, "+30s status " + cdn, "+1m0s status " + cdn, "+1m30s status " + cdn, "+2m0s status " + cdn, "+2m30s status " + cdn, "+3m2s status " + cdn}},
		"and not again for long": {func(s *script) {
			s.sees(0, shows("1", cdn))
			s.sees(0, shows("2", cdn))
			s.sees(20*time.Minute, shows("3", cdn))
			s.sees(0, shows("4", cdn))
			s.pass(time.Minute)
		}, []string{"+0s status " + cdn, "+1s status " + cdn, "+20m0s status " + cdn, "+20m1s status " + cdn}},
		"it is selected no more": {func(s *script) {
			s.sees(0, shows("1", cdn, cdn))
			s.sees(time.Minute)
			s.sees(time.Minute)
		}, []string{"+1m0s status "}},
		"selected no more before the watch showed it": {func(s *script) {
			s.sees(0, shows("1", cdn))
			s.sees(0)
			s.pass(time.Minute)
		}, []string{"+0s status " + cdn, "+1s status "}},
		"nothing of ours was there": {func(s *script) {
			s.sees(0, shows("1", ""))
			s.sees(time.Minute)
		}, nil},
		"let go while we were down": {func(s *script) {
			for range 3 {
				s.sees(time.Minute, Report{Ingress: id("shop"), Absent: true})
			}
			s.sees(time.Minute)
		}, []string{"+1m0s status "}},
		"selected no more while its rule stands": {func(s *script) {
			s.sees(0, shows("1", cdn, cdn))
			s.sees(time.Minute, Report{Ingress: id("shop"), Absent: true, Hostnames: []string{cdn}})
			s.pass(time.Hour)
			s.sees(time.Minute) // now the rule is gone
			s.sees(time.Minute)
		}, []string{"+1h2m0s status "}},
		"likewise, from before a restart": {func(s *script) {
			s.sees(time.Minute, Report{Ingress: id("shop"), Absent: true, Hostnames: []string{cdn}})
			s.sees(time.Minute, Report{Ingress: id("shop"), Absent: true})
			s.sees(time.Minute, Report{Ingress: id("shop"), Absent: true})
		}, []string{"+2m0s status "}},
		"not allowed": {func(s *script) {
			s.queue.allow(muted{status: true})
			s.sees(0, shows("1", cdn, "former.example"))
			s.sees(time.Minute)
			s.pass(time.Hour)
		}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScript()
			test.play(s)
			if diff := cmp.Diff(test.want, s.wrote); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSaidMeanwhile: what was said before comes back while the opposite is being said.
func TestSaidMeanwhile(t *testing.T) {
	bad, published := says(warning("Invalid", "bad")), says(normal("Synced", "a"))
	s := newScript()
	s.sees(0) // a start without Ingresses
	s.sees(0, bad)
	s.sees(settle, published)
	s.now = s.now.Add(settle)
	j, _, ok := s.queue.next(s.now, inTime)
	if !ok || j.message != published.Messages[0] {
		t.Fatalf("%+v is said", j.message)
	}
	s.queue.update(slices.Values([]Report{bad}), s.now)
	s.queue.done(j)
	s.pass(settle)
	if want := []string{"+1s Invalid bad", "+3s Invalid bad"}; !slices.Equal(s.wrote, want) {
		t.Errorf("said beside it: %q, want %q", s.wrote, want)
	}
}

// TestQueueForgets has many Ingresses come and go: none is remembered.
func TestQueueForgets(t *testing.T) {
	s := newScript()
	for i := range 100 {
		o := shows("1", cdn)
		o.Ingress, o.Messages = id(fmt.Sprint("i", i)), []Message{normal("Synced", "a")}
		s.sees(time.Minute, o)
	}
	s.sees(time.Minute)
	s.sees(time.Minute)
	if n := len(s.queue.entries) + len(s.queue.open); n > 0 {
		t.Errorf("%d are remembered", n)
	}
}

// TestConflictWaits has somebody change the Ingress between our reading and
// our writing.
func TestConflictWaits(t *testing.T) {
	b, now := newQueue(), time.Unix(1e9, 0)
	b.update(slices.Values([]Report{shows("1", cdn)}), now)
	j, _, _ := b.next(now, inTime)
	b.later(j, now)
	if _, wake, ok := b.next(now, inTime); ok || !wake.Equal(now.Add(firstRewrite)) {
		t.Errorf("at once %v, or at %s", ok, wake)
	}
	if again, _, ok := b.next(now.Add(firstRewrite), inTime); !ok || again.kind != status {
		t.Errorf("then: %v %+v", ok, again)
	}
}

// TestQueueUndecided: while it is not known whether an Ingress is ours, nothing is said
// and nothing taken back, also at a start; nor is it news when it is known again.
func TestQueueUndecided(t *testing.T) {
	published := Report{
		Ingress: id("shop"), UID: "uid-shop", Version: "1", Found: true,
		Hostnames: []string{cdn}, Published: []string{cdn}, Messages: []Message{normal("Synced", "published")},
	}
	unknown := Report{Ingress: id("shop"), UID: "uid-shop", Found: true, Undecided: true}
	for name, reports := range map[string][]Report{
		"while it runs": {published, unknown, unknown, published},
		"at a start":    {unknown, unknown, published},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript()
			for _, o := range reports {
				s.sees(time.Minute, o)
			}
			s.pass(time.Hour)
			if diff := cmp.Diff([]string(nil), s.wrote); diff != "" {
				t.Errorf("wrote (-want +got):\n%s", diff)
			}
		})
	}
}
