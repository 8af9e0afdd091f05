package emulator

import "sync"

// Changes puts the state changes of all emulators that share it into one order
// and tells its hooks of each. The zero value is ready for use; give one to
// several emulators to check what must hold across them:
//
//	changes := new(emulator.Changes)
//	cdn := emulator.NewEdgio(emulator.EdgioOptions{Changes: changes})
//	dns := emulator.NewVultr(emulator.VultrOptions{Changes: changes})
//	changes.OnChange(func() { check(cdn.Instances(), dns.Records("example.com")) })
type Changes struct {
	mu     sync.Mutex // taken before any emulator's own lock
	hooks  []func()
	byCall bool // what is being told of was made by a call
}

// OnChange has hook called after every state change, be it by a call or by
// Seed, Edit or Remove, and before the call is answered. Hooks run one at a
// time, in the order they were added, on the goroutine that made the change. A
// hook may read the state of every emulator; it must neither change it nor call
// OnChange, which would wait for itself.
func (c *Changes) OnChange(hook func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hooks = append(c.hooks, hook)
}

// ByCall tells a hook whether the change was made by a call of the API, not by
// Seed, Edit or Remove. It is for hooks only, while they run.
func (c *Changes) ByCall() bool { return c.byCall }

// apply runs change with state locked for writing, then, if it reports a
// change, the hooks, and passes on what it reported. Both locks are let go even
// if change or a hook ends its goroutine, as t.FailNow does.
func (c *Changes) apply(state sync.Locker, byCall bool, change func() bool) (changed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byCall = byCall
	changed = func() bool {
		state.Lock()
		defer state.Unlock()
		return change()
	}()
	if changed {
		for _, hook := range c.hooks {
			hook()
		}
	}
	return changed
}
