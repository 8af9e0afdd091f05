package vultrcdn

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

func TestExtraOfZones(t *testing.T) {
	for _, tc := range []struct {
		name string
		zone govultr.CDNZone
		want string
	}{
		{"a new zone", govultr.CDNZone{Regions: []string{"ord"}}, ""},
		{"no regions", govultr.CDNZone{}, ""},
		{"a switch", govultr.CDNZone{GZIP: true, Regions: []string{"ord"}}, `{"gzip":true}`},
		{"all switches", govultr.CDNZone{CORS: true, GZIP: true, BlockAI: true, BlockBadBots: true},
			`{"cors":true,"gzip":true,"block_ai":true,"block_bad_bots":true}`},
		{"regions in any order", govultr.CDNZone{Regions: []string{"ord", "fra", "ord", "ams"}}, `{"regions":["ams","fra","ord"]}`},
		{"what is ours or the API's", govultr.CDNZone{ID: "i", Label: "l", VanityDomain: "v", CacheSize: 1, Status: "s"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ruleOf(tc.zone).Extra
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if e, err := parseExtra(got); err != nil || !e.isOn(tc.zone) {
				t.Errorf("read again it is %+v, %v", e, err)
			}
		})
	}
}

func TestCreateWithExtra(t *testing.T) {
	for _, tc := range []struct {
		name, extra string
		want        vultrtest.PullZone // as far as it says
		calls       []string
	}{
		{"nothing", "", vultrtest.PullZone{Regions: []string{"ord"}}, []string{"POST cdns/pull-zones 201"}},
		{"switches", `{"cors":true,"block_ai":true}`, vultrtest.PullZone{CORS: true, BlockAI: true, Regions: []string{"ord"}}, []string{"POST cdns/pull-zones 201"}},
		{"all", `{"cors":true,"gzip":true,"block_ai":true,"block_bad_bots":true,"regions":["ams","fra"]}`,
			vultrtest.PullZone{CORS: true, GZIP: true, BlockAI: true, BlockBadBots: true, Regions: []string{"ams", "fra"}},
			[]string{"POST cdns/pull-zones 201", "PUT cdns/pull-zones/{id} 200"}},
		{"regions alone", `{"regions":["ams"]}`, vultrtest.PullZone{Regions: []string{"ams"}},
			[]string{"POST cdns/pull-zones 201", "PUT cdns/pull-zones/{id} 200"}},
		{"the regions that it has anyway", `{"regions":["ord"]}`, vultrtest.PullZone{Regions: []string{"ord"}}, []string{"POST cdns/pull-zones 201"}},
	} {
		for certified, certificate := range map[string]*model.Certificate{"http": nil, "https": newCertificate(t)} {
			t.Run(tc.name+", "+certified, func(t *testing.T) {
				api := vultrtest.NewAccount(vultrtest.Options{Key: testKey})
				client, log := newClient(t, api)
				ask := with(wanted(testHost, certificate), func(r *model.Rule) { r.Extra = tc.extra })
				made := create(t, client, ask)
				wantCalls(t, api, tc.calls...)
				zone := api.PullZones()[0]
				got := vultrtest.PullZone{CORS: zone.CORS, GZIP: zone.GZIP, BlockAI: zone.BlockAI, BlockBadBots: zone.BlockBadBots, Regions: zone.Regions}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("zone (-want +got):\n%s", diff)
				}
				if !made.Equal(ask) || made.ID != zone.ID || log.Len() > 0 {
					t.Errorf("made %+v, log %s", made, log)
				}
				if listed, err := client.List(t.Context()); err != nil || len(listed) != 1 || listed[0].Extra != made.Extra {
					t.Errorf("listed %+v, %v", listed, err)
				}
			})
		}
	}
}

// What is sent: regions have no place in a create call.
func TestCreateWithExtraSends(t *testing.T) {
	api := vultrtest.NewAccount(vultrtest.Options{Key: testKey})
	var sent []map[string]any
	client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := httptest.NewRecorder().Body
		_, _ = body.ReadFrom(r.Body)
		var fields map[string]any
		if err := json.Unmarshal(body.Bytes(), &fields); err != nil {
			t.Error(err)
		}
		sent = append(sent, fields)
		again := httptest.NewRequest(r.Method, r.URL.String(), body)
		again.Header = r.Header
		api.ServeHTTP(w, again)
	}))
	create(t, client, with(wanted(testHost, nil), func(r *model.Rule) { r.Extra = `{"gzip":true,"regions":["ams"]}` }))
	label := "edgeward " + markOn("team", testHost)
	want := []map[string]any{
		{"label": label, "origin_scheme": "http", "origin_domain": testOrigin, "vanity_domain": testHost,
			"cors": false, "gzip": true, "block_ai": false, "block_bad_bots": false},
		{"label": label, "cors": false, "gzip": true, "block_ai": false, "block_bad_bots": false, "regions": []any{"ams"}},
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("sent (-want +got):\n%s", diff)
	}
}

