package edgio

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

// seeded is the body of a rule that somebody else made.
func seeded(host, path string) string {
	return fmt.Sprintf(`{"publishedHostname":%q,"publishedUrlPath":%q}`, host, path)
}

func TestListReadsAllPages(t *testing.T) {
	for _, tc := range []struct{ rules, calls int }{{0, 1}, {99, 1}, {100, 2}, {101, 2}, {250, 3}} {
		t.Run(strconv.Itoa(tc.rules), func(t *testing.T) {
			api, client := newAccount(t)
			var want []string
			for i := range tc.rules {
				want = append(want, api.Seed(seeded("www.example.com", fmt.Sprintf("/%d", i))))
			}
			for name, read := range map[string]func() ([]model.Rule, error){
				"List": func() ([]model.Rule, error) { return client.List(t.Context()) },
				"Find": func() ([]model.Rule, error) { return client.Find(t.Context(), wanted("www.example.com", "/")) },
			} {
				api.ResetCalls()
				rules, err := read()
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if diff := cmp.Diff(want, ids(rules)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
				if got := len(api.Calls()); got != tc.calls {
					t.Errorf("%s: %d calls, want %d", name, got, tc.calls)
				}
			}
		})
	}
}

func ids(rules []model.Rule) []string {
	var list []string
	for _, r := range rules {
		list = append(list, r.ID)
	}
	return list
}

// roundTripper answers each call with 200 and the body it returns.
type roundTripper func(*http.Request) string

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(f(req)))}, nil
}

// TestListOfOtherServers covers what the API might do where its paging is not
// documented. A server answers page number page, from 1, of rules numbered
// from 0.
func TestListOfOtherServers(t *testing.T) {
	clamped := func(all int) func(page int) (from, to int) {
		return func(page int) (int, int) {
			last := (all + pageSize - 1) / pageSize
			from := (min(page, last) - 1) * pageSize
			return from, min(from+pageSize, all)
		}
	}
	for _, tc := range []struct {
		name  string
		page  func(page int) (from, to int)
		rules int
		calls int
		err   string
	}{
		{"no paging, few rules", func(int) (int, int) { return 0, 60 }, 60, 1, ""},
		{"no paging, all rules at once", func(int) (int, int) { return 0, 250 }, 250, 2, ""},
		{"page ignored, a full page", func(int) (int, int) { return 0, 100 }, 0, 2, "there may be more"},
		{"the last page again and again", clamped(300), 300, 4, ""},
		{"pages that overlap", func(page int) (int, int) { return (page - 1) * 95, min(page*95+5, 250) }, 250, 3, ""},
		{"more than a thousand pages", func(page int) (int, int) { return (page - 1) * 100, min(page*100, 100_050) }, 100_050, 1001, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			calls := 0
			// Not over a connection: so many pages shall be quick.
			client, err := New(Options{SharedKey: testKey, HTTP: httpapi.New(httpapi.Options{Transport: roundTripper(func(req *http.Request) string {
				calls++
				page, _ := strconv.Atoi(req.URL.Query().Get("page"))
				from, to := tc.page(page)
				var list []string
				for i := from; i < to; i++ {
					list = append(list, fmt.Sprintf(`{"uuid":"%d"}`, i))
				}
				return `{"results":[` + strings.Join(list, ",") + `]}`
			})})})
			if err != nil {
				t.Fatal(err)
			}
			rules, err := client.List(t.Context())
			if (tc.err == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("got the error %v, want %q", err, tc.err)
			}
			if got := ids(rules); len(got) != tc.rules || len(slices.Compact(slices.Sorted(slices.Values(got)))) != tc.rules {
				t.Errorf("got %d rules, want %d, each once", len(got), tc.rules)
			}
			if calls != tc.calls {
				t.Errorf("%d calls, want %d", calls, tc.calls)
			}
		})
	}
}

