package watcher

import (
	"log/slog"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// A streak counts failures in a row, where no event and no long-lived watch came in
// between.
type streak struct {
	n      int    // failures
	reason string // of the latest
	same   int    // how many of the latest have this reason
	logged bool   // one of them was logged at warning or above

	retry wait.Backoff // over all of them
	slow  wait.Backoff // over those with the latest reason
}

// add counts one more failure and returns how long to wait before the next try.
//
// Where only a person can mend it the wait depends on failures of that kind alone: an API
// server that starts forbids for a moment, after it was out of reach for long.
func (s *streak) add(f failure, t Timings) (pause time.Duration) {
	if s.n == 0 {
		s.retry = t.backoff()
	}
	if s.n == 0 || s.reason != f.reason {
		s.reason, s.same, s.slow = f.reason, 0, t.slowBackoff()
	}
	s.n++
	s.same++
	pause, slow := s.retry.Step(), s.slow.Step()
	if f.slow {
		pause = slow
	}
	return t.longer(pause, f.suggested)
}

// level is the level to log the latest failure at: its own at each change of reason and
// then at growing intervals, else debug. Closes count as trouble only when several have
// followed each other.
func (s *streak) level(f failure) slog.Level {
	level := f.level
	if f.reason == reasonClosed && s.same >= 4 {
		level = slog.LevelWarn
	}
	if s.same&(s.same-1) != 0 && s.same%64 != 0 {
		return slog.LevelDebug
	}
	return level
}
