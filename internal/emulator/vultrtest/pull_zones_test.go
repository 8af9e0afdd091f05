package vultrtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator"
)

const zonesPath = "cdns/pull-zones"

// newPair returns a certificate and its key, each as a PEM file.
func newPair(t *testing.T) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"www.example.com"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	encode := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return encode("CERTIFICATE", der), encode("PRIVATE KEY", keyDER)
}

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// fields is the text of a JSON object of them.
func fields(t *testing.T, pairs ...any) string {
	t.Helper()
	object := make(map[string]any)
	for i := 0; i < len(pairs); i += 2 {
		object[pairs[i].(string)] = pairs[i+1]
	}
	text, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// newPullZone posts a pull zone and returns it as the API shows it.
func newPullZone(t *testing.T, a *Account, body string) PullZone {
	t.Helper()
	w := request(a, "POST", zonesPath, body)
	wantStatus(t, w, http.StatusCreated)
	return decode[pullZoneReply](t, w).PullZone
}

func TestPullZoneLife(t *testing.T) {
	a := newTestAccount(Options{})
	w := request(a, "POST", zonesPath, `{"label":"my-pullzone","origin_scheme":"https","origin_domain":"www.vultr.com","cors":false,"gzip":true,"block_ai":false,"block_bad_bots":false}`)
	wantStatus(t, w, http.StatusCreated)
	zone := decode[pullZoneReply](t, w).PullZone
	host, ok := strings.CutPrefix(zone.CDNURL, "https://")
	if !ok || !emulator.IsHostname(host) || !strings.HasSuffix(host, ".vultrcdn.com") {
		t.Errorf("cdn_url %q", zone.CDNURL)
	}
	shown := func(more string) string {
		return fmt.Sprintf(`{"pull_zone":{"id":%q,"date_created":"2023-11-14 22:13:20","status":"active",
			"origin_scheme":"https","origin_domain":"www.vultr.com","cdn_url":%q,"cache_size":50000000,
			"requests":null,"in_bytes":null,"out_bytes":null,"packets_per_sec":50,%s}}`, zone.ID, zone.CDNURL, more)
	}
	const created = `"label":"my-pullzone","vanity_domain":"","last_purge":"","cors":false,"gzip":true,"block_ai":false,"block_bad_bots":false,"regions":["ord"]`
	wantJSON(t, shown(created), w.Body.Bytes())
	path := zonesPath + "/" + zone.ID
	wantJSON(t, shown(created), request(a, "GET", path, "").Body.Bytes())

	certificate, key := newPair(t)
	for _, tc := range []struct{ name, put, want string }{
		{"nothing", `{}`, created},
		{"no label, as govultr sends it", `{"label":""}`, `"label":"","vanity_domain":"","last_purge":"","cors":false,"gzip":true,"block_ai":false,"block_bad_bots":false,"regions":["ord"]`},
		{"the four switches", `{"cors":true,"gzip":false,"block_ai":true,"block_bad_bots":true}`,
			`"label":"","vanity_domain":"","last_purge":"","cors":true,"gzip":false,"block_ai":true,"block_bad_bots":true,"regions":["ord"]`},
		{"a vanity domain with its certificate", fields(t, "label", "l", "vanity_domain", "WWW.example.com", "ssl_cert", base64Of(certificate), "ssl_cert_key", base64Of(key)),
			`"label":"l","vanity_domain":"www.example.com","last_purge":"","cors":true,"gzip":false,"block_ai":true,"block_bad_bots":true,"regions":["ord"]`},
		{"the origin stays as it is", `{"origin_scheme":"http","origin_domain":"www.example.org"}`,
			`"label":"l","vanity_domain":"www.example.com","last_purge":"","cors":true,"gzip":false,"block_ai":true,"block_bad_bots":true,"regions":["ord"]`},
		{"regions", `{"regions":["fra","ord"]}`,
			`"label":"l","vanity_domain":"www.example.com","last_purge":"","cors":true,"gzip":false,"block_ai":true,"block_bad_bots":true,"regions":["fra","ord"]`},
	} {
		w := request(a, "PUT", path, tc.put)
		wantStatus(t, w, http.StatusOK)
		wantJSON(t, shown(tc.want), w.Body.Bytes())
		wantJSON(t, shown(tc.want), request(a, "GET", path, "").Body.Bytes())
	}
	if got := a.PullZones(); len(got) != 1 || got[0].Certificate != certificate || got[0].Key != key {
		t.Errorf("it has not kept the certificate: %+v", got)
	}

	wantNoContent(t, request(a, "DELETE", path, ""))
	wantStatus(t, request(a, "DELETE", path, ""), http.StatusNotFound)
	wantStatus(t, request(a, "GET", path, ""), http.StatusNotFound)
	wantJSON(t, `{"pull_zones":[],"meta":{"total":0,"links":{"next":"","prev":""}}}`, request(a, "GET", zonesPath, "").Body.Bytes())
}

func TestPullZoneRefusals(t *testing.T) {
	certificate, key := newPair(t)
	_, otherKey := newPair(t)
	a := newTestAccount(Options{UniqueVanityDomains: true})
	a.SeedPullZone(PullZone{ID: "taken", OriginScheme: "http", VanityDomain: "Taken.example.com"})
	a.SeedPullZone(PullZone{ID: "own", OriginScheme: "http", OriginDomain: "a.example.com", VanityDomain: "own.example.com"})
	a.SeedPullZone(PullZone{ID: "tls", OriginScheme: "https", OriginDomain: "a.example.com"})
	before := a.PullZones()
	zone := func(more ...any) string {
		return fields(t, append([]any{"label", "l", "origin_scheme", "http", "origin_domain", "a.example.com"}, more...)...)
	}
	const create, update = "Unable to create pull zone: ", "Unable to update pull zone: "
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		text                     string
	}{
		{"unknown zone", "GET", "/none", "", 404, "Invalid pull zone."},
		{"PUT unknown zone", "PUT", "/none", "{}", 404, "Invalid pull zone."},
		{"DELETE unknown zone", "DELETE", "/none", "", 404, "Invalid pull zone."},
		{"purge of an unknown zone", "GET", "/none/purge", "", 404, "Invalid pull zone."},
		{"POST of a purge", "POST", "/own/purge", "", 405, "Method Not Allowed"},
		{"PATCH", "PATCH", "/own", "{}", 405, "Method Not Allowed"},
		{"no JSON", "POST", "", "{", 400, create},
		{"no label", "POST", "", `{"origin_scheme":"http","origin_domain":"a.example.com"}`, 400, create + "Missing field: label"},
		{"no scheme", "POST", "", `{"label":"l","origin_domain":"a.example.com"}`, 400, create + "Missing field: origin_scheme"},
		{"no origin", "POST", "", `{"label":"l","origin_scheme":"http","origin_domain":null}`, 400, create + "Missing field: origin_domain"},
		{"another scheme", "POST", "", zone("origin_scheme", "ftp"), 400, create + "Invalid origin_scheme"},
		{"an origin with a port", "POST", "", zone("origin_domain", "a.example.com:8080"), 400, create + "Invalid origin_domain"},
		{"an origin that is an address", "POST", "", zone("origin_domain", "192.0.2.1"), 400, create + "Invalid origin_domain"},
		{"an origin with a scheme", "POST", "", zone("origin_domain", "http://a.example.com"), 400, create + "Invalid origin_domain"},
		{"an origin that is a number", "POST", "", zone("origin_domain", 7), 400, create + "origin_domain"},
		{"a vanity domain that is none", "POST", "", zone("vanity_domain", "a b"), 400, create + "Invalid vanity_domain"},
		{"a vanity domain in use", "POST", "", zone("vanity_domain", "taken.example.com"), 400, create + "vanity_domain is in use already"},
		{"a vanity domain with an https origin and no certificate", "POST", "", zone("origin_scheme", "https", "vanity_domain", "www.example.com"), 400, create + "ssl_cert and ssl_cert_key are required"},
		{"a certificate without key", "POST", "", zone("ssl_cert", base64Of(certificate)), 400, create + "ssl_cert and ssl_cert_key are not"},
		{"a key without certificate", "POST", "", zone("ssl_cert_key", base64Of(key)), 400, create + "ssl_cert and ssl_cert_key are not"},
		{"another's key", "POST", "", zone("ssl_cert", base64Of(certificate), "ssl_cert_key", base64Of(otherKey)), 400, create + "ssl_cert and ssl_cert_key are not"},
		{"a certificate that is not base64", "POST", "", zone("ssl_cert", certificate, "ssl_cert_key", base64Of(key)), 400, create + "ssl_cert is not base64"},
		{"a key that is not base64", "POST", "", zone("ssl_cert", base64Of(certificate), "ssl_cert_key", key), 400, create + "ssl_cert_key is not base64"},
		{"update with no JSON", "PUT", "/own", "null", 400, update},
		{"update of a switch as text", "PUT", "/own", `{"cors":"yes"}`, 400, update + "cors"},
		{"update to a vanity domain in use", "PUT", "/own", `{"vanity_domain":"taken.example.com","regions":["x"]}`, 400, update + "vanity_domain is in use already"},
		{"update to no vanity domain", "PUT", "/own", `{"vanity_domain":""}`, 400, update + "Invalid vanity_domain"},
		{"update to a vanity domain with an https origin and no certificate", "PUT", "/tls", `{"vanity_domain":"www.example.com"}`, 400, update + "ssl_cert and ssl_cert_key are required"},
		{"a cursor that is none", "GET", "?cursor=!", "", 400, "invalid cursor"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := request(a, tc.method, zonesPath+tc.path, tc.body)
			wantStatus(t, w, tc.status)
			want := fmt.Sprintf(`,"status":%d}`, tc.status)
			if got := w.Body.String(); !strings.HasPrefix(got, `{"error":"`+tc.text) || !strings.HasSuffix(got, want) {
				t.Errorf("reply %s, want the error %q and the status", got, tc.text)
			}
		})
	}
	if diff := cmp.Diff(before, a.PullZones()); diff != "" {
		t.Errorf("a refused call changed the state:\n%s", diff)
	}
	wantStatus(t, request(a, "PUT", zonesPath+"/own", `{"vanity_domain":"own.example.com"}`), http.StatusOK)
}

