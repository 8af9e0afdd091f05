package emulator

import "sync"

// Changes puts the state changes of all accounts that share it into one order
// and tells its hooks of each. The zero value is ready for use; give one to
// several accounts to check what must hold across them.
type Changes struct {
	mu    sync.Mutex // taken before any account's own lock
	hooks []func()
	maker maker // of the change that the hooks learn of
}

// maker is who makes a change.
type maker int

const (
	apiCall      maker = iota // a call of the API
	somebodyElse              // than the client, behind its back
)

// OnChange has hook called after every state change, be it by a call or behind
// the client's back, and before the call is answered. Hooks run one at a time,
// in the order they were added, on the goroutine that made the change. A hook
// may read the state of every account; it must neither change it nor call
// OnChange, which would wait for itself.
func (c *Changes) OnChange(hook func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hooks = append(c.hooks, hook)
}

// ByCall tells a hook whether the change was made by a call of the API, not
// behind the client's back. It is for hooks only, while they run.
func (c *Changes) ByCall() bool { return c.maker == apiCall }

// State is the lock of what an account holds. Reading takes it with RLock; what
// changes it goes through Call and Edit, never through Lock.
type State struct {
	sync.RWMutex
	changes *Changes
	keep    func()
}

// NewState returns the lock of an account that tells of its changes through
// changes, or nobody if that is nil. keep, unless it is nil, runs after each
// change with the lock still held.
func NewState(changes *Changes, keep func()) *State {
	if changes == nil {
		changes = new(Changes)
	}
	if keep == nil {
		keep = func() {}
	}
	return &State{changes: changes, keep: keep}
}

// OnChange is that of the account's Changes.
func (s *State) OnChange(hook func()) { s.changes.OnChange(hook) }

// Call answers a call with what change does to the state, with the lock held
// for writing. A reply that is not OK means that nothing changed.
func (s *State) Call(change func() Reply) (answer Reply) {
	s.apply(apiCall, func() bool {
		answer = change()
		return answer.OK()
	})
	return answer
}

// Edit changes the state behind the client's back, with the lock held for
// writing, and passes on whether change has changed anything.
func (s *State) Edit(change func() bool) (changed bool) { return s.apply(somebodyElse, change) }

// apply runs change and then, if it has changed anything, the hooks. Both locks
// are let go even if change or a hook ends its goroutine, as t.FailNow does.
func (s *State) apply(by maker, change func() bool) (changed bool) {
	c := s.changes
	c.mu.Lock()
	defer c.mu.Unlock()
	c.maker = by
	if !s.locked(change) {
		return false
	}
	for _, hook := range c.hooks {
		hook()
	}
	return true
}

func (s *State) locked(change func() bool) (changed bool) {
	s.Lock()
	defer s.Unlock()
	if changed = change(); changed {
		s.keep()
	}
	return changed
}