// A zone that stands without what was carried over is known nevertheless: it must
// not be made twice. A person is told of it.
func TestCarryingOverFails(t *testing.T) {
	for name, fault := range map[string]emulator.Fault{
		"refused":             {Status: 400},
		"throttled":           {Status: 429},
		"504":                 {Status: 504},
		"the reply is lost":   {Reset: true, After: true},
		"another zone's":      {Body: `{"pull_zone":{"id":"other"}}`},
		"gone at once":        {Status: 404},
		"it is not kept":      {Body: "kept"},
		"not authorized":      {Status: 401},
		"no zone in the body": {Body: `{}`},
	} {
		t.Run(name, func(t *testing.T) {
			faults := new(emulator.Faults)
			api := vultrtest.NewAccount(vultrtest.Options{Key: testKey, Faults: faults})
			client, log := newClient(t, api)
			ask := with(wanted(testHost, nil), func(r *model.Rule) { r.Extra = `{"regions":["ams"]}` })
			if fault.Body == "kept" {
				fault.Body = fmt.Sprintf(`{"pull_zone":{"id":"i","label":%q,"origin_scheme":"http","origin_domain":%q,"vanity_domain":%q,"status":"active","regions":["ord"]}}`,
					labelOf(ask).String(), testOrigin, testHost)
				faults.Set(emulator.Always(fault)) // of the create call as well
			} else {
				faults.Set(emulator.Nth(2, fault))
			}
			made, err := client.Create(t.Context(), ask)
			if err != nil || !made.Equal(ask) || made.ID == "" {
				t.Fatalf("got %+v, %v", made, err)
			}
			if zones := api.PullZones(); len(zones) != 1 || fault.Body == "" && zones[0].ID != made.ID {
				t.Errorf("there are %+v", zones)
			}
			for _, told := range []string{"level=WARN", testHost, made.ID, "ams", "Vultr's console"} {
				if !strings.Contains(log.String(), told) {
					t.Errorf("%q is not in the log %s", told, log)
				}
			}
		})
	}
}

func TestMalformedExtra(t *testing.T) {
	for _, text := range []string{
		"gzip", "{}", "null", "[]", `{"gzip":1}`, `{"gzip":false}`, `{"GZIP":true}`, `{"gzip": true}`, `{"gzip":true}x`, `{"more":true}`,
		`{"regions":[]}`, `{"regions":["ord","ams"]}x`, `{"gzip":true,"cors":true}`, " ",
	} {
		client := scripted(t) // no call
		_, err := client.Create(t.Context(), with(wanted(testHost, nil), func(r *model.Rule) { r.Extra = text }))
		if !errors.Is(err, httpapi.ErrUnsupported) || !httpapi.NotSent(err) || !strings.Contains(err.Error(), testHost) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func FuzzExtra(f *testing.F) {
	for _, text := range []string{"", `{"gzip":true}`, `{"regions":["a","b"]}`, `{"regions":["<"]}`, "{}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if e, err := parseExtra(text); err == nil && e.String() != text {
			t.Errorf("%q reads as %+v, which is %q", text, e, e)
		}
	})
}

// The API may cut a label silently, or refuse a long one. What is left of ours must
// say whose the zone is, or nothing of it may be left.
func TestLabelLimits(t *testing.T) {
	certificate := newCertificate(t)
	bare, long := wanted(testHost, nil), wanted(testHost, certificate)
	short, full := len(labelOf(bare).String()), len(labelOf(long).String())
	for _, tc := range []struct {
		name    string
		options vultrtest.Options
		rule    model.Rule
		want    error // nil: made
		status  int
	}{
		{"as long as it may be", vultrtest.Options{MaxLabel: full}, long, nil, 0},
		{"refused", vultrtest.Options{MaxLabel: full - 1}, long, nil, 400},
		{"cut in the fingerprint", vultrtest.Options{MaxLabel: full - 1, CutLabels: true}, long, httpapi.ErrNotKept, 0},
		{"cut in the mark", vultrtest.Options{MaxLabel: short - 1, CutLabels: true}, bare, httpapi.ErrNotKept, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			api, client := newAccount(t, tc.options)
			made, err := client.Create(t.Context(), tc.rule)
			var refusal *httpapi.Error
			switch {
			case tc.status != 0 && (!errors.As(err, &refusal) || refusal.Status != tc.status || !strings.Contains(err.Error(), "label")),
				tc.want != nil && !errors.Is(err, tc.want),
				tc.status == 0 && tc.want == nil && (err != nil || !made.Equal(tc.rule)):
				t.Errorf("got %+v, %v", made, err)
			}
			if n := len(api.PullZones()); (n == 0) == (err == nil) {
				t.Errorf("%d zones stand", n)
			}
		})
	}
	t.Run("cut by an update", func(t *testing.T) {
		api, client := newAccount(t, vultrtest.Options{MaxLabel: full - 1, CutLabels: true})
		made := create(t, client, bare)
		before := api.PullZones()[0].Label
		_, err := client.Update(t.Context(), made, long, false)
		if !errors.Is(err, httpapi.ErrNotKept) || httpapi.NotSent(err) || !strings.Contains(err.Error(), "label") {
			t.Errorf("got %v", err)
		}
		if after := api.PullZones()[0].Label; after != before {
			t.Errorf("the label was %q and is %q", before, after)
		}
		if listed, err := client.List(t.Context()); err != nil || !listed[0].SameOwner(made) {
			t.Errorf("it is nobody's: %+v, %v", listed, err)
		}
	})
	t.Run("cut by an update, and not given back", func(t *testing.T) {
		faults := new(emulator.Faults)
		_, client := newAccount(t, vultrtest.Options{MaxLabel: full - 1, CutLabels: true, Faults: faults})
		made := create(t, client, bare)
		faults.Set(emulator.Nth(3, emulator.Fault{Status: 429}))
		_, err := client.Update(t.Context(), made, long, false)
		if !errors.Is(err, httpapi.ErrNotKept) || httpapi.NotSent(err) || !strings.Contains(err.Error(), labelOf(bare).String()) {
			t.Errorf("got %v", err)
		}
	})
}