// What is refused by default, or by the switch, and admitted otherwise.
func TestPullZoneSwitches(t *testing.T) {
	for _, tc := range []struct {
		name    string
		options Options
		body    string
		status  int
	}{
		{"an origin with a port", Options{AnyOriginDomain: true}, `{"label":"l","origin_scheme":"http","origin_domain":"a.example.com:8080"}`, 201},
		{"an origin that is an address", Options{AnyOriginDomain: true}, `{"label":"l","origin_scheme":"http","origin_domain":"192.0.2.1"}`, 201},
		{"an origin with a path all the same", Options{AnyOriginDomain: true}, `{"label":"l","origin_scheme":"http","origin_domain":"a.example.com/x"}`, 400},
		{"a vanity domain in use", Options{}, `{"label":"l","origin_scheme":"http","origin_domain":"a.example.com","vanity_domain":"www.example.com"}`, 201},
		{"a vanity domain in use, unique", Options{UniqueVanityDomains: true}, `{"label":"l","origin_scheme":"http","origin_domain":"a.example.com","vanity_domain":"www.example.com"}`, 400},
		{"a label as long as it may be", Options{MaxLabel: 9}, `{"label":"my-a-zone","origin_scheme":"http","origin_domain":"a.example.com"}`, 201},
		{"a label that is longer", Options{MaxLabel: 9}, `{"label":"my-a-zone1","origin_scheme":"http","origin_domain":"a.example.com"}`, 400},
		{"a label that is longer, cut", Options{MaxLabel: 9, CutLabels: true}, `{"label":"my-a-zone1","origin_scheme":"http","origin_domain":"a.example.com"}`, 201},
		{"regions, which only an update takes", Options{}, `{"label":"l","origin_scheme":"http","origin_domain":"a.example.com","regions":["fra"]}`, 201},
		{"an empty vanity domain is none", Options{UniqueVanityDomains: true}, `{"label":"l","origin_scheme":"https","origin_domain":"a.example.com","vanity_domain":""}`, 201},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newTestAccount(tc.options)
			a.SeedPullZone(PullZone{VanityDomain: "www.example.com"})
			wantStatus(t, request(a, "POST", zonesPath, tc.body), tc.status)
			for _, z := range a.PullZones() {
				if len(z.Label) > 9 || z.Regions[0] != "ord" {
					t.Errorf("it has %+v", z)
				}
			}
		})
	}
}

