package edgiotest

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator"
)

// TestReplaceKey: from then on the old key is refused, and the new one is not.
func TestReplaceKey(t *testing.T) {
	a := newTestAccount(Options{})
	const path = "svcinst/delivery/shortname/acme"
	wantStatus(t, request(a, "GET", path, ""), http.StatusOK)
	a.ReplaceKey("c0ffee")
	wantStatus(t, request(a, "GET", path, ""), http.StatusUnauthorized)
	a.ReplaceKey(testKey)
	wantStatus(t, request(a, "GET", path, ""), http.StatusOK)
}

// TestHooksSeeEveryChange makes every kind of change, and some calls that change
// nothing, and looks at what the hook saw.
func TestHooksSeeEveryChange(t *testing.T) {
	changes := new(emulator.Changes)
	a := newTestAccount(Options{Changes: changes})
	var seen []string
	changes.OnChange(func() {
		by := "hand"
		if changes.ByCall() {
			by = "call"
		}
		seen = append(seen, fmt.Sprintf("%d rules by %s", len(a.Instances()), by))
	})
	var rule string
	for _, step := range []struct {
		name   string
		do     func()
		change string // "": none
	}{
		{"create a rule", func() { rule = create(t, a, validInstance) }, "1 rules by call"},
		{"read it", func() { request(a, "GET", "svcinst/delivery/"+rule, "") }, ""},
		{"validate one", func() { request(a, "POST", "svcinst/delivery/validate", validInstance) }, ""},
		{"update it", func() { request(a, "PUT", "svcinst/delivery/"+rule, validInstance) }, "1 rules by call"},
		{"update it badly", func() { request(a, "PUT", "svcinst/delivery/"+rule, "{}") }, ""},
		{"roll it back", func() { request(a, "POST", "svcinst/delivery/"+rule+"/rollbackTo/1", "") }, "1 rules by call"},
		{"edit it", func() { a.Edit(rule, func(map[string]any) {}) }, "1 rules by hand"},
		{"delete it", func() { request(a, "DELETE", "svcinst/delivery/"+rule, "") }, "0 rules by call"},
		{"delete it again", func() { request(a, "DELETE", "svcinst/delivery/"+rule, "") }, ""},
		{"seed a rule", func() { rule = a.Seed("{}") }, "1 rules by hand"},
		{"remove it", func() { a.Remove(rule) }, "0 rules by hand"},
		{"remove it again", func() { a.Remove(rule) }, ""},
	} {
		seen = nil
		step.do()
		var want []string
		if step.change != "" {
			want = []string{step.change}
		}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("%s: hook calls (-want +got):\n%s", step.name, diff)
		}
	}
}

// TestCallLog: validate is a read, though it is a POST.
func TestCallLog(t *testing.T) {
	a := newTestAccount(Options{})
	create(t, a, validInstance)
	request(a, "POST", "svcinst/delivery/validate", validInstance)
	want := []emulator.Call{
		{Method: "POST", Path: "svcinst/delivery", Status: 200},
		{Method: "POST", Path: "svcinst/delivery/validate", Status: 200, ReadOnly: true},
	}
	if diff := cmp.Diff(want, a.Calls()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestListsLag has the list and the search lag behind a creation and a deletion.
func TestListsLag(t *testing.T) {
	now := testNow()
	faults := new(emulator.Faults)
	a := newTestAccount(Options{Faults: faults, Now: func() time.Time { return now }})
	rule := create(t, a, validInstance)
	now = now.Add(time.Minute)
	request(a, "DELETE", "svcinst/delivery/"+rule, "")
	for name, tc := range map[string]struct {
		fault emulator.Fault
		want  int // instances
	}{
		"as it is":          {emulator.Fault{}, 0},
		"one change behind": {emulator.Fault{Behind: 1}, 1},
		"two behind":        {emulator.Fault{Behind: 2}, 0},
		"a second ago":      {emulator.Fault{Lag: time.Second}, 1},
	} {
		faults.Set(emulator.Always(tc.fault))
		for _, path := range []string{"", "/searchAuto?body.publishedHostname=www.example.com"} {
			if got := decode[instanceList](t, request(a, "GET", "svcinst/delivery/shortname/acme"+path, "")).Results; len(got) != tc.want {
				t.Errorf("%s%s: %d instances, want %d", name, path, len(got), tc.want)
			}
		}
		wantStatus(t, request(a, "GET", "svcinst/delivery/"+rule, ""), http.StatusNotFound) // a single object does not lag
	}
}
