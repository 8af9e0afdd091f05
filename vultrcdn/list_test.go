package vultrcdn

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/model"
)

// fields compares rules field by field: their own Equal leaves out what is only
// observed.
var fields = cmp.Transformer("fields", func(r model.Rule) any {
	type bare model.Rule
	return bare(r)
})

func TestZonesAreReadInOneForm(t *testing.T) {
	mark := markOn("team", testHost)
	whole := govultr.CDNZone{
		ID: "i", Status: "active", Label: "edgeward " + mark + " cert=0123456789abcdef", OriginScheme: "http", OriginDomain: testOrigin,
		VanityDomain: testHost, CDNURL: "https://cdn-wdghak5h67sm.vultrcdn.com",
	}
	rule := model.Rule{
		ID: "i", RuleKey: model.RuleKey{CDN: Name, Host: testHost, Path: "/"}, SourceHost: testOrigin, SourcePath: "/",
		Protocols:   []model.Protocol{{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 80, Label: mark}},
		Certificate: &model.Certificate{Fingerprint: "0123456789abcdef"}, Published: "cdn-wdghak5h67sm.vultrcdn.com",
	}
	for _, tc := range []struct {
		name string
		zone func(*govultr.CDNZone)
		want func(*model.Rule)
	}{
		{"one of ours", func(*govultr.CDNZone) {}, func(*model.Rule) {}},
		{"without a certificate", func(z *govultr.CDNZone) { z.Label = "edgeward " + mark }, func(r *model.Rule) {
			r.Certificate, r.Protocols[0].Published, r.Protocols[0].PublishedPort = nil, "http", 80
		}},
		{"with an https origin", func(z *govultr.CDNZone) { z.OriginScheme = "https" }, func(r *model.Rule) {
			r.Protocols[0].Source, r.Protocols[0].SourcePort = "https", 443
		}},
		{"that nobody marked", func(z *govultr.CDNZone) { z.Label = "my-pullzone" }, func(r *model.Rule) {
			r.Certificate, r.Protocols[0] = nil, model.Protocol{Published: "http", PublishedPort: 80, Source: "http", SourcePort: 80}
		}},
		{"pending", func(z *govultr.CDNZone) { z.Status = "pending" }, func(r *model.Rule) { r.Pending = true }},
		{"in a state that is not known", func(z *govultr.CDNZone) { z.Status = "" }, func(r *model.Rule) { r.Pending = true }},
		{"written otherwise", func(z *govultr.CDNZone) {
			z.VanityDomain, z.OriginDomain, z.CDNURL = "WWW.Example.COM.", strings.ToUpper(testOrigin)+".", "HTTPS://CDN-wdghak5h67sm.vultrcdn.com:443/"
		}, func(*model.Rule) {}},
		{"without a vanity domain", func(z *govultr.CDNZone) { z.VanityDomain = "" }, func(r *model.Rule) { r.Host = "" }},
		{"a CDN host without scheme", func(z *govultr.CDNZone) { z.CDNURL = "cdn-wdghak5h67sm.vultrcdn.com" }, func(*model.Rule) {}},
		{"no CDN host", func(z *govultr.CDNZone) { z.CDNURL = "" }, func(r *model.Rule) { r.Published = "" }},
		{"a CDN host that is none", func(z *govultr.CDNZone) { z.CDNURL = "https://a b" }, func(r *model.Rule) { r.Published = "" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			zone, want := whole, with(rule, tc.want)
			tc.zone(&zone)
			if diff := cmp.Diff(want, ruleOf(zone), fields); diff != "" {
				t.Errorf("rule (-want +got):\n%s", diff)
			}
		})
	}
}

