package vultrdns

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/model"
)

func TestListReadsAllPages(t *testing.T) {
	for _, tc := range []struct{ records, calls int }{{0, 1}, {499, 1}, {500, 1}, {501, 2}, {1200, 3}} {
		t.Run(strconv.Itoa(tc.records), func(t *testing.T) {
			api, client := newZone(t, vultrtest.Options{})
			var want []model.Record
			for i := range tc.records {
				r := vultrtest.Record{Type: "A", Name: fmt.Sprintf("n%d", i), Data: "192.0.2.1", TTL: 120}
				want = append(want, model.Record{ID: api.Seed(testZone, r), Name: r.Name, Type: "A", Data: r.Data, TTL: 120})
			}
			got, err := client.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if got := len(api.Calls()); got != tc.calls {
				t.Errorf("%d calls, want %d", got, tc.calls)
			}
		})
	}
}

// pages is an API whose list has these pages; the cursor of each is its index.
func pages(t *testing.T, replies ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/v2/domains/example.com/records" || r.URL.Query().Get("per_page") != "500" {
			t.Errorf("unexpected call %s %s", r.Method, r.URL)
		}
		page, _ := strconv.Atoi(r.URL.Query().Get("cursor")) // none: 0
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, replies[page])
	})
}

// page is a reply with A records of these IDs.
func page(total int, next string, ids ...string) string {
	var records []string
	for _, id := range ids {
		records = append(records, fmt.Sprintf(`{"id":%q,"type":"A","name":%q,"data":"192.0.2.1","priority":0,"ttl":120}`, id, id))
	}
	return fmt.Sprintf(`{"records":[%s],"meta":{"total":%d,"links":{"next":%q,"prev":""}}}`, strings.Join(records, ","), total, next)
}

func TestListOfOddPages(t *testing.T) {
	for _, tc := range []struct {
		name    string
		replies []string
		want    []string // IDs
		err     string
	}{
		{"a record on two pages", []string{page(3, "1", "a", "b"), page(3, "", "b", "c")}, []string{"a", "b", "c"}, ""},
		{"a page without records", []string{page(1, "1"), page(1, "", "a")}, []string{"a"}, ""},
		{"one that went while we read", []string{page(3, "1", "a", "b"), page(1, "", "c")}, []string{"a", "b", "c"}, ""},
		{"fewer than the total", []string{page(3, "1", "a"), page(3, "", "b")}, nil, "got 2 of 3"},
		{"a duplicate does not make up the total", []string{page(3, "1", "a", "b"), page(3, "", "b")}, nil, "got 2 of 3"},
		{"pages in a circle", []string{page(9, "1", "a"), page(9, "2", "b"), page(9, "1", "c")}, nil, "in a circle"},
		{"pages in a circle that is whole", []string{page(2, "1", "a"), page(2, "1", "b")}, []string{"a", "b"}, ""},
		{"a page that is its own next", []string{page(9, "1", "a"), page(9, "1", "b")}, nil, "in a circle"},
		{"a record without id", []string{page(1, "", "")}, nil, "no id"},
		{"a second page that is broken", []string{page(2, "1", "a"), `{"records":[`}, nil, "not a JSON object"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			records, err := newClient(t, pages(t, tc.replies...)).List(t.Context())
			if (tc.err == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), tc.err) || records != nil) {
				t.Fatalf("got %d records and the error %v, want %q", len(records), err, tc.err)
			}
			var got []string
			for _, r := range records {
				got = append(got, r.ID)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("IDs (-want +got):\n%s", diff)
			}
		})
	}
}

// TestListWithoutEnd has an API whose pages go on for ever and bring nothing.
func TestListWithoutEnd(t *testing.T) {
	calls := 0
	client := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		_, _ = io.WriteString(w, page(1<<30, strconv.Itoa(calls)))
	}))
	if records, err := client.List(t.Context()); err == nil || !strings.Contains(err.Error(), "the last 10 pages brought nothing new") || calls != 10 {
		t.Errorf("got %d records by %d calls, %v", len(records), calls, err)
	}
}

// Each of these would be an empty zone to govultr.
func TestRepliesThatAreNoList(t *testing.T) {
	const kind = "application/json"
	whole := page(1, "", "a")
	for _, tc := range []struct {
		name, contentType, reply string
		status                   int
		want                     int // records; -1: an error
	}{
		{"the list", kind, whole, 200, 1},
		{"the list with a charset", "application/json; charset=utf-8", whole, 200, 1},
		{"the list called text", "text/plain", whole, 200, 1},
		{"an empty list", kind, page(0, ""), 200, 0},
		{"null for an empty list", kind, `{"records":null,"meta":{"total":0,"links":{"next":"","prev":""}}}`, 200, 0},
		{"nothing", kind, ``, 200, -1},
		{"nothing, and no content", kind, ``, 204, -1},
		{"HTML", "text/html", `<html>maintenance</html>`, 200, -1},
		{"HTML called JSON", kind, `<html>maintenance</html>`, 200, -1},
		{"a list of nothing", kind, `[]`, 200, -1},
		{"null", kind, `null`, 200, -1},
		{"an empty object", kind, `{}`, 200, -1},
		{"no meta", kind, `{"records":[]}`, 200, -1},
		{"meta that is null", kind, `{"records":[],"meta":null}`, 200, -1},
		{"no links", kind, `{"records":[],"meta":{"total":0}}`, 200, -1},
		{"no records though there are three", kind, `{"meta":{"total":3,"links":{"next":"","prev":""}}}`, 200, -1},
		{"records of another type", kind, `{"records":{"id":"a"},"meta":{"total":1,"links":{"next":"","prev":""}}}`, 200, -1},
		{"an object and more", kind, whole + `<html>`, 200, -1},
		{"another success", "text/plain", whole, 202, -1},
		{"an error as a success", kind, `{"error":"no zone for VULTR-KEY","status":404}`, 200, -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			records, err := newClient(t, answer(tc.status, tc.contentType, tc.reply)).List(t.Context())
			if (tc.want < 0) != (err != nil) || err == nil && len(records) != tc.want {
				t.Errorf("got %d records and the error %v", len(records), err)
			}
			if err != nil && strings.Contains(err.Error(), testKey) {
				t.Errorf("the key is in %v", err)
			}
		})
	}
}

func TestFindIsAList(t *testing.T) {
	api, client := newZone(t, vultrtest.Options{})
	api.Seed(testZone, vultrtest.Record{ID: "a", Type: "A", Name: "www", Data: "192.0.2.1", TTL: 300})
	got, err := client.Find(t.Context(), addressRecord("other", "192.0.2.9"))
	if err != nil || len(got) != 1 || got[0].ID != "a" {
		t.Errorf("got %v, %v", got, err)
	}
}
