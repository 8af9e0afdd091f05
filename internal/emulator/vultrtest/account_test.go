package vultrtest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const recordsPath = "domains/" + testZone + "/records"

// addRecord posts a record and returns it as the API shows it.
func addRecord(t *testing.T, a *Account, body string) Record {
	t.Helper()
	w := request(a, "POST", recordsPath, body)
	wantStatus(t, w, http.StatusCreated)
	return decode[recordReply](t, w).Record
}

// wantNoContent checks a reply to be like the recorded ones of status 204.
func wantNoContent(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	wantStatus(t, w, http.StatusNoContent)
	if got := w.Header().Get("Content-Type"); got != "text/html; charset=UTF-8" || w.Body.Len() != 0 {
		t.Errorf("204 with Content-Type %q and body %q", got, w.Body)
	}
}

func TestRecordLife(t *testing.T) {
	a := newTestAccount(Options{})
	w := request(a, "POST", recordsPath, `{"type":"A","name":"localhost","data":"127.0.0.1","priority":0,"ttl":3600}`)
	wantStatus(t, w, http.StatusCreated)
	id := decode[recordReply](t, w).Record.ID
	shown := fmt.Sprintf(`{"record":{"id":%q,"type":"A","name":"localhost","data":"127.0.0.1","priority":0,"ttl":3600}}`, id)
	wantJSON(t, shown, w.Body.Bytes())
	path := recordsPath + "/" + id
	wantJSON(t, shown, request(a, "GET", path, "").Body.Bytes())

	for _, tc := range []struct{ name, patch, want string }{
		{"nothing", `{}`, `"type":"A","name":"localhost","data":"127.0.0.1","priority":0,"ttl":3600`},
		{"data", `{"data":"127.0.0.2"}`, `"type":"A","name":"localhost","data":"127.0.0.2","priority":0,"ttl":3600`},
		{"ttl", `{"ttl":60}`, `"type":"A","name":"localhost","data":"127.0.0.2","priority":0,"ttl":60`},
		{"priority", `{"priority":5}`, `"type":"A","name":"localhost","data":"127.0.0.2","priority":5,"ttl":60`},
		{"name", `{"name":"b.example.com"}`, `"type":"A","name":"b","data":"127.0.0.2","priority":5,"ttl":60`},
		{"name to the apex", `{"name":"","type":"A"}`, `"type":"A","name":"","data":"127.0.0.2","priority":5,"ttl":60`},
	} {
		wantNoContent(t, request(a, "PATCH", path, tc.patch))
		wantJSON(t, fmt.Sprintf(`{"record":{"id":%q,%s}}`, id, tc.want), request(a, "GET", path, "").Body.Bytes())
	}
	wantStatus(t, request(a, "PATCH", path, `{"type":"AAAA"}`), http.StatusBadRequest)

	wantNoContent(t, request(a, "DELETE", path, ""))
	wantStatus(t, request(a, "DELETE", path, ""), http.StatusNotFound)
	wantStatus(t, request(a, "GET", path, ""), http.StatusNotFound)
}

func TestChangeOfTTL(t *testing.T) {
	a := newTestAccount(Options{})
	first := addRecord(t, a, `{"name":"a","type":"A","data":"192.0.2.1","ttl":120}`)
	second := addRecord(t, a, `{"name":"a","type":"A","data":"192.0.2.2","ttl":120}`)
	change := func() *httptest.ResponseRecorder {
		return request(a, "PATCH", recordsPath+"/"+first.ID, `{"ttl":60}`)
	}
	wantStatus(t, change(), http.StatusBadRequest) // it would leave 60 beside 120
	wantNoContent(t, request(a, "DELETE", recordsPath+"/"+second.ID, ""))
	wantNoContent(t, change())
	wantStatus(t, request(a, "POST", recordsPath, `{"name":"a","type":"A","data":"192.0.2.2","ttl":120}`), http.StatusBadRequest)
	addRecord(t, a, `{"name":"a","type":"A","data":"192.0.2.2","ttl":60}`)
}

