package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHooks: they run after each change, learn who made it, and see it; they do
// not run for what changed nothing.
func TestHooks(t *testing.T) {
	changes := new(Changes)
	n := newNotebook(API{}, changes)
	var seen []string
	changes.OnChange(func() { seen = append(seen, fmt.Sprintf("%q by a call %t", n.Notes(), changes.ByCall())) })
	changes.OnChange(func() { seen = append(seen, "and another hook") })
	for _, step := range []struct {
		name string
		do   func()
		want []string
	}{
		{"a call", func() { request(n, "POST", "notes", `"a"`) }, []string{`["a"] by a call true`, "and another hook"}},
		{"a call that is refused", func() { request(n, "POST", "notes", `{`) }, nil},
		{"a call that reads", func() { request(n, "GET", "notes", "") }, nil},
		{"an edit", func() { n.state.Edit(func() bool { n.notes[0] = "b"; return true }) }, []string{`["b"] by a call false`, "and another hook"}},
		{"an edit of nothing", func() { n.state.Edit(func() bool { return false }) }, nil},
	} {
		seen = nil
		step.do()
		if diff := cmp.Diff(step.want, seen); diff != "" {
			t.Errorf("%s: hook calls (-want +got):\n%s", step.name, diff)
		}
	}
}

// TestLocksAreLetGo: an edit that ends its goroutine, as t.FailNow does, or that
// panics, keeps no lock.
func TestLocksAreLetGo(t *testing.T) {
	n := newNotebook(API{}, nil)
	func() {
		defer func() { _ = recover() }()
		n.state.Edit(func() bool { panic("in an edit") })
	}()
	wantStatus(t, request(n, "POST", "notes", `"a"`), http.StatusCreated)
}

// TestSnapshotAcrossAccounts has several clients each keep to "first here, then
// there; first there it goes, then here", while others read, and a hook check at
// every change that nothing is there that is not here. It fails, or hangs, if a
// hook does not see one consistent state of both.
func TestSnapshotAcrossAccounts(t *testing.T) {
	changes := new(Changes)
	here, there := newNotebook(API{}, changes), newNotebook(API{}, changes)
	seen := 0
	changes.OnChange(func() {
		seen++
		first := here.Notes()
		for _, note := range there.Notes() {
			if !slices.Contains(first, note) {
				t.Errorf("change %d: %s stands there alone", seen, note)
			}
		}
	})
	const clients, rounds = 8, 10
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for range rounds {
				note := fmt.Sprintf("client%d", client)
				for _, n := range []*notebook{here, there} {
					if w := request(n, "POST", "notes", `"`+note+`"`); w.Code != http.StatusCreated {
						t.Errorf("making a note: %s", w.Body)
						return
					}
				}
				request(here, "GET", "notes", "")
				request(there, "GET", "notes", "")
				request(there, "DELETE", "notes/"+note, "")
				request(here, "DELETE", "notes/"+note, "")
			}
		})
	}
	group.Wait()
	if want := clients * rounds * 4; seen != want {
		t.Errorf("hooks saw %d changes, want %d", seen, want)
	}
	for _, n := range []*notebook{here, there} {
		if n.Writes() != clients*rounds*2 || n.Reads() != clients*rounds {
			t.Errorf("%d writes and %d reads", n.Writes(), n.Reads())
		}
		if notes := n.Notes(); len(notes) != 0 {
			t.Errorf("%d notes left", len(notes))
		}
	}
}
