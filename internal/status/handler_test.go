package status

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/printable"
)

// TestFilter has which Ingresses a query leaves, and how many are counted.
func TestFilter(t *testing.T) {
	other := ingress("other", "o.example.com", "/Docs")
	other.Namespace = "blog" // where there is no Service web
	o := settled(
		cluster("main", ingress("shop", "www.example.com", "/a"), ingress("shop-2", "www2.example.com", "/a"), other),
		cluster("west", ingress("shop", "west.example.com", "/a")))
	h := handlerOf(o)
	tests := map[string]struct {
		query, want string
		counts      [2]int // pending and synced
	}{
		"nothing":              {"", "main/blog/other main/shop/shop main/shop/shop-2 west/shop/shop", [2]int{1, 3}},
		"a cluster":            {"cluster=west", "west/shop/shop", [2]int{0, 1}},
		"a namespace":          {"namespace=blog", "main/blog/other", [2]int{1, 0}},
		"an Ingress":           {"ingress=shop", "main/shop/shop west/shop/shop", [2]int{0, 2}},
		"a state":              {"state=synced", "main/shop/shop main/shop/shop-2 west/shop/shop", [2]int{1, 3}},
		"two":                  {"cluster=main&state=synced", "main/shop/shop main/shop/shop-2", [2]int{1, 2}},
		"part of a host":       {"q=WWW2", "main/shop/shop-2", [2]int{0, 1}},
		"a path":               {"q=/docs", "main/blog/other", [2]int{1, 0}},
		"a URL":                {"q=https://west.example.com/a", "west/shop/shop", [2]int{0, 1}},
		"a rule":               {"q=rule-www2.", "main/shop/shop-2", [2]int{0, 1}},
		"an origin":            {"q=nodes.west.acme", "west/shop/shop", [2]int{0, 1}},
		"a message":            {"q=does+not+exist", "main/blog/other", [2]int{1, 0}},
		"a whole name":         {"q=main/shop/shop-2", "main/shop/shop-2", [2]int{0, 1}},
		"what there is not":    {"q=nothing+like+it", "", [2]int{0, 0}},
		"a key that is no key": {"utm_source=x&cluster=west", "west/shop/shop", [2]int{0, 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var r Report
			if err := json.Unmarshal(get(h, "/status.json?"+test.query).Body.Bytes(), &r); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range r.Ingresses {
				got = append(got, i.ID().String())
			}
			if text := strings.Join(got, " "); text != test.want || r.Matching != len(got) {
				t.Errorf("%d: %s, want %s", r.Matching, text, test.want)
			}
			if counts := [2]int{r.Counts[desired.Pending], r.Counts[desired.Synced]}; counts != test.counts {
				t.Errorf("counts %v, want %v", counts, test.counts)
			}
		})
	}
}

// TestAnswers has the status of requests.
func TestAnswers(t *testing.T) {
	o := settled(cluster("main", ingress("shop", "www.example.com", "/a")))
	tests := map[string]struct {
		overview    *outcome.Overview
		method, url string
		status      int
		body        string // part of it
	}{
		"page":              {o, "GET", "/", 200, "<title>edgeward: acme</title>"},
		"JSON":              {o, "GET", "/status.json", 200, `"version": "v1.2.3"`},
		"no lists are null": {o, "GET", "/status.json", 200, "\"notices\": [],\n  \"failures\": [],"},
		"HEAD":              {o, "HEAD", "/", 200, ""},
		"another path":      {o, "GET", "/status", 404, ""},
		"another method":    {o, "POST", "/", 405, ""},
		"nothing planned":   {nil, "GET", "/", 503, "edgeward has just started"},
		"no such state":     {o, "GET", "/?state=fine", 400, `state: "fine" is not one of [error invalid conflict pending synced]`},
		"no number":         {o, "GET", "/?page=x", 400, `page: "x" is not a number from 1`},
		"no page":           {o, "GET", "/?page=0", 400, `page: "0"`},
		"past the last one": {o, "GET", "/?page=9", 200, "shop/shop"},
		"none fits":         {o, "GET", "/?q=x-x", 200, "No Ingress fits."},
		"there is none":     {settled(cluster("main")), "GET", "/", 200, "No Ingress has the label or class"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			handlerOf(test.overview).ServeHTTP(w, httptest.NewRequest(test.method, test.url, nil))
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.body) {
				t.Errorf("%d %s, want %d with %q", w.Code, w.Body, test.status, test.body)
			}
		})
	}
}