func TestRefusals(t *testing.T) {
	a := newTestAccount(Options{})
	record := addRecord(t, a, `{"name":"a","type":"TXT","data":"x","ttl":120}`)
	addRecord(t, a, `{"name":"b","type":"TXT","data":"x","ttl":120}`)
	before := a.Records(testZone)
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		text                     string
	}{
		{"records of unknown domain", "GET", "domains/other.org/records", "", 404, "Invalid domain."},
		{"POST in unknown domain", "POST", "domains/other.org/records", `{"name":"","type":"A","data":"192.0.2.1"}`, 404, "Invalid domain."},
		{"unknown domain", "GET", "domains/other.org", "", 404, "Invalid domain."},
		{"PUT unknown domain", "PUT", "domains/other.org", `{"dns_sec":"enabled"}`, 404, "Invalid domain."},
		{"DELETE unknown domain", "DELETE", "domains/other.org", "", 404, "Invalid domain."},
		{"dnssec of unknown domain", "GET", "domains/other.org/dnssec", "", 404, "Invalid domain."},
		{"soa of unknown domain", "GET", "domains/other.org/soa", "", 404, "Invalid domain."},
		{"unknown record", "GET", recordsPath + "/none", "", 404, "Invalid record."},
		{"PATCH unknown record", "PATCH", recordsPath + "/none", `{}`, 404, "Invalid record."},
		{"DELETE unknown record", "DELETE", recordsPath + "/none", "", 404, "Invalid record."},
		{"POST without name", "POST", recordsPath, `{"type":"A","data":"192.0.2.1"}`, 400, "Unable to add record: Missing field: name"},
		{"POST without type", "POST", recordsPath, `{"name":"","data":"192.0.2.1"}`, 400, "Unable to add record: Missing field: type"},
		{"POST without data", "POST", recordsPath, `{"name":"","type":"A","data":null}`, 400, "Unable to add record: Missing field: data"},
		{"POST of half a quote", "POST", recordsPath, `{"name":"","type":"TXT","data":"\"x"}`, 400,
			"Unable to add record: Record data must be enclosed in quotes"},
		{"POST of a TTL as text", "POST", recordsPath, `{"name":"","type":"A","data":"192.0.2.1","ttl":"60"}`, 400, "Unable to add record: ttl"},
		{"POST of no JSON", "POST", recordsPath, `{`, 400, "Unable to add record: "},
		{"PATCH of no JSON", "PATCH", recordsPath + "/" + record.ID, `null`, 400, "Unable to update record: "},
		{"PATCH into a duplicate", "PATCH", recordsPath + "/" + record.ID, `{"name":"b"}`, 400, "Unable to update record: Record already exists"},
		{"PATCH of bad data", "PATCH", recordsPath + "/" + record.ID, `{"data":"\"x"}`, 400,
			"Unable to update record: Record data must be enclosed in quotes"},
		{"existing domain", "POST", "domains", `{"domain":"Example.com"}`, 400, "Unable to create domain: Domain already exists"},
		{"domain of no name", "POST", "domains", `{}`, 400, "Unable to create domain: Invalid domain name"},
		{"domain with a bad address", "POST", "domains", `{"domain":"other.org","ip":"x"}`, 400, "Unable to create domain: Invalid IP address"},
		{"domain with a bad dns_sec", "POST", "domains", `{"domain":"other.org","dns_sec":"yes"}`, 400, "Unable to create domain: Invalid dns_sec"},
		{"PUT of a bad dns_sec", "PUT", "domains/example.com", `{"dns_sec":"yes"}`, 400, "Unable to update domain: Invalid dns_sec"},
		{"PATCH of a bad soa", "PATCH", "domains/example.com/soa", `{"email":1}`, 400, "Unable to update SOA: email"},
		{"PUT record", "PUT", recordsPath + "/" + record.ID, `{}`, 405, "Method Not Allowed"},
		{"unknown path", "GET", "instances", "", 404, "Not Found"},
		{"per_page too large", "GET", recordsPath + "?per_page=501", "", 400, "per_page"},
		{"per_page zero", "GET", recordsPath + "?per_page=0", "", 400, "per_page"},
		{"cursor no base64", "GET", recordsPath + "?cursor=!", "", 400, "invalid cursor"},
		{"cursor of another kind", "GET", "domains?cursor=" + formatCursor("page", 2), "", 400, "invalid cursor"},
		{"cursor of no number", "GET", recordsPath + "?cursor=bmV4dF9feA==", "", 400, "invalid cursor"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := request(a, tc.method, tc.path, tc.body)
			wantStatus(t, w, tc.status)
			want := fmt.Sprintf(`,"status":%d}`, tc.status)
			if got := w.Body.String(); !strings.HasPrefix(got, `{"error":"`+tc.text) || !strings.HasSuffix(got, want) {
				t.Errorf("reply %s, want the error %q and the status", got, tc.text)
			}
		})
	}
	if diff := cmp.Diff(before, a.Records(testZone)); diff != "" {
		t.Errorf("a refused call changed the state:\n%s", diff)
	}
}

