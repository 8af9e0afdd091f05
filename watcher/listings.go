package watcher

import (
	"slices"
	"sync"
	"time"
)

// listings know when the latest snapshot of each of several loops began.
type listings struct {
	// renewed is called with the oldest of them, when that is a later one than before; nil:
	// nobody is told.
	renewed func(oldest time.Time)

	mu    sync.Mutex
	began []time.Time // by loop
}

// add returns the LoopOptions.Listed of one more loop. All are added before one runs.
func (l *listings) add() func(began time.Time) {
	if l.renewed == nil {
		return nil
	}
	i := len(l.began)
	l.began = append(l.began, time.Time{})
	return func(began time.Time) {
		l.mu.Lock()
		defer l.mu.Unlock()
		before := slices.MinFunc(l.began, time.Time.Compare)
		l.began[i] = began
		if oldest := slices.MinFunc(l.began, time.Time.Compare); oldest.After(before) {
			l.renewed(oldest)
		}
	}
}