// TestHeaders has what keeps a page that shows names from elsewhere harmless.
func TestHeaders(t *testing.T) {
	o := settled(cluster("main", ingress("shop", "www.example.com", "/a")))
	handler := handlerOf(o)
	for _, url := range []string{"/", "/status.json", "/?state=fine"} {
		h := get(handler, url).Header()
		for key, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
		} {
			if h.Get(key) != want {
				t.Errorf("%s: %s is %q, want %q", url, key, h.Get(key), want)
			}
		}
	}
	w := get(handler, "/")
	_, style, _ := strings.Cut(w.Body.String(), "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	if got := w.Header().Get("Content-Security-Policy"); got != want {
		t.Errorf("Content-Security-Policy is %q, want %q, as the style is", got, want)
	}
	if strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), " style=") {
		t.Error("the page has what its policy forbids")
	}
}

// TestHostile has markup, and what commands a terminal or turns the order of
// characters, wherever a user, or a provider, can write something.
func TestHostile(t *testing.T) {
	const evil = "\"><script>alert(1)</script>\u202e\u2066\u200b\x1b[2K\u009b\xff\r"
	shop := ingress("shop", "www.example.com", "/a")
	shop.Annotations = map[string]string{"edgeward/source-path": evil, "edgeward/" + evil: "x"}
	bad := ingress("bad", evil, evil)
	o := settled(cluster("main", shop, bad))
	id := model.IngressID{Cluster: "main", Namespace: evil, Name: evil}
	key := model.RuleKey{CDN: fixture.Edgio, Host: evil, Path: "/" + evil}
	o.Step.Routes = append(o.Step.Routes, plan.RouteState{Route: &desired.Route{Ingress: id, Key: key}, State: desired.Failed, Reason: evil})
	o.Want.Routes = append(o.Want.Routes, &desired.Route{Key: key, Ingress: id, Rule: model.Rule{RuleKey: key, SourceHost: evil, Protocols: []model.Protocol{{Published: "javascript"}}}})
	o.Failures = []outcome.Failure{{Provider: fixture.Edgio, Place: key.Place(), Error: evil, Since: now()}}
	o.Step.Notices = []model.Notice{{Text: evil}}
	o.Nodes["main"][0].Name = evil
	o.Providers[0].ReadError, o.Settings.Owner, o.Awaited = evil, evil, evil
	h := handlerOf(o)
	for _, url := range []string{"/", "/status.json", "/?q=script", "/?q=%22%3E%3Cscript%3E&namespace=%22%3E%3Cscript%3E&ingress=%22%3E%3Cscript%3E"} {
		body := get(h, url).Body.String()
		for line := range strings.Lines(body) {
			if line = strings.Trim(line, "\t\n"); printable.Text(line) != line {
				t.Errorf("%s: as it is: %q", url, line)
			}
		}
		if strings.Contains(body, "<script") {
			t.Errorf("%s: markup is let through", url)
		}
		if strings.Contains(body, `href="javascript:`) {
			t.Errorf("%s: a script is linked to", url)
		}
	}
	if body := get(h, "/").Body.String(); strings.Count(body, "&lt;script&gt;") < 12 {
		t.Errorf("only %d of the texts are shown", strings.Count(body, "&lt;script&gt;"))
	}
}

// TestMany has the first page of 5,000 Ingresses: those with a problem, and how
// many there are.
func TestMany(t *testing.T) {
	body := get(handlerOf(many(5000)), "/").Body.String()
	for _, want := range []string{"all <b>5000</b>", "pending <b>50</b>", "synced <b>4950</b>", "ing-0000", "ing-4900", "Page 1 of 100"} {
		if !strings.Contains(body, want) {
			t.Errorf("the first page lacks %q", want)
		}
	}
	if len(body) > 150_000 {
		t.Errorf("it has %d bytes", len(body))
	}
}

// TestPages goes from page to page by the links and finds each Ingress once.
func TestPages(t *testing.T) {
	const n = 490
	h := handlerOf(many(n))
	seen := make(map[string]bool)
	pages := 0
	for url := "/?state=&q=ing-"; url != ""; pages++ {
		body := get(h, url).Body.String()
		for _, part := range strings.Split(body, ">shop/ing-")[1:] {
			name, _, _ := strings.Cut(part, "<")
			if seen[name] {
				t.Fatalf("%s: %s again", url, name)
			}
			seen[name] = true
		}
		before, _, more := strings.Cut(body, `" rel="next"`)
		if url = ""; more {
			url = "/" + html.UnescapeString(before[strings.LastIndex(before, `"`)+1:])
		}
	}
	if len(seen) != n || pages != 10 {
		t.Errorf("%d Ingresses on %d pages, want %d on 10", len(seen), pages, n)
	}
}