func TestAuth(t *testing.T) {
	for _, tc := range []struct {
		name, header string
		sources      string
		status       int
		text         string
	}{
		{"key", "Bearer " + testAPIKey, "", 200, ""},
		{"no header", "", "", 401, "Invalid API token."},
		{"no scheme", testAPIKey, "", 401, "Invalid API token."},
		{"another key", "Bearer OTHER", "", 401, "Invalid API token."},
		{"from an allowed address", "Bearer " + testAPIKey, "192.0.2.0/24", 200, ""},
		{"from another address", "Bearer " + testAPIKey, "198.51.100.0/24", 401, "Unauthorized IP address: 192.0.2.1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			options := Options{}
			if tc.sources != "" {
				options.Sources = []netip.Prefix{netip.MustParsePrefix(tc.sources)}
			}
			r := httptest.NewRequest("GET", "/v2/domains", nil) // from 192.0.2.1
			r.Header.Set("Authorization", tc.header)
			w := httptest.NewRecorder()
			newTestAccount(options).ServeHTTP(w, r)
			wantStatus(t, w, tc.status)
			if tc.text != "" {
				wantJSON(t, fmt.Sprintf(`{"error":%q,"status":401}`, tc.text), w.Body.Bytes())
			}
		})
	}
}

func TestDomains(t *testing.T) {
	a := newTestAccount(Options{})
	const shown = `{"domain":{"domain":"other.org","date_created":"2023-11-14T22:13:20+00:00","dns_sec":"disabled"}}`
	w := request(a, "POST", "domains", `{"domain":"Other.org","ip":"192.0.2.1"}`)
	wantStatus(t, w, http.StatusOK)
	wantJSON(t, shown, w.Body.Bytes())
	wantJSON(t, shown, request(a, "GET", "domains/other.org", "").Body.Bytes())
	wantJSON(t, `{"domains":[
			{"domain":"example.com","date_created":"2023-11-14T22:13:20+00:00","dns_sec":"disabled"},
			{"domain":"other.org","date_created":"2023-11-14T22:13:20+00:00","dns_sec":"disabled"}],
		"meta":{"total":2,"links":{"next":"","prev":""}}}`, request(a, "GET", "domains", "").Body.Bytes())

	defaults := []Record{
		{Type: "NS", Data: "ns1.vultr.com", Priority: -1, TTL: 300},
		{Type: "NS", Data: "ns2.vultr.com", Priority: -1, TTL: 300},
		{Type: "A", Data: "192.0.2.1", Priority: -1, TTL: 300},
		{Type: "CNAME", Name: "*", Data: "other.org", Priority: -1, TTL: 300},
		{Type: "MX", Data: "other.org", Priority: 10, TTL: 300},
	}
	if diff := cmp.Diff(defaults, a.Records("other.org"), cmpopts.IgnoreFields(Record{}, "ID")); diff != "" {
		t.Errorf("default records:\n%s", diff)
	}
	for _, r := range a.Records("other.org") { // they keep the rules themselves
		wantNoContent(t, request(a, "PATCH", "domains/other.org/records/"+r.ID, "{}"))
	}

	wantJSON(t, `{"dns_sec":[]}`, request(a, "GET", "domains/other.org/dnssec", "").Body.Bytes())
	wantNoContent(t, request(a, "PUT", "domains/other.org", `{"dns_sec":"enabled"}`))
	keys := decode[struct {
		DNSSEC []string `json:"dns_sec"`
	}](t, request(a, "GET", "domains/other.org/dnssec", "")).DNSSEC
	if len(keys) != 2 || !strings.HasPrefix(keys[0], "other.org IN DNSKEY ") || !strings.HasPrefix(keys[1], "other.org IN DS ") {
		t.Errorf("keys %q", keys)
	}

	wantJSON(t, `{"dns_soa":{"nsprimary":"ns1.vultr.com","email":"dnsadm@vultr.com"}}`,
		request(a, "GET", "domains/other.org/soa", "").Body.Bytes())
	wantNoContent(t, request(a, "PATCH", "domains/other.org/soa", `{"email":"a@other.org"}`))
	wantJSON(t, `{"dns_soa":{"nsprimary":"ns1.vultr.com","email":"a@other.org"}}`,
		request(a, "GET", "domains/other.org/soa", "").Body.Bytes())

	wantNoContent(t, request(a, "DELETE", "domains/other.org", ""))
	wantStatus(t, request(a, "GET", "domains/other.org", ""), http.StatusNotFound)
	if got := a.Records("other.org"); got != nil {
		t.Errorf("records of a deleted domain: %v", got)
	}
}