// The example of Vultr's documentation, its nulls included.
func TestDocumentedReply(t *testing.T) {
	const example = `{"pull_zones":[{"id":"ef4d95d5-98dc-4710-94f5-0ee97e70a9a5","date_created":"2024-01-25 09:41:05","status":"active",
		"label":"my-pullzone","origin_scheme":"https","origin_domain":"www.vultr.com","cdn_url":"https://cdn-wdghak5h67sm.vultrcdn.com",
		"vanity_domain":"","cache_size":50000000,"requests":null,"in_bytes":null,"out_bytes":null,"packets_per_sec":50,"last_purge":"",
		"cors":false,"gzip":true,"block_ai":false,"block_bad_bots":false,"regions":["ord"]}],"meta":{"total":1,"links":{"next":"","prev":""}}}`
	got, err := scripted(t, exchange{"GET /pull-zones", 200, example}).List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []model.Rule{{
		ID: "ef4d95d5-98dc-4710-94f5-0ee97e70a9a5", RuleKey: model.RuleKey{CDN: Name, Path: "/"}, SourceHost: "www.vultr.com", SourcePath: "/",
		Protocols: []model.Protocol{{Published: "http", PublishedPort: 80, Source: "https", SourcePort: 443}},
		Published: "cdn-wdghak5h67sm.vultrcdn.com", Extra: `{"gzip":true}`,
	}}
	if diff := cmp.Diff(want, got, fields); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
}

func TestListReadsAllPages(t *testing.T) {
	for _, tc := range []struct{ zones, calls int }{{0, 1}, {100, 1}, {101, 2}, {201, 3}} {
		api, client := newAccount(t, vultrtest.Options{})
		for i := range tc.zones {
			api.SeedPullZone(vultrtest.PullZone{ID: fmt.Sprint(i), VanityDomain: fmt.Sprintf("h%d.example.com", i%7)})
		}
		got, err := client.List(t.Context())
		if err != nil || len(got) != tc.zones || len(api.Calls()) != tc.calls {
			t.Errorf("%d zones of %d by %d calls, want %d; %v", len(got), tc.zones, len(api.Calls()), tc.calls, err)
		}
		for i, r := range got {
			if r.ID != fmt.Sprint(i) {
				t.Fatalf("zone %d is %+v", i, r)
			}
		}
	}
}

// zonePage is a reply with zones of these IDs.
func zonePage(total int, next string, ids ...string) string {
	var zones []string
	for _, id := range ids {
		zones = append(zones, fmt.Sprintf(`{"id":%q,"vanity_domain":%q}`, id, id+".example.com"))
	}
	return fmt.Sprintf(`{"pull_zones":[%s],"meta":{"total":%d,"links":{"next":%q,"prev":""}}}`, strings.Join(zones, ","), total, next)
}

