package emulator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestFaults has the second of three creations suffer a fault, over a real
// connection: what the client sees and what stands afterwards.
func TestFaults(t *testing.T) {
	then := 0
	for _, test := range []struct {
		name    string
		fault   Fault
		want    string // what the client sees of the call: status, headers, body, or the error
		stand   int    // notes afterwards, those of the other two creations included
		status  int    // in the log of calls
		andThen int    // calls of Then
	}{
		{"none", Fault{}, "201", 3, 201, 0},
		{"a status", Fault{Status: 503}, `503 {"error":"service unavailable"}`, 2, 503, 0},
		{"a status after the effect", Fault{Status: 500, After: true}, `500 {"error":"internal server error"}`, 3, 500, 0},
		{"throttled", Fault{Status: 429, RetryAfter: "7"}, `429 Retry-After 7 {"error":"too many requests"}`, 2, 429, 0},
		{"a page of HTML", Fault{Status: 502, Body: htmlPage}, "502 text/html <html>", 2, 502, 0},
		{"reset before", Fault{Reset: true}, "connection reset", 2, statusReset, 0},
		{"reset after", Fault{Reset: true, After: true}, "connection reset", 3, statusReset, 0},
		{"cut short", Fault{Cut: true}, "unexpected EOF", 3, 201, 0},
		{"another body", Fault{Body: "null"}, "201 null", 3, 201, 0},
		{"twice", Fault{Twice: true}, "201", 4, 201, 0},
		{"then", Fault{Then: func() { then++ }}, "201", 3, 201, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			faults := new(Faults)
			n := newNotebook(API{Faults: faults}, nil)
			server := httptest.NewServer(n)
			defer server.Close()
			faults.Set(Nth(2, test.fault))
			then = 0
			var got string
			for i := range 3 {
				answer := post(server.URL, fmt.Sprintf(`"note %d"`, i))
				switch {
				case i == 1:
					got = answer
				case !strings.HasPrefix(answer, "201"):
					t.Errorf("creation %d: %s", i+1, answer)
				}
			}
			if !strings.HasPrefix(got, test.want) {
				t.Errorf("the client sees %q, want %q", got, test.want)
			}
			if notes := n.Notes(); len(notes) != test.stand {
				t.Errorf("%q stand, want %d", notes, test.stand)
			}
			if call := n.Calls()[1]; call.Status != test.status {
				t.Errorf("logged as %s", call)
			}
			if then != test.andThen {
				t.Errorf("Then ran %d times", then)
			}
			if count := faults.Count(); count != 3 {
				t.Errorf("%d calls counted", count)
			}
		})
	}
}

// A call that hangs ends when its client gives up, with its effect or without.
func TestHang(t *testing.T) {
	for _, after := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			faults := new(Faults)
			n := newNotebook(API{Faults: faults}, nil)
			faults.Set(Nth(1, Fault{Hang: true, After: after}))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := time.Now()
			n.ServeHTTP(httptest.NewRecorder(), newRequest("POST", "notes", `"a"`).WithContext(ctx))
			if took := time.Since(start); took != time.Minute {
				t.Errorf("it took %s", took)
			}
			if notes := n.Notes(); (len(notes) == 1) != after {
				t.Errorf("%q stand, After %t", notes, after)
			}
			if call := n.Calls()[0]; call.Status != statusClientGone {
				t.Errorf("logged as %s", call)
			}
		})
	}
}

// post makes a note and says what came of it.
func post(url, body string) string {
	r, err := http.NewRequest("POST", url+"/v1/notes", strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Authorization", password)
	resp, err := http.DefaultClient.Do(r)
	if errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) {
		return "connection reset" // EOF where the reset came before anything was read
	}
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	answer := fmt.Sprint(resp.StatusCode)
	if after := resp.Header.Get("Retry-After"); after != "" {
		answer += " Retry-After " + after
	}
	if kind := resp.Header.Get("Content-Type"); kind != "application/json" {
		answer += " " + kind
	}
	return answer + " " + string(text)
}

func TestFaultDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faults := new(Faults)
		n := newNotebook(API{Faults: faults}, nil)
		faults.Set(Nth(1, Fault{Delay: time.Minute}))
		start := time.Now()
		request(n, "GET", "notes", "")
		request(n, "GET", "notes", "")
		if took := time.Since(start); took != time.Minute {
			t.Errorf("a delayed call and another took %s", took)
		}
	})
}

// TestListsLag has lists that lag, by changes and by time.
func TestListsLag(t *testing.T) {
	now := testNow()
	faults := new(Faults)
	n := newNotebook(API{Faults: faults}, nil)
	n.clock = &now
	for _, note := range []string{"a", "b", "c"} {
		request(n, "POST", "notes", `"`+note+`"`)
		now = now.Add(time.Minute)
	}
	request(n, "DELETE", "notes/a", "") // the fourth change
	for name, test := range map[string]struct {
		fault Fault
		want  string
	}{
		"as it is":                      {Fault{}, `["b","c"]`},
		"one change behind":             {Fault{Behind: 1}, `["a","b","c"]`},
		"three behind":                  {Fault{Behind: 3}, `["a"]`},
		"before all":                    {Fault{Behind: 4}, `[]`},
		"further still":                 {Fault{Behind: 9}, `[]`},
		"a second ago":                  {Fault{Lag: time.Second}, `["a","b","c"]`},
		"a minute and a half ago":       {Fault{Lag: 90 * time.Second}, `["a","b"]`},
		"behind a change and a minute":  {Fault{Behind: 2, Lag: time.Minute}, `["a","b"]`},
		"longer ago than is remembered": {Fault{Lag: time.Hour}, `["a"]`},
	} {
		t.Run(name, func(t *testing.T) {
			faults.Set(Always(test.fault))
			if got := request(n, "GET", "notes", "").Body.String(); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if w := request(n, "GET", "notes/a", ""); w.Code != http.StatusNotFound {
				t.Errorf("a single object lags too: %d", w.Code)
			}
		})
	}
}

// TestRandom has the same faults for the same seed, and about the share asked for.
func TestRandom(t *testing.T) {
	draw := func(seed uint64) (statuses []int) {
		choose := Only(func(c Call) bool { return !c.ReadOnly }, Random(seed, 0.2, Fault{Status: 500}, Fault{Status: 503}))
		for n := range 1000 {
			if f := choose(n+1, Call{Method: "GET", ReadOnly: true}); f.Status != 0 {
				t.Fatal("a call suffers a fault that is not for it")
			}
			statuses = append(statuses, choose(n+1, Call{Method: "POST"}).Status)
		}
		return statuses
	}
	first := draw(1)
	if !slices.Equal(first, draw(1)) {
		t.Error("one seed, two sequences")
	}
	if slices.Equal(first, draw(2)) {
		t.Error("two seeds, one sequence")
	}
	counts := make(map[int]int)
	for _, s := range first {
		counts[s]++
	}
	if counts[500] < 70 || counts[503] < 70 || counts[500]+counts[503] > 260 {
		t.Errorf("of 1000 calls: %v", counts)
	}
}

// TestFaultsEnd has Set forget what was, and CommonFaults differ from each other.
func TestFaultsEnd(t *testing.T) {
	faults := new(Faults)
	n := newNotebook(API{Faults: faults}, nil)
	faults.Set(Always(Fault{Status: 500}))
	wantStatus(t, request(n, "GET", "notes", ""), 500)
	faults.Set(nil)
	wantStatus(t, request(n, "GET", "notes", ""), 200)
	if count := faults.Count(); count != 1 {
		t.Errorf("%d calls since the last Set", count)
	}
	seen := make(map[string]string)
	for name, fault := range CommonFaults() {
		text := fmt.Sprintf("%+v", fault)
		if other, ok := seen[text]; ok || fault.Then != nil {
			t.Errorf("%q is %q", name, other)
		}
		seen[text] = name
	}
}