type recordList struct {
	Records []Record
	Meta    pageMeta
}

// list gets one page of the records.
func list(t *testing.T, a *Account, perPage int, cursor string) recordList {
	t.Helper()
	query := url.Values{"per_page": {fmt.Sprint(perPage)}, "cursor": {cursor}}
	return decode[recordList](t, request(a, "GET", recordsPath+"?"+query.Encode(), ""))
}

func TestEmptyLists(t *testing.T) {
	a := newTestAccount(Options{})
	const meta = `"meta":{"total":0,"links":{"next":"","prev":""}}`
	wantJSON(t, `{"records":[],`+meta+`}`, request(a, "GET", recordsPath, "").Body.Bytes())
	wantNoContent(t, request(a, "DELETE", "domains/"+testZone, ""))
	wantJSON(t, `{"domains":[],`+meta+`}`, request(a, "GET", "domains", "").Body.Bytes())
}

// TestMinTTL checks that a TTL is raised silently, and shown as it was raised.
func TestMinTTL(t *testing.T) {
	a := newTestAccount(Options{MinTTL: 120})
	if got := addRecord(t, a, `{"name":"a","type":"A","data":"192.0.2.1","ttl":60}`); got.TTL != 120 {
		t.Errorf("TTL %d, want 120", got.TTL)
	}
}

func TestRecordPages(t *testing.T) {
	a := newTestAccount(Options{})
	for i := range 1001 {
		a.Seed(testZone, Record{Type: "TXT", Name: fmt.Sprint(i), Data: `"x"`, TTL: 120})
	}
	all := a.Records(testZone)
	if got := decode[recordList](t, request(a, "GET", recordsPath, "")); len(got.Records) != 100 {
		t.Errorf("%d records on a page by default, want 100", len(got.Records))
	}
	for _, perPage := range []int{7, 100, 143, 500} {
		t.Run(fmt.Sprint(perPage), func(t *testing.T) {
			var forth, back []Record
			page := list(t, a, perPage, "")
			if page.Meta.Links.Prev != "" {
				t.Error("the first page has one before it")
			}
			for {
				forth = append(forth, page.Records...)
				if page.Meta.Total != len(all) || len(page.Records) > perPage {
					t.Fatalf("%d records of %d, want at most %d of %d", len(page.Records), page.Meta.Total, perPage, len(all))
				}
				if page.Meta.Links.Next == "" {
					break
				}
				page = list(t, a, perPage, page.Meta.Links.Next)
			}
			for {
				back = append(append([]Record(nil), page.Records...), back...)
				if page.Meta.Links.Prev == "" {
					break
				}
				page = list(t, a, perPage, page.Meta.Links.Prev)
				if len(page.Records) > perPage {
					t.Fatalf("%d records, want at most %d", len(page.Records), perPage)
				}
			}
			if diff := cmp.Diff(all, forth); diff != "" {
				t.Errorf("by next:\n%s", diff)
			}
			if diff := cmp.Diff(all, back); diff != "" {
				t.Errorf("by prev:\n%s", diff)
			}
		})
	}
}