func TestListOfOddPages(t *testing.T) {
	for _, tc := range []struct {
		name    string
		replies []exchange
		want    []string // IDs
		err     string
	}{
		{"a cursor that must be escaped", []exchange{{"GET /pull-zones", 200, zonePage(2, "a=&b", "a")}, {"GET /pull-zones?cursor=a%3D%26b", 200, zonePage(2, "", "b")}}, []string{"a", "b"}, ""},
		{"a cursor that is ignored, though all came", []exchange{{"GET /pull-zones", 200, zonePage(2, "n", "a", "b")}, {"GET /pull-zones?cursor=n", 200, zonePage(2, "n", "a", "b")}}, []string{"a", "b"}, ""},
		{"a cursor that is ignored, and some did not come", []exchange{{"GET /pull-zones", 200, zonePage(3, "n", "a", "b")}, {"GET /pull-zones?cursor=n", 200, zonePage(3, "n", "a", "b")}}, nil, "in a circle; got 2 of 3"},
		{"fewer than the total", []exchange{{"GET /pull-zones", 200, zonePage(2, "", "a")}}, nil, "got 1 of 2"},
		{"a zone without id", []exchange{{"GET /pull-zones", 200, zonePage(1, "", "")}}, nil, "no id"},
		{"a zone that is null", []exchange{{"GET /pull-zones", 200, `{"pull_zones":[null],"meta":{"total":1,"links":{}}}`}}, nil, "no id"},
		{"no meta", []exchange{{"GET /pull-zones", 200, `{"pull_zones":[]}`}}, nil, ""},
		{"meta that is null", []exchange{{"GET /pull-zones", 200, `{"pull_zones":[{"id":"a"},{"id":"b"}],"meta":null}`}}, []string{"a", "b"}, ""},
		{"meta without links", []exchange{{"GET /pull-zones", 200, `{"pull_zones":[{"id":"a"}],"meta":{"total":1}}`}}, nil, "no meta.links"},
		{"no meta on the second page", []exchange{{"GET /pull-zones", 200, zonePage(3, "n", "a")}, {"GET /pull-zones?cursor=n", 200, `{"pull_zones":[{"id":"b"}]}`}}, nil, "no meta.links"},
		{"no zones", []exchange{{"GET /pull-zones", 200, `{"meta":{"total":0,"links":{}}}`}}, nil, "no pull zones"},
		{"no zones and no meta", []exchange{{"GET /pull-zones", 200, `{}`}}, nil, "no pull zones"},
		{"zones that are null", []exchange{{"GET /pull-zones", 200, `{"pull_zones":null}`}}, nil, "no pull zones"},
		{"zones that are null, with meta", []exchange{{"GET /pull-zones", 200, `{"pull_zones":null,"meta":{"total":0,"links":{}}}`}}, nil, "no pull zones"},
		{"zones of another type", []exchange{{"GET /pull-zones", 200, `{"pull_zones":{},"meta":{"total":0,"links":{}}}`}}, nil, "cannot unmarshal"},
		{"a list of nothing", []exchange{{"GET /pull-zones", 200, `[]`}}, nil, "not a JSON object"},
		{"nothing", []exchange{{"GET /pull-zones", 200, ``}}, nil, "not a JSON object"},
		{"an error as a success", []exchange{{"GET /pull-zones", 200, `{"error":"no VULTR-KEY"}`}}, nil, "an error in spite of its status 200"},
		{"an error on the second page", []exchange{{"GET /pull-zones", 200, zonePage(2, "n", "a")}, {"GET /pull-zones?cursor=n", 503, ``}}, nil, "503"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rules, err := scripted(t, tc.replies...).List(t.Context())
			if (tc.err == "") != (err == nil) || err != nil && (!strings.Contains(err.Error(), tc.err) || rules != nil || strings.Contains(err.Error(), testKey)) {
				t.Fatalf("got %d zones and the error %v, want %q", len(rules), err, tc.err)
			}
			var got []string
			for _, r := range rules {
				got = append(got, r.ID)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("IDs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFindPicksTheHost(t *testing.T) {
	api, client := newAccount(t, vultrtest.Options{})
	for id, host := range map[string]string{"old": testHost, "new": "WWW.example.com", "other": "example.com", "none": ""} {
		api.SeedPullZone(vultrtest.PullZone{ID: id, VanityDomain: host})
	}
	got, err := client.Find(t.Context(), wanted(testHost, nil))
	if err != nil || len(got) != 2 || got[0].ID == "other" || got[0].ID == "none" || got[1].ID == "other" || got[1].ID == "none" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := scripted(t, exchange{"GET /pull-zones", 500, ""}).Find(t.Context(), wanted(testHost, nil)); err == nil {
		t.Error("no error for a list that failed")
	}
}

// Should the API ever show a key, a backup has it not.
func TestRawIsWithoutKey(t *testing.T) {
	const reply = `{"pull_zone":{"id":"i","label":"l","ssl_cert":"SECRET","ssl_cert_key":"SECRET","regions":["ord"]}}`
	raw, err := scripted(t, exchange{"GET /pull-zones/i", 200, reply}).Raw(t.Context(), "i")
	if err != nil {
		t.Fatal(err)
	}
	var zone govultr.CDNZone
	if err := json.Unmarshal(raw, &zone); err != nil || zone.Label != "l" || zone.Regions[0] != "ord" || strings.Contains(string(raw), "SECRET") {
		t.Errorf("got %s, %v", raw, err)
	}
	if _, err := scripted(t, exchange{"GET /pull-zones/i", 404, ""}).Raw(t.Context(), "i"); err == nil {
		t.Error("no error for a zone that is not there")
	}
}

// reply answers every call with 200 and these bytes.
type reply []byte

func (body reply) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body)))}, nil
}