func TestListWithoutMeta(t *testing.T) {
	a := newTestAccount(Options{ListWithoutMeta: true})
	wantJSON(t, `{"pull_zones":[]}`, request(a, "GET", zonesPath, "").Body.Bytes())
	for range 201 {
		a.SeedPullZone(PullZone{})
	}
	if got := decode[pullZoneList](t, request(a, "GET", zonesPath, "")); len(got.PullZones) != 201 {
		t.Errorf("%d zones", len(got.PullZones))
	}
}

func TestPullZoneIsPendingFirst(t *testing.T) {
	now := testNow()
	a := newTestAccount(Options{PullZonePending: time.Minute, Now: func() time.Time { return now }})
	zone := newPullZone(t, a, `{"label":"l","origin_scheme":"http","origin_domain":"a.example.com"}`)
	held := newPullZone(t, a, `{"label":"l","origin_scheme":"http","origin_domain":"a.example.com"}`)
	a.EditPullZone(held.ID, func(z *PullZone) { z.Label = "m" })
	want := func(status string) {
		t.Helper()
		read := decode[pullZoneReply](t, request(a, "GET", zonesPath+"/"+zone.ID, "")).PullZone
		listed := decode[pullZoneList](t, request(a, "GET", zonesPath, "")).PullZones[0]
		for way, got := range map[string]string{"read": read.Status, "list": listed.Status, "state": a.PullZones()[0].Status} {
			if got != status {
				t.Errorf("%s: %s, want %s", way, got, status)
			}
		}
	}
	want("pending")
	now = now.Add(time.Minute - 1)
	want("pending")
	wantStatus(t, request(a, "PUT", zonesPath+"/"+zone.ID, `{"label":"m"}`), http.StatusOK)
	a.EditPullZone(held.ID, func(z *PullZone) { z.Status = "suspended" })
	now = now.Add(1)
	want("active")
	if got := a.PullZones()[1].Status; got != "suspended" {
		t.Errorf("a status that was set became %q", got)
	}
}