// TestPagesUnderChange removes what was listed between two pages: the rest must
// come once each all the same.
func TestPagesUnderChange(t *testing.T) {
	a := newTestAccount(Options{})
	for i := range 6 {
		a.Seed(testZone, Record{ID: fmt.Sprint(i), Type: "TXT", Name: fmt.Sprint(i)})
	}
	var names []string
	page := list(t, a, 2, "")
	for {
		for _, r := range page.Records {
			names = append(names, r.Name)
		}
		a.Remove(testZone, page.Records[len(page.Records)-1].ID)
		if page.Meta.Links.Next == "" {
			break
		}
		page = list(t, a, 2, page.Meta.Links.Next)
	}
	if diff := cmp.Diff([]string{"0", "1", "2", "3", "4", "5"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestDrift(t *testing.T) {
	a := newTestAccount(Options{})
	id := a.Seed(testZone, Record{ID: "its own", Type: "A", Name: "a", Data: "no address", TTL: 7})
	if id != "its own" {
		t.Errorf("id %q", id)
	}
	if !a.Edit(testZone, id, func(r *Record) { r.TTL = 8 }) {
		t.Fatal("no record to edit")
	}
	want := []Record{{ID: id, Type: "A", Name: "a", Data: "no address", TTL: 8}}
	if diff := cmp.Diff(want, a.Records(testZone)); diff != "" {
		t.Error(diff)
	}
	got := a.Records(testZone)
	got[0].TTL = 9
	if diff := cmp.Diff(want, a.Records(testZone)); diff != "" {
		t.Errorf("a caller's change is seen by the next:\n%s", diff)
	}
	if !a.Remove(testZone, id) {
		t.Error("no record to remove")
	}
	if a.Remove(testZone, id) || a.Remove("other.org", id) || a.Edit(testZone, id, func(*Record) { t.Error("edited") }) {
		t.Error("a removed record is still there")
	}
	defer func() {
		if recover() == nil {
			t.Error("no panic for an unknown zone")
		}
		a.Records(testZone) // the lock was let go
	}()
	a.Seed("other.org", Record{})
}

func TestLimit(t *testing.T) {
	now := testNow()
	a := newTestAccount(Options{Limit: 2, Now: func() time.Time { return now }})
	call := func(address string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/v2/domains", nil)
		r.RemoteAddr = address
		r.Header.Set("Authorization", "Bearer "+testAPIKey)
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		return w
	}
	for _, step := range []struct {
		after      time.Duration
		address    string
		status     int
		retryAfter string
	}{
		{0, "192.0.2.1:1000", 200, ""},
		{0, "192.0.2.1:1001", 200, ""},
		{0, "192.0.2.1:1002", 429, "1"},
		{0, "[2001:db8::1]:1000", 200, ""},
		{999 * time.Millisecond, "192.0.2.1:1003", 429, "1"},
		{time.Millisecond, "192.0.2.1:1003", 200, ""},
	} {
		now = now.Add(step.after)
		w := call(step.address)
		wantStatus(t, w, step.status)
		if got := w.Header().Get("Retry-After"); got != step.retryAfter {
			t.Errorf("Retry-After %q, want %q", got, step.retryAfter)
		}
	}
}
