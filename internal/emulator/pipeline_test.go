package emulator

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestMatchPath(t *testing.T) {
	for _, tc := range []struct {
		name, template, path string
		want                 map[string]string // nil: no match
	}{
		{"literal", "domains", "domains", map[string]string{}},
		{"other literal", "domains", "domain", nil},
		{"value", "domains/{domain}", "domains/example.com", map[string]string{"domain": "example.com"}},
		{"escaped value", "a/{x}", "a/b%2Fc", map[string]string{"x": "b/c"}},
		{"two values", "{a}/b/{c}", "1/b/2", map[string]string{"a": "1", "c": "2"}},
		{"empty value", "domains/{domain}", "domains/", nil},
		{"trailing slash", "domains", "domains/", nil},
		{"too short", "domains/{domain}/records", "domains/example.com", nil},
		{"too long", "domains/{domain}", "domains/example.com/records", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := matchPath(tc.template, tc.path)
			if ok != (tc.want != nil) {
				t.Fatalf("match %t", ok)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCallLog(t *testing.T) {
	e := newTestEdgio(EdgioOptions{})
	uuid := create(t, e, validInstance)
	callEdgio(e, "GET", "svcinst/delivery/"+uuid, "")
	callEdgio(e, "POST", "svcinst/delivery/validate", validInstance)
	callEdgio(e, "DELETE", "svcinst/delivery/none", "")
	callEdgio(e, "GET", "nowhere", "")
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", "/config-api/v1/svcinst/delivery/"+uuid, nil))
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/health/check", nil))
	want := []Call{
		{"POST", "svcinst/delivery", 200},
		{"GET", "svcinst/delivery/{uuid}", 200},
		{"POST", "svcinst/delivery/validate", 200},
		{"DELETE", "svcinst/delivery/{uuid}", 404},
		{"GET", "nowhere", 404},
		{"PUT", "svcinst/delivery/{uuid}", 401},
		{"GET", "/health/check", 401},
	}
	if diff := cmp.Diff(want, e.Calls()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if e.Reads() != 4 || e.Writes() != 3 {
		t.Errorf("%d reads and %d writes, want 4 and 3", e.Reads(), e.Writes())
	}
	if got, want := want[0].String(), "POST svcinst/delivery 200"; got != want {
		t.Errorf("call as text %q, want %q", got, want)
	}
	e.ResetCalls()
	if len(e.Calls()) != 0 || e.Reads() != 0 || e.Writes() != 0 {
		t.Error("calls left after a reset")
	}
	if len(e.Instances()) != 1 {
		t.Error("a reset of the calls changed the state")
	}
}

func TestLoggedBeforeAnswered(t *testing.T) {
	v := newTestVultr(VultrOptions{})
	w := &spy{ResponseRecorder: httptest.NewRecorder(), onHeader: func() {
		if len(v.Calls()) != 1 {
			t.Error("the reply is sent before the call is logged")
		}
	}}
	v.ServeHTTP(w, httptest.NewRequest("GET", "/v2/domains", nil))
	if w.Code != http.StatusUnauthorized {
		t.Errorf("status %d", w.Code)
	}
}

// spy calls onHeader as a reply begins.
type spy struct {
	*httptest.ResponseRecorder
	onHeader func()
}

func (s *spy) WriteHeader(status int) {
	s.onHeader()
	s.ResponseRecorder.WriteHeader(status)
}

func TestBodyIsBounded(t *testing.T) {
	v := newTestVultr(VultrOptions{})
	padded := func(size int) string {
		const record = `{"name":"a","type":"TXT","data":"x"}`
		return record + strings.Repeat(" ", size-len(record))
	}
	wantStatus(t, callVultr(v, "POST", "domains/example.com/records", padded(maxBody)), http.StatusCreated)
	wantStatus(t, callVultr(v, "POST", "domains/example.com/records", padded(maxBody+1)), http.StatusRequestEntityTooLarge)
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newTestEdgio(EdgioOptions{Latency: 3 * time.Second})
		start := time.Now()
		create(t, e, validInstance)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v, want 3s", took)
		}
	})
}

func TestClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newTestVultr(VultrOptions{Latency: 3 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := httptest.NewRequest("DELETE", "/v2/domains/"+testZone, nil).WithContext(ctx)
		r.Header.Set("Authorization", "Bearer "+testAPIKey)
		start := time.Now()
		v.ServeHTTP(httptest.NewRecorder(), r)
		if took := time.Since(start); took != time.Second {
			t.Errorf("the call ended after %v, want 1s", took)
		}
		if diff := cmp.Diff([]Call{{"DELETE", "domains/{domain}", statusClientGone}}, v.Calls()); diff != "" {
			t.Error(diff)
		}
		if v.findZone(testZone) == nil {
			t.Error("a call given up in the queue had its effect")
		}
	})
}

func TestNames(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	for _, tc := range []struct {
		name           string
		hostname, data bool
	}{
		{"www.example.com", true, true},
		{"WWW.Example.COM", true, true},
		{"xn--bcher-kva.example", true, true},
		{"0a.1b.c2", true, true},
		{label63 + ".com", true, true},
		{"_acme-challenge.example.com", false, true},
		{"", false, false},
		{"localhost", false, false},
		{"example.com.", false, false},
		{".example.com", false, false},
		{"a..b", false, false},
		{"*.example.com", false, false},
		{"-a.com", false, false},
		{"a-.com", false, false},
		{"a b.com", false, false},
		{"bücher.example", false, false},
		{label63 + "a.com", false, false},
		{strings.Repeat(label63+".", 3) + strings.Repeat("a", 61), true, true},
		{strings.Repeat(label63+".", 3) + strings.Repeat("a", 62), false, false},
		{"192.0.2.1", false, false},
		{"2001:db8::1", false, false},
		{"example.com:80", false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := isHostname(tc.name); got != tc.hostname {
				t.Errorf("host name: %t, want %t", got, tc.hostname)
			}
			if got := isDomainName(tc.name); got != tc.data {
				t.Errorf("domain name: %t, want %t", got, tc.data)
			}
		})
	}
}
