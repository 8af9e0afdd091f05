package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEveryChangeIsTold makes every kind of change, and some calls that change
// nothing, and looks at what the hook saw.
func TestEveryChangeIsTold(t *testing.T) {
	changes := new(Changes)
	e := newTestEdgio(EdgioOptions{Changes: changes})
	v := newTestVultr(VultrOptions{Changes: changes})
	var seen []string
	changes.OnChange(func() {
		by := "hand"
		if changes.ByCall() {
			by = "call"
		}
		seen = append(seen, fmt.Sprintf("%d rules %d records by %s", len(e.Instances()), len(v.Records(testZone)), by))
	})
	var rule, record string
	for _, step := range []struct {
		name   string
		do     func()
		change string // "": none
	}{
		{"create a rule", func() { rule = create(t, e, validInstance) }, "1 rules 0 records by call"},
		{"read it", func() { callEdgio(e, "GET", "svcinst/delivery/"+rule, "") }, ""},
		{"validate one", func() { callEdgio(e, "POST", "svcinst/delivery/validate", validInstance) }, ""},
		{"update it", func() { callEdgio(e, "PUT", "svcinst/delivery/"+rule, validInstance) }, "1 rules 0 records by call"},
		{"update it badly", func() { callEdgio(e, "PUT", "svcinst/delivery/"+rule, "{}") }, ""},
		{"roll it back", func() { callEdgio(e, "POST", "svcinst/delivery/"+rule+"/rollbackTo/1", "") }, "1 rules 0 records by call"},
		{"edit it", func() { e.Edit(rule, func(map[string]any) {}) }, "1 rules 0 records by hand"},
		{"delete it", func() { callEdgio(e, "DELETE", "svcinst/delivery/"+rule, "") }, "0 rules 0 records by call"},
		{"delete it again", func() { callEdgio(e, "DELETE", "svcinst/delivery/"+rule, "") }, ""},
		{"seed a rule", func() { rule = e.Seed("{}") }, "1 rules 0 records by hand"},
		{"remove it", func() { e.Remove(rule) }, "0 rules 0 records by hand"},
		{"remove it again", func() { e.Remove(rule) }, ""},
		{"create a record", func() { record = addRecord(t, v, `{"name":"","type":"A","data":"192.0.2.1"}`).ID }, "0 rules 1 records by call"},
		{"create it again", func() { callVultr(v, "POST", recordsPath, `{"name":"","type":"A","data":"192.0.2.1"}`) }, ""},
		{"update it", func() { callVultr(v, "PATCH", recordsPath+"/"+record, `{"ttl":9}`) }, "0 rules 1 records by call"},
		{"edit it", func() { v.Edit(testZone, record, func(*Record) {}) }, "0 rules 1 records by hand"},
		{"delete it", func() { callVultr(v, "DELETE", recordsPath+"/"+record, "") }, "0 rules 0 records by call"},
		{"seed a record", func() { record = v.Seed(testZone, Record{}) }, "0 rules 1 records by hand"},
		{"remove it", func() { v.Remove(testZone, record) }, "0 rules 0 records by hand"},
		{"remove it again", func() { v.Remove(testZone, record) }, ""},
		{"create a domain", func() { callVultr(v, "POST", "domains", `{"domain":"other.org"}`) }, "0 rules 0 records by call"},
		{"list domains", func() { callVultr(v, "GET", "domains", "") }, ""},
		{"delete the domain", func() { callVultr(v, "DELETE", "domains/other.org", "") }, "0 rules 0 records by call"},
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

// TestInvariantAcrossBoth has several clients each keep to "first the record,
// then the rule; first the rule goes, then the record", while others read, and
// a hook check at every change that no rule is without its record. It fails, or
// hangs, if a hook does not see one consistent state of both.
func TestInvariantAcrossBoth(t *testing.T) {
	changes := new(Changes)
	e := newTestEdgio(EdgioOptions{Changes: changes})
	v := newTestVultr(VultrOptions{Changes: changes})
	told := 0
	changes.OnChange(func() {
		told++
		names := make(map[string]bool)
		for _, r := range v.Records(testZone) {
			names[r.Name+"."+testZone] = true
		}
		for _, i := range e.Instances() {
			if !names[i.SourceHost] {
				t.Errorf("change %d: a rule names %s, which is not there", told, i.SourceHost)
			}
		}
	})
	const clients, rounds = 8, 10
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for range rounds {
				name := fmt.Sprintf("client%d", client)
				record := callVultr(v, "POST", recordsPath, `{"name":"`+name+`","type":"A","data":"192.0.2.1"}`)
				if record.Code != http.StatusCreated {
					t.Errorf("record: %s", record.Body)
					return
				}
				rule := callEdgio(e, "POST", "svcinst/delivery", strings.Replace(validInstance, "web.k8s", name, 1))
				if rule.Code != http.StatusOK {
					t.Errorf("rule: %s", rule.Body)
					return
				}
				uuid := decode[struct{ UUID string }](t, rule).UUID
				callEdgio(e, "GET", "svcinst/delivery/shortname/acme", "")
				callVultr(v, "GET", recordsPath, "")
				callEdgio(e, "DELETE", "svcinst/delivery/"+uuid, "null")
				callVultr(v, "DELETE", recordsPath+"/"+decode[recordReply](t, record).Record.ID, "")
			}
		})
	}
	group.Wait()
	if want := clients * rounds * 4; told != want {
		t.Errorf("%d changes told, want %d", told, want)
	}
	if e.Writes() != clients*rounds*2 || v.Writes() != clients*rounds*2 || e.Reads() != clients*rounds || v.Reads() != clients*rounds {
		t.Errorf("writes %d and %d, reads %d and %d", e.Writes(), v.Writes(), e.Reads(), v.Reads())
	}
	if n, m := len(e.Instances()), len(v.Records(testZone)); n != 0 || m != 0 {
		t.Errorf("%d rules and %d records left", n, m)
	}
}