// TestBounds has a single Ingress with many paths and an origin with many
// addresses, among others and alone.
func TestBounds(t *testing.T) {
	big := ingress("big", "big.example.com", "/p0")
	for i := range 99 {
		p := big.Rules[0].Paths[0]
		p.Path = fmt.Sprint("/p", i+1)
		big.Rules[0].Paths = append(big.Rules[0].Paths, p)
	}
	c := cluster("main", big, ingress("shop", "www.example.com", "/a"))
	for i := range 98 {
		c.Nodes = append(c.Nodes, node(fmt.Sprint("x", i), fmt.Sprint("198.51.100.", i)))
	}
	o := settled(c)
	for i := range 100 - len(o.Step.Notices) { // one says that there are many addresses
		o.Step.Notices = append(o.Step.Notices, model.Notice{Text: fmt.Sprint("notice ", i)})
	}
	for i := range 100 {
		o.Failures = append(o.Failures, outcome.Failure{Provider: fixture.Edgio, Verb: model.Delete, Place: model.RuleKey{CDN: fixture.Edgio, Host: "f.example.com", Path: fmt.Sprint("/", i)}.Place(), Since: now()})
	}
	h := handlerOf(o)
	body := get(h, "/").Body.String()
	for want, times := range map[string]int{
		"https://big.example.com/": 2 * routesAmong, ">90 more<": 1, ", 98 more<": routesAmong + 1, "and 50 more": 1, "<td>yes</td>": addressesShown,
		">notice ": linesShown - 1, "edgio: delete f.example.com/": linesShown, "and 80 more": 2,
	} {
		if got := strings.Count(body, want); got != times {
			t.Errorf("%q stands there %d times, want %d", want, got, times)
		}
	}
	body = get(h, "/?cluster=main&namespace=shop&ingress=big").Body.String()
	if got := strings.Count(body, "https://big.example.com/"); got != 200 {
		t.Errorf("alone it has %d URLs, want each of 100 twice", got)
	}
}

// TestUnused has an origin that no Ingress uses any more shown all the same,
// unless another cluster is looked at.
func TestUnused(t *testing.T) {
	h := handlerOf(settled(cluster("main"), cluster("west", ingress("shop", "www.example.com", "/a"))))
	for url, want := range map[string]bool{"/": true, "/?cluster=main": true, "/?cluster=west": false} {
		body := get(h, url).Body.String()
		if got := strings.Contains(body, "<h3>nodes.main.acme.k8s.example.net <span class=\"aside\">no Ingress uses it"); got != want {
			t.Errorf("%s: shown %v, want %v", url, got, want)
		}
	}
}

// TestGolden has the whole of /status.json.
func TestGolden(t *testing.T) {
	o := settled(cluster("main", ingress("shop", "www.example.com", "/a"), ingress("bad", "*.example.com", "/")))
	o.Failures = []outcome.Failure{{
		Provider: fixture.Vultr, Verb: model.Create, Place: model.AddressRecord("nodes.main.acme", "192.0.2.2", 0).Key(), Error: "POST /v2/domains: 429 Too Many Requests",
		Times: 3, Since: now().Add(-time.Minute), Next: now().Add(time.Minute),
	}}
	o.Providers[1].Waiting = 1
	o.Step.Notices = []model.Notice{{Text: "something to know"}}
	got := get(handlerOf(o), "/status.json").Body.String()
	file := filepath.Join("testdata", "status.json")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got; UPDATE_GOLDEN=1 takes it over):\n%s", diff)
	}
}

// TestFollows has a new overview shown once it is there.
func TestFollows(t *testing.T) {
	o := settled(cluster("main"))
	h := Handler("", func() *outcome.Overview { return o })
	for _, owner := range []string{"first", "second"} {
		next := *o
		next.Settings.Owner = owner
		o = &next
		w := get(h, "/")
		if !strings.Contains(w.Body.String(), "edgeward: "+owner) {
			t.Errorf("owner %s is not shown", owner)
		}
	}
}

// BenchmarkPage measures a request with 5,000 Ingresses: the first after a plan,
// which has to sort them all out, and those after it.
func BenchmarkPage(b *testing.B) {
	const n = 5000
	o := many(n)
	for name, url := range map[string]string{"page": "/", "search": "/?q=h49", "json": "/status.json"} {
		b.Run(name+"/first", func(b *testing.B) {
			for b.Loop() {
				get(handlerOf(o), url)
			}
		})
		b.Run(name+"/again", func(b *testing.B) {
			h := handlerOf(o)
			b.ReportAllocs()
			for b.Loop() {
				b.ReportMetric(float64(get(h, url).Body.Len()), "bytes")
			}
		})
	}
}
