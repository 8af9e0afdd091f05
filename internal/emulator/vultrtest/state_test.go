package vultrtest

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
	wantStatus(t, request(a, "GET", "domains", ""), http.StatusOK)
	a.ReplaceKey("another")
	wantStatus(t, request(a, "GET", "domains", ""), http.StatusUnauthorized)
	a.ReplaceKey(testAPIKey)
	wantStatus(t, request(a, "GET", "domains", ""), http.StatusOK)
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
		seen = append(seen, fmt.Sprintf("%d records %d pull zones by %s", len(a.Records(testZone)), len(a.PullZones()), by))
	})
	var id string
	for _, step := range []struct {
		name   string
		do     func()
		change string // "": none
	}{
		{"create a record", func() { id = addRecord(t, a, `{"name":"","type":"A","data":"192.0.2.1"}`).ID }, "1 records 0 pull zones by call"},
		{"create it again", func() { request(a, "POST", recordsPath, `{"name":"","type":"A","data":"192.0.2.1"}`) }, ""},
		{"update it", func() { request(a, "PATCH", recordsPath+"/"+id, `{"ttl":9}`) }, "1 records 0 pull zones by call"},
		{"edit it", func() { a.Edit(testZone, id, func(*Record) {}) }, "1 records 0 pull zones by hand"},
		{"delete it", func() { request(a, "DELETE", recordsPath+"/"+id, "") }, "0 records 0 pull zones by call"},
		{"seed a record", func() { id = a.Seed(testZone, Record{}) }, "1 records 0 pull zones by hand"},
		{"remove it", func() { a.Remove(testZone, id) }, "0 records 0 pull zones by hand"},
		{"remove it again", func() { a.Remove(testZone, id) }, ""},
		{"create a domain", func() { request(a, "POST", "domains", `{"domain":"other.org"}`) }, "0 records 0 pull zones by call"},
		{"list domains", func() { request(a, "GET", "domains", "") }, ""},
		{"delete the domain", func() { request(a, "DELETE", "domains/other.org", "") }, "0 records 0 pull zones by call"},
		{"add a domain", func() { a.AddDomain("other.org") }, "0 records 0 pull zones by hand"},
		{"remove it", func() { a.RemoveDomain("other.org") }, "0 records 0 pull zones by hand"},
		{"remove it again", func() { a.RemoveDomain("other.org") }, ""},
		{"create a pull zone", func() {
			id = newPullZone(t, a, `{"label":"l","origin_scheme":"http","origin_domain":"a.example.com"}`).ID
		}, "0 records 1 pull zones by call"},
		{"update it", func() { request(a, "PUT", zonesPath+"/"+id, `{"label":"m"}`) }, "0 records 1 pull zones by call"},
		{"update it badly", func() { request(a, "PUT", zonesPath+"/"+id, "null") }, ""},
		{"delete it", func() { request(a, "DELETE", zonesPath+"/"+id, "") }, "0 records 0 pull zones by call"},
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

// TestListsLag has the list of records lag behind a creation and a deletion.
func TestListsLag(t *testing.T) {
	now := testNow()
	faults := new(emulator.Faults)
	a := newTestAccount(Options{Faults: faults, Now: func() time.Time { return now }})
	record := addRecord(t, a, `{"name":"a","type":"A","data":"192.0.2.1"}`)
	now = now.Add(time.Minute)
	request(a, "DELETE", recordsPath+"/"+record.ID, "")
	for name, tc := range map[string]struct {
		fault emulator.Fault
		want  int // records
	}{
		"as it is":          {emulator.Fault{}, 0},
		"one change behind": {emulator.Fault{Behind: 1}, 1},
		"two behind":        {emulator.Fault{Behind: 2}, 0},
		"a second ago":      {emulator.Fault{Lag: time.Second}, 1},
	} {
		faults.Set(emulator.Always(tc.fault))
		if got := decode[recordList](t, request(a, "GET", recordsPath, "")).Records; len(got) != tc.want {
			t.Errorf("%s: %d records, want %d", name, len(got), tc.want)
		}
		wantStatus(t, request(a, "GET", recordsPath+"/"+record.ID, ""), http.StatusNotFound) // a single object does not lag
	}
}
