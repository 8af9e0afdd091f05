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

	"github.com/google/go-cmp/cmp"
)

// TestFaults has one fault befall the second of three creations, over a real
// connection: what the client sees and what stands afterwards.
func TestFaults(t *testing.T) {
	then := 0
	for _, test := range []struct {
		name    string
		fault   Fault
		want    string // what the client sees of the call: status, headers, body, or the error
		stand   int    // records afterwards, those of the other two creations included
		status  int    // in the log of calls
		andThen int    // calls of Then
	}{
		{"none", Fault{}, "201", 3, 201, 0},
		{"a status", Fault{Status: 503}, `503 {"error":"service unavailable","status":503}`, 2, 503, 0},
		{"a status after the effect", Fault{Status: 500, After: true}, `500 {"error":"internal server error","status":500}`, 3, 500, 0},
		{"throttled", Fault{Status: 429, RetryAfter: "7"}, `429 Retry-After 7 {"status":429,"error":"rate limit exceeded"}`, 2, 429, 0},
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
			v := newTestVultr(VultrOptions{Faults: faults, AllowDuplicates: true})
			server := httptest.NewServer(v)
			defer server.Close()
			faults.Set(Nth(2, test.fault))
			then = 0
			var got string
			for i := range 3 {
				answer := post(server.URL, fmt.Sprintf(`{"name":"a%d","type":"A","data":"192.0.2.1"}`, i))
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
			if n := len(v.Records(testZone)); n != test.stand {
				t.Errorf("%d records stand, want %d", n, test.stand)
			}
			if call := v.Calls()[1]; call.Status != test.status {
				t.Errorf("logged as %s", call)
			}
			if then != test.andThen {
				t.Errorf("Then ran %d times", then)
			}
			if n := faults.Count(); n != 3 {
				t.Errorf("%d calls counted", n)
			}
		})
	}
}

// A call that hangs ends when its client gives up, with its effect or without.
func TestHang(t *testing.T) {
	for _, after := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			faults := new(Faults)
			v := newTestVultr(VultrOptions{Faults: faults})
			faults.Set(Nth(1, Fault{Hang: true, After: after}))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r := httptest.NewRequestWithContext(ctx, "POST", "/v2/"+recordsPath, strings.NewReader(`{"name":"a","type":"A","data":"192.0.2.1"}`))
			r.Header.Set("Authorization", "Bearer "+testAPIKey)
			start := time.Now()
			v.ServeHTTP(httptest.NewRecorder(), r)
			if took := time.Since(start); took != time.Minute {
				t.Errorf("it took %s", took)
			}
			if n := len(v.Records(testZone)); (n == 1) != after {
				t.Errorf("%d records, After %t", n, after)
			}
			if call := v.Calls()[0]; call.Status != statusClientGone {
				t.Errorf("logged as %s", call)
			}
		})
	}
}

// post creates a record and says what came of it.
func post(url, body string) string {
	r, err := http.NewRequest("POST", url+"/v2/"+recordsPath, strings.NewReader(body))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Authorization", "Bearer "+testAPIKey)
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
		e := newTestEdgio(EdgioOptions{Faults: faults})
		faults.Set(Nth(1, Fault{Delay: time.Minute}))
		start := time.Now()
		create(t, e, validInstance)
		create(t, e, validInstance)
		if took := time.Since(start); took != time.Minute {
			t.Errorf("a delayed call and another took %s", took)
		}
	})
}

// TestListsLag has lists that lag: at both providers, by changes and by time.
func TestListsLag(t *testing.T) {
	now := testNow()
	faults := new(Faults)
	e := newTestEdgio(EdgioOptions{Faults: faults, Now: func() time.Time { return now }})
	v := newTestVultr(VultrOptions{Faults: faults, Now: func() time.Time { return now }})
	var rules, records []string
	for i := range 3 {
		rules = append(rules, create(t, e, validInstance))
		records = append(records, addRecord(t, v, fmt.Sprintf(`{"name":"a%d","type":"A","data":"192.0.2.1"}`, i)).ID)
		now = now.Add(time.Minute)
	}
	callEdgio(e, "DELETE", "svcinst/delivery/"+rules[0], "") // the fourth change
	callVultr(v, "DELETE", recordsPath+"/"+records[0], "")
	type list struct{ Results []struct{ UUID string } }
	for name, test := range map[string]struct {
		fault Fault
		want  []int
	}{
		"as it is":                      {Fault{}, []int{1, 2}},
		"one change behind":             {Fault{Behind: 1}, []int{0, 1, 2}},
		"three behind":                  {Fault{Behind: 3}, []int{0}},
		"before all":                    {Fault{Behind: 4}, nil},
		"further still":                 {Fault{Behind: 9}, nil},
		"a second ago":                  {Fault{Lag: time.Second}, []int{0, 1, 2}},
		"a minute and a half ago":       {Fault{Lag: 90 * time.Second}, []int{0, 1}},
		"behind a change and a minute":  {Fault{Behind: 2, Lag: time.Minute}, []int{0, 1}},
		"longer ago than is remembered": {Fault{Lag: time.Hour}, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			faults.Set(Always(test.fault))
			var wantRules, wantRecords, gotRules, gotRecords []string
			for _, i := range test.want {
				wantRules, wantRecords = append(wantRules, rules[i]), append(wantRecords, records[i])
			}
			for _, path := range []string{"", "/searchAuto?body.publishedHostname=www.example.com"} {
				gotRules = nil
				for _, r := range decode[list](t, callEdgio(e, "GET", "svcinst/delivery/shortname/acme"+path, "")).Results {
					gotRules = append(gotRules, r.UUID)
				}
				if diff := cmp.Diff(wantRules, gotRules); diff != "" {
					t.Errorf("rules%s (-want +got):\n%s", path, diff)
				}
			}
			for _, r := range decode[struct{ Records []Record }](t, callVultr(v, "GET", recordsPath, "")).Records {
				gotRecords = append(gotRecords, r.ID)
			}
			if diff := cmp.Diff(wantRecords, gotRecords); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if w := callEdgio(e, "GET", "svcinst/delivery/"+rules[0], ""); w.Code != http.StatusNotFound {
				t.Errorf("a single object lags too: %d", w.Code)
			}
		})
	}
}

// TestRandom has the same faults for the same seed, and about the share asked for.
func TestRandom(t *testing.T) {
	draw := func(seed uint64) (statuses []int) {
		choose := Only(func(c Call) bool { return !c.Reads() }, Random(seed, 0.2, Fault{Status: 500}, Fault{Status: 503}))
		for n := range 1000 {
			if f := choose(n+1, Call{Method: "GET"}); f.Status != 0 {
				t.Fatal("a fault befalls a call that it is not for")
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
	v := newTestVultr(VultrOptions{Faults: faults})
	faults.Set(Always(Fault{Status: 500}))
	wantStatus(t, callVultr(v, "GET", "domains", ""), 500)
	faults.Set(nil)
	wantStatus(t, callVultr(v, "GET", "domains", ""), 200)
	if n := faults.Count(); n != 1 {
		t.Errorf("%d calls since the last Set", n)
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