// TestListWithoutEnd stops where the rules become more than the memory holds.
func TestListWithoutEnd(t *testing.T) {
	calls := 0
	client, err := New(Options{SharedKey: testKey, HTTP: httpapi.New(httpapi.Options{Transport: roundTripper(func(*http.Request) string {
		calls++
		var list []string
		for i := range pageSize {
			list = append(list, fmt.Sprintf(`{"uuid":"%d-%d"}`, calls, i))
		}
		return `{"results":[` + strings.Join(list, ",") + `]}`
	})})})
	if err != nil {
		t.Fatal(err)
	}
	rules, err := client.pages(t.Context(), "", url.Values{}, 1000)
	if rules != nil || err == nil || !strings.Contains(err.Error(), "no end after 1100 rules") || calls != 11 {
		t.Errorf("got %d rules by %d calls and the error %v", len(rules), calls, err)
	}
}

func TestListReplies(t *testing.T) {
	const failed = -1
	for _, tc := range []struct {
		name, reply string
		want        int
	}{
		{"an object", `{"results":[{"uuid":"a"},{"uuid":"b","body":{}}],"total":2}`, 2},
		{"a bare list", ` [{"uuid":"a"}]`, 1},
		{"an empty list", `{"results":[]}`, 0},
		{"a bare empty list", `[]`, 0},
		{"null for an empty list", `{"results":null}`, 0},
		{"no results", `{"errors":[]}`, failed},
		{"null", `null`, failed},
		{"nothing", ``, failed},
		{"a string", `"results"`, failed},
		{"results of another type", `{"results":{"uuid":"a"}}`, failed},
		{"an instance that is null", `{"results":[{"uuid":"a"},null]}`, failed},
		{"an instance that is a string", `{"results":["a"]}`, failed},
		{"an instance without uuid", `{"results":[{"body":{}}]}`, failed},
		{"a uuid that is a number", `{"results":[{"uuid":7}]}`, failed},
		{"garbled", `{"results":[{"uuid":"a"},`, failed},
		{"garbled behind its end", `{"results":[]}}`, failed},
		{"HTML", `<html>Service is busy</html>`, failed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, client := scripted(t, exchange{"GET /svcinst/delivery/shortname/acme?page=1&size=100", 200, tc.reply})
			rules, err := client.List(t.Context())
			if (tc.want == failed) != (err != nil) {
				t.Fatalf("got the error %v", err)
			}
			if err == nil && len(rules) != tc.want {
				t.Errorf("got %d rules, want %d", len(rules), tc.want)
			}
			if err != nil && (rules != nil || !strings.Contains(err.Error(), "not what the API describes")) {
				t.Errorf("got %d rules and %v", len(rules), err)
			}
		})
	}
}

func TestFindFiltersAgain(t *testing.T) {
	_, client := scripted(t, exchange{"GET /svcinst/delivery/shortname/acme/searchAuto?body.publishedHostname=www.example.com&page=1&size=100", 200,
		`{"results":[
			{"uuid":"a","body":{"publishedHostname":"www.example.com","publishedUrlPath":"/"}},
			{"uuid":"b","body":{"publishedHostname":"other.example.com","publishedUrlPath":"/"}},
			{"uuid":"c","body":{"publishedHostname":"WWW.Example.com.","publishedUrlPath":"/x"}},
			{"uuid":"d","body":{"publishedHostname":"xwww.example.com","publishedUrlPath":"/"}},
			{"uuid":"e"}]}`})
	rules, err := client.Find(t.Context(), wanted("www.example.com", "/"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "c"}, ids(rules)); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
}

func TestRefusedReading(t *testing.T) {
	for _, status := range []int{307, 401, 403, 404, 429, 500} {
		reply := `{"errors":[{"message":"because"}]}`
		_, client := scripted(t,
			exchange{"GET /svcinst/delivery/shortname/acme?page=1&size=100", status, reply},
		)
		_, listed := client.List(t.Context())
		_, client = scripted(t,
			exchange{"GET /svcinst/delivery/shortname/acme/searchAuto?body.publishedHostname=h&page=1&size=100", status, reply},
		)
		_, found := client.Find(t.Context(), model.Rule{RuleKey: model.RuleKey{CDN: Name, Host: "h"}})
		for _, err := range []error{listed, found} {
			var refusal *httpapi.Error
			if !errors.As(err, &refusal) || refusal.Status != status || refusal.Message != "because" {
				t.Errorf("status %d: got %v", status, err)
			}
		}
	}
}
