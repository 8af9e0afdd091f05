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
	n := newNotebook(API{}, nil)
	request(n, "POST", "notes", `"a"`)
	request(n, "GET", "notes/a", "")
	request(n, "POST", "notes/check", `"a"`)
	request(n, "DELETE", "notes/none", "")
	request(n, "GET", "nowhere", "")
	request(n, "PUT", "notes", "")
	n.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("DELETE", "/v1/notes/a", nil))
	n.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/elsewhere", nil))
	want := []Call{
		{"POST", "notes", 201, false},
		{"GET", "notes/{note}", 200, true},
		{"POST", "notes/check", 200, true},
		{"DELETE", "notes/{note}", 404, false},
		{"GET", "nowhere", 404, true},
		{"PUT", "notes", 405, false},
		{"DELETE", "notes/{note}", 401, false},
		{"GET", "/elsewhere", 401, true},
	}
	if diff := cmp.Diff(want, n.Calls()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n.Reads() != 4 || n.Writes() != 4 {
		t.Errorf("%d reads and %d writes, want 4 and 4", n.Reads(), n.Writes())
	}
	if got, want := want[0].String(), "POST notes 201"; got != want {
		t.Errorf("call as text %q, want %q", got, want)
	}
	n.ResetCalls()
	if len(n.Calls()) != 0 || n.Reads() != 0 || n.Writes() != 0 {
		t.Error("calls left after a reset")
	}
	if len(n.Notes()) != 1 {
		t.Error("a reset of the calls changed the state")
	}
}

func TestLoggedBeforeAnswered(t *testing.T) {
	n := newNotebook(API{}, nil)
	w := &spy{ResponseRecorder: httptest.NewRecorder(), onHeader: func() {
		if len(n.Calls()) != 1 {
			t.Error("the reply is sent before the call is logged")
		}
	}}
	n.ServeHTTP(w, httptest.NewRequest("GET", "/v1/notes", nil))
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
	n := newNotebook(API{}, nil)
	padded := func(size int) string { return `"a"` + strings.Repeat(" ", size-3) }
	wantStatus(t, request(n, "POST", "notes", padded(maxBody)), http.StatusCreated)
	wantStatus(t, request(n, "POST", "notes", padded(maxBody+1)), http.StatusRequestEntityTooLarge)
}

// TestWithoutAuthentication: an API without authentication takes all calls.
func TestWithoutAuthentication(t *testing.T) {
	s := NewServer(API{Routes: []Route{{Method: "GET", Path: "/", Handle: func(*Request) Reply { return ReplyJSON(http.StatusOK, "fine") }}}})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	wantStatus(t, w, http.StatusOK)
}

// TestLimit lets two calls a minute pass, for each client that the key tells apart.
func TestLimit(t *testing.T) {
	now := testNow()
	n := newNotebook(API{
		Limit: Limit{Calls: 2, Span: time.Minute, Key: func(r *Request) string { return r.Header.Get("Client") }},
		Now:   func() time.Time { return now },
	}, nil)
	for _, step := range []struct {
		name       string
		after      time.Duration
		client     string
		status     int
		retryAfter string
	}{
		{"the first", 0, "a", 200, ""},
		{"the second", 20 * time.Second, "a", 200, ""},
		{"one too many", 0, "a", 429, "40"},
		{"of another client", 0, "b", 200, ""},
		{"before the first has left the window", 40*time.Second - 1, "a", 429, "1"},
		{"as it leaves", 1, "a", 200, ""},
		{"the refused ones do not count, this one would be the third", 0, "a", 429, "20"},
	} {
		now = now.Add(step.after)
		r := newRequest("GET", "notes", "")
		r.Header.Set("Client", step.client)
		w := httptest.NewRecorder()
		n.ServeHTTP(w, r)
		if got := w.Header().Get("Retry-After"); w.Code != step.status || got != step.retryAfter {
			t.Errorf("%s: %d, Retry-After %q; want %d, %q", step.name, w.Code, got, step.status, step.retryAfter)
		}
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNotebook(API{Latency: 3 * time.Second}, nil)
		start := time.Now()
		wantStatus(t, request(n, "POST", "notes", `"a"`), http.StatusCreated)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %v, want 3s", took)
		}
	})
}

func TestClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNotebook(API{Latency: 3 * time.Second}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		n.ServeHTTP(httptest.NewRecorder(), newRequest("POST", "notes", `"a"`).WithContext(ctx))
		if took := time.Since(start); took != time.Second {
			t.Errorf("the call ended after %v, want 1s", took)
		}
		if diff := cmp.Diff([]Call{{"POST", "notes", statusClientGone, false}}, n.Calls()); diff != "" {
			t.Error(diff)
		}
		if len(n.Notes()) > 0 {
			t.Error("a call given up in the queue had its effect")
		}
	})
}