func TestPurge(t *testing.T) {
	now := testNow()
	a := newTestAccount(Options{Now: func() time.Time { return now }})
	id := a.SeedPullZone(PullZone{})
	purge := func() *httptest.ResponseRecorder { return request(a, "GET", zonesPath+"/"+id+"/purge", "") }
	w := purge()
	wantStatus(t, w, http.StatusAccepted)
	wantJSON(t, `[]`, w.Body.Bytes())
	if got := a.PullZones()[0].LastPurge; got != "2023-11-14 22:13:20" {
		t.Errorf("last purge %q", got)
	}
	now = now.Add(6*time.Hour - time.Second)
	wantStatus(t, purge(), http.StatusBadRequest)
	now = now.Add(time.Second)
	wantStatus(t, purge(), http.StatusAccepted)
}

type pullZoneList struct {
	PullZones []PullZone `json:"pull_zones"`
	Meta      pageMeta
}

// TestPullZonePages asks for other pages than the API makes: that is ignored.
func TestPullZonePages(t *testing.T) {
	a := newTestAccount(Options{})
	for range 201 {
		a.SeedPullZone(PullZone{})
	}
	var got []PullZone
	var sizes []int
	for cursor := ""; ; {
		page := decode[pullZoneList](t, request(a, "GET", zonesPath+"?"+url.Values{"per_page": {"7"}, "cursor": {cursor}}.Encode(), ""))
		got, sizes = append(got, page.PullZones...), append(sizes, len(page.PullZones))
		if cursor = page.Meta.Links.Next; cursor == "" {
			break
		}
	}
	if diff := cmp.Diff([]int{100, 100, 1}, sizes); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(a.PullZones(), got); diff != "" {
		t.Errorf("zones (-want +got):\n%s", diff)
	}
}

func TestPullZoneDrift(t *testing.T) {
	changes := new(emulator.Changes)
	a := newTestAccount(Options{Changes: changes})
	seen := 0
	changes.OnChange(func() { seen++; _ = a.PullZones() })
	regions := []string{"fra"}
	id := a.SeedPullZone(PullZone{ID: "its own", OriginDomain: "no host", Regions: regions})
	regions[0] = "x"
	if id != "its own" {
		t.Errorf("id %q", id)
	}
	if !a.EditPullZone(id, func(z *PullZone) { z.VanityDomain = "no host" }) {
		t.Fatal("no zone to edit")
	}
	got := a.PullZones()
	want := []PullZone{{
		ID: id, DateCreated: "2023-11-14 22:13:20", Status: "active", OriginDomain: "no host", VanityDomain: "no host",
		CDNURL: got[0].CDNURL, Regions: []string{"fra"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got[0].Regions[0] = "x"
	if diff := cmp.Diff(want, a.PullZones()); diff != "" {
		t.Errorf("a caller's change is seen by the next:\n%s", diff)
	}
	if !a.RemovePullZone(id) {
		t.Error("no zone to remove")
	}
	if a.RemovePullZone(id) || a.EditPullZone(id, func(*PullZone) { t.Error("edited") }) || len(a.PullZones()) > 0 {
		t.Error("a removed zone is still there")
	}
	if seen != 3 {
		t.Errorf("hooks saw %d changes, want 3", seen)
	}
}

// One account has one key and one rate limit.
func TestPullZonesShareTheAccount(t *testing.T) {
	a := newTestAccount(Options{Limit: 2})
	wantStatus(t, request(a, "GET", "domains", ""), http.StatusOK)
	wantStatus(t, request(a, "GET", zonesPath, ""), http.StatusOK)
	wantStatus(t, request(a, "GET", zonesPath, ""), http.StatusTooManyRequests)
	w := httptest.NewRecorder()
	newTestAccount(Options{}).ServeHTTP(w, httptest.NewRequest("GET", "/v2/"+zonesPath, nil))
	wantStatus(t, w, http.StatusUnauthorized)
	if got := a.Calls()[1].String(); got != "GET cdns/pull-zones 200" {
		t.Errorf("logged as %q", got)
	}
}
