package edgiotest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type instanceList = results[json.RawMessage]

// create posts an instance and returns its UUID.
func create(t *testing.T, a *Account, body string) string {
	t.Helper()
	return decode[struct{ UUID string }](t, request(a, "POST", "svcinst/delivery", body)).UUID
}

// wantJSON compares two JSON texts by value.
func wantJSON(t *testing.T, want string, got []byte) {
	t.Helper()
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("JSON differs (-want +got):\n%s", diff)
	}
}

func TestInstanceLife(t *testing.T) {
	a := newTestAccount(Options{})
	uuid := create(t, a, validInstance)
	path := "svcinst/delivery/" + uuid
	shown := func(version int, body string) string {
		return fmt.Sprintf(`{"uuid":%q,"isLatest":true,"isEnabled":true,
			"revision":{"createdBy":"cdn-bot@example.com","createdDate":1700000000000,"versionNumber":%d},
			"meta":{"manifestVersion":"4","serviceIdentifier":"deliverysvcinst","serviceKey":"delivery"},
			"status":{"state":"COMPLETED"},"shortname":"acme",%s`, uuid, version, strings.TrimPrefix(body, "{"))
	}
	got := request(a, "GET", path, "")
	wantStatus(t, got, http.StatusOK)
	wantJSON(t, shown(1, validInstance), got.Body.Bytes())

	// PUT replaces all: what it does not repeat is gone.
	changed := strings.NewReplacer(`"publishedPort":443,`, "", "30080", "30081").Replace(validInstance)
	put := request(a, "PUT", path, strings.Replace(changed, "{", `{"uuid":"`+uuid+`",`, 1))
	wantStatus(t, put, http.StatusOK)
	wantJSON(t, shown(2, changed), put.Body.Bytes())
	wantJSON(t, shown(2, changed), request(a, "GET", path, "").Body.Bytes())

	// A rollback makes a new, higher version; the Python SDK sends null.
	rolled := request(a, "POST", path+"/rollbackTo/1", "null")
	wantStatus(t, rolled, http.StatusOK)
	wantJSON(t, shown(3, validInstance), rolled.Body.Bytes())

	versions := decode[instanceList](t, request(a, "GET", path+"/versions", "")).Results
	if len(versions) != 3 {
		t.Fatalf("%d versions, want 3", len(versions))
	}
	wantJSON(t, strings.Replace(shown(2, changed), `"isLatest":true`, `"isLatest":false`, 1), versions[1])
	wantJSON(t, string(versions[1]), request(a, "GET", path+"/versions/2", "").Body.Bytes())
	wantJSON(t, shown(3, validInstance), request(a, "GET", path+"/versions/3", "").Body.Bytes())

	deleted := request(a, "DELETE", path, "null")
	wantStatus(t, deleted, http.StatusOK)
	wantJSON(t, shown(3, validInstance), deleted.Body.Bytes())
	wantStatus(t, request(a, "GET", path, ""), http.StatusNotFound)
	wantStatus(t, request(a, "DELETE", path, ""), http.StatusNotFound)
	if n := len(a.Instances()); n != 0 {
		t.Errorf("%d instances left", n)
	}
}

func TestInstances(t *testing.T) {
	a := newTestAccount(Options{})
	uuid := create(t, a, validInstance)
	want := []Instance{{
		UUID: uuid, Host: "www.example.com", Path: "/app/", SourceHost: "web.k8s.example.com", SourcePath: "/",
		Profile: "LLNW-Generic", Version: 1,
		ProtocolSets: []ProtocolSet{{
			PublishedProtocol: "https", SourceProtocol: "http", PublishedPort: 443, SourcePort: 30080,
			Options: []Option{{Name: "reply_send_header", Parameters: []any{"X-By", "cdn"}}},
		}},
		Raw: request(a, "GET", "svcinst/delivery/"+uuid, "").Body.Bytes(),
	}}
	got := a.Instances()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got[0].ProtocolSets[0].Options[0].Parameters[0] = "changed"
	if diff := cmp.Diff(want, a.Instances()); diff != "" {
		t.Errorf("a caller's change is seen by the next:\n%s", diff)
	}
}

func TestUnknownFieldsAreKept(t *testing.T) {
	a := newTestAccount(Options{})
	const extra = `1.50,"a":[1e2,12345678901234567890,null,"<&>"]`
	sent := strings.NewReplacer(`{"body":{`, `{"note":{"x":`+extra+`},"body":{"serviceProfileRelativePath":{"y":`+extra+`},`,
		`"publishedPort"`, `"more":{"z":`+extra+`},"publishedPort"`).Replace(validInstance)
	uuid := create(t, a, sent)
	for _, version := range []string{"GET", "PUT"} {
		w := request(a, version, "svcinst/delivery/"+uuid, sent)
		wantStatus(t, w, http.StatusOK)
		if n := strings.Count(w.Body.String(), extra); n != 3 {
			t.Errorf("%s: %d of 3 unknown fields came back as sent: %s", version, n, w.Body)
		}
	}
}

func TestRefusals(t *testing.T) {
	const absent = "svcinst/delivery/00000000-0000-4000-8000-000000000000"
	a := newTestAccount(Options{})
	uuid := create(t, a, validInstance)
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
	}{
		{"GET unknown", "GET", absent, "", 404},
		{"PUT unknown", "PUT", absent, validInstance, 404},
		{"DELETE unknown", "DELETE", absent, "", 404},
		{"versions of unknown", "GET", absent + "/versions", "", 404},
		{"version of unknown", "GET", absent + "/versions/1", "", 404},
		{"rollback of unknown", "POST", absent + "/rollbackTo/1", "null", 404},
		{"unknown version", "GET", "svcinst/delivery/" + uuid + "/versions/2", "", 404},
		{"rollback to unknown version", "POST", "svcinst/delivery/" + uuid + "/rollbackTo/2", "null", 404},
		{"rollback to no number", "POST", "svcinst/delivery/" + uuid + "/rollbackTo/x", "null", 404},
		{"POST of no JSON", "POST", "svcinst/delivery", "{", 400},
		{"POST of null", "POST", "svcinst/delivery", "null", 400},
		{"PUT of no JSON", "PUT", "svcinst/delivery/" + uuid, "", 400},
		{"clone of unknown", "POST", "svcinst/delivery/inheritance?parentId=none", validInstance, 404},
		{"clone of nothing", "POST", "svcinst/delivery/inheritance", validInstance, 404},
		{"clone of an invalid body", "POST", "svcinst/delivery/inheritance?parentId=" + uuid, "{}", 400},
		{"PUT of another uuid", "PUT", "svcinst/delivery/" + uuid, strings.Replace(validInstance, "{", `{"uuid":"x",`, 1), 400},
		{"PUT of an invalid body", "PUT", "svcinst/delivery/" + uuid, strings.Replace(validInstance, "/app/", "", 1), 400},
		{"list of another account", "GET", "svcinst/delivery/shortname/other", "", 403},
		{"search of another account", "GET", "svcinst/delivery/shortname/other/searchAuto", "", 403},
		{"profiles of another account", "GET", "svcprof/delivery/shortname/other", "", 403},
		{"page zero", "GET", "svcinst/delivery/shortname/acme?page=0", "", 400},
		{"size no number", "GET", "svcinst/delivery/shortname/acme?size=all", "", 400},
		{"unknown profile", "GET", "svcprof/delivery/shortname/acme/none", "", 404},
		{"options of unknown profile", "GET", "configoption/shortname/acme/svcProf/none", "", 404},
		{"certificates", "GET", "customerCertificate/shortname/acme", "", 404},
		{"PATCH", "PATCH", "svcinst/delivery/" + uuid, validInstance, 405},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := request(a, tc.method, tc.path, tc.body)
			wantStatus(t, w, tc.status)
			var reply struct{ Errors []apiError }
			if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil || len(reply.Errors) == 0 || reply.Errors[0].Message == "" {
				t.Errorf("no error in %s (%v)", w.Body, err)
			}
		})
	}
	if got := a.Instances(); len(got) != 1 || got[0].Version != 1 {
		t.Errorf("a refused call changed the state: %+v", got)
	}
}

func TestInstancePages(t *testing.T) {
	a := newTestAccount(Options{})
	var all []string
	for i := range 205 {
		all = append(all, create(t, a, strings.Replace(validInstance, "/app/", fmt.Sprintf("/%d/", i), 1)))
	}
	for _, tc := range []struct {
		query string
		want  []string
	}{
		{"", all[:100]},
		{"?page=1", all[:100]},
		{"?page=3", all[200:]},
		{"?page=4", nil},
		{"?size=50&page=5", all[200:]},
		{"?size=205", all},
		{"?size=1000", all},
		{"?size=205&page=2", nil},
	} {
		for _, path := range []string{"svcinst/delivery/shortname/acme", "svcinst/delivery/shortname/acme/searchAuto"} {
			t.Run(path+tc.query, func(t *testing.T) {
				w := request(a, "GET", path+tc.query, "")
				var got []string
				for _, i := range decode[results[struct{ UUID string }]](t, w).Results {
					got = append(got, i.UUID)
				}
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Error(diff)
				}
				if strings.Contains(w.Body.String(), "null") {
					t.Errorf("an empty list is null: %s", w.Body)
				}
			})
		}
	}
}

func TestSearch(t *testing.T) {
	a := newTestAccount(Options{})
	for _, published := range []string{"www.example.com /app/", "www.example.com /", "web.example.com /app/", "www.example.com /app"} {
		host, path, _ := strings.Cut(published, " ")
		create(t, a, strings.NewReplacer("www.example.com", host, "/app/", path).Replace(validInstance))
	}
	for _, tc := range []struct {
		query string
		want  []string
	}{
		{"?body.publishedUrlPath=%2Fapp%2F&body.publishedHostname=www.example.com", []string{"www.example.com/app/"}},
		{"?body.publishedHostname=www.example.com", []string{"www.example.com/app/", "www.example.com/", "www.example.com/app"}},
		{"?body.publishedUrlPath=/", []string{"www.example.com/"}},
		{"?body.publishedUrlPath=", nil},
		{"?body.publishedHostname=example.com", nil},
		{"?body.protocolSets=x", nil},
		{"?size=2", []string{"www.example.com/app/", "www.example.com/"}},
	} {
		t.Run(tc.query, func(t *testing.T) {
			w := request(a, "GET", "svcinst/delivery/shortname/acme/searchAuto"+tc.query, "")
			type found struct {
				Body struct{ PublishedHostname, PublishedURLPath string }
			}
			var got []string
			for _, i := range decode[results[found]](t, w).Results {
				got = append(got, i.Body.PublishedHostname+i.Body.PublishedURLPath)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		options    Options
		want       bool
	}{
		{name: "valid", body: strings.Replace(validInstance, "/app/", "/new/", 1), want: true},
		{name: "invalid", body: strings.Replace(validInstance, "/app/", "", 1)},
		{name: "no JSON", body: "{"},
		{name: "duplicate, allowed", body: validInstance, want: true},
		{name: "duplicate, refused", body: validInstance, options: Options{RefuseDuplicates: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newTestAccount(tc.options)
			create(t, a, validInstance)
			w := request(a, "POST", "svcinst/delivery/validate", tc.body)
			wantStatus(t, w, http.StatusOK)
			if !strings.Contains(w.Body.String(), fmt.Sprintf(`"Success":%t`, tc.want)) {
				t.Errorf("reply %s, want success %t", w.Body, tc.want)
			}
			if len(a.Instances()) != 1 {
				t.Error("validate created an instance")
			}
		})
	}
}

func TestDuplicates(t *testing.T) {
	other := strings.Replace(validInstance, "/app/", "/other/", 1)
	same := strings.Replace(validInstance, "www.example.com", "WWW.example.com", 1)
	for _, tc := range []struct {
		refuse bool
		status int
	}{{false, 200}, {true, 400}} {
		t.Run(fmt.Sprintf("refuse %t", tc.refuse), func(t *testing.T) {
			a := newTestAccount(Options{RefuseDuplicates: tc.refuse})
			first, second := create(t, a, validInstance), create(t, a, other)
			wantStatus(t, request(a, "PUT", "svcinst/delivery/"+first, validInstance), http.StatusOK)
			wantStatus(t, request(a, "POST", "svcinst/delivery", same), tc.status)
			wantStatus(t, request(a, "PUT", "svcinst/delivery/"+second, same), tc.status)
		})
	}
}

func TestCatalogue(t *testing.T) {
	a := newTestAccount(Options{Profiles: []string{"LLNW-Generic", "LLNW-Images"}})
	for _, tc := range []struct{ path, want string }{
		{"health/check", `["OK"]`},
		{"utils/status", `{"version":"v1","status":"OK"}`},
		{"svcprof/delivery/shortname/acme", `{"results":[{"uuid":"26f7713c-9601-4f89-a01b-31ce13406421","body":{"name":"LLNW-Generic"}},{"uuid":"4af18e57-01a7-46db-92cc-87c8c115769b","body":{"name":"LLNW-Images"}}]}`},
		{"svcprof/delivery/shortname/acme/search", `{"results":[{"uuid":"26f7713c-9601-4f89-a01b-31ce13406421","body":{"name":"LLNW-Generic"}},{"uuid":"4af18e57-01a7-46db-92cc-87c8c115769b","body":{"name":"LLNW-Images"}}]}`},
		{"svcprof/delivery/shortname/acme/4af18e57-01a7-46db-92cc-87c8c115769b", `{"uuid":"4af18e57-01a7-46db-92cc-87c8c115769b","body":{"name":"LLNW-Images"}}`},
		{"configoption/shortname/acme/svcProf/LLNW-Images", `{"results":[
			{"body":{"optionName":"refresh_absmax","optionDetails":{"argumentList":[{"type":"Int"}]}}},
			{"body":{"optionName":"refresh_absmin","optionDetails":{"argumentList":[{"type":"Int"}]}}},
			{"body":{"optionName":"reply_send_header","optionDetails":{"argumentList":[{"type":"String"},{"type":"String"}]}}},
			{"body":{"optionName":"req_send_header","optionDetails":{"argumentList":[{"type":"String"},{"type":"String"}]}}}]}`},
	} {
		t.Run(tc.path, func(t *testing.T) {
			w := request(a, "GET", tc.path, "")
			wantStatus(t, w, http.StatusOK)
			wantJSON(t, tc.want, w.Body.Bytes())
		})
	}
}

func TestDrift(t *testing.T) {
	a := newTestAccount(Options{})
	// Two things that the API would refuse: no profile, and an odd host.
	uuid := a.Seed(`{"publishedHostname":"foreign","publishedUrlPath":"/","protocolSets":[{"sourcePort":80}]}`)
	if !a.Edit(uuid, func(body map[string]any) { body["sourceHostname"] = "elsewhere" }) {
		t.Fatal("no instance to edit")
	}
	got := a.Instances()[0]
	got.Raw = nil
	want := Instance{UUID: uuid, Host: "foreign", Path: "/", SourceHost: "elsewhere", Version: 2,
		ProtocolSets: []ProtocolSet{{SourcePort: 80}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantStatus(t, request(a, "GET", "svcinst/delivery/"+uuid, ""), http.StatusOK)
	if !a.Remove(uuid) {
		t.Error("no instance to remove")
	}
	if a.Remove(uuid) || a.Edit(uuid, func(map[string]any) { t.Error("edited") }) {
		t.Error("a removed instance is still there")
	}
	wantStatus(t, request(a, "GET", "svcinst/delivery/"+uuid, ""), http.StatusNotFound)
}

func TestSeedPanics(t *testing.T) {
	for _, body := range []string{"{", "null", `[]`, `{"publishedHostname":1}`} {
		t.Run(body, func(t *testing.T) {
			a := newTestAccount(Options{})
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
				if len(a.Instances()) != 0 { // also: the lock was let go
					t.Error("seeded")
				}
			}()
			a.Seed(body)
		})
	}
}

func TestLimit(t *testing.T) {
	now := testNow()
	a := newTestAccount(Options{Limit: 2, Now: func() time.Time { return now }})
	for _, step := range []struct {
		after      time.Duration
		status     int
		retryAfter string
	}{
		{0, 200, ""},
		{20 * time.Second, 200, ""},
		{100 * time.Millisecond, 429, "40"},
		{39*time.Second + 899*time.Millisecond, 429, "1"},
		{time.Millisecond, 200, ""},
		{0, 429, "20"},
	} {
		now = now.Add(step.after)
		w := request(a, "GET", "health/check", "")
		wantStatus(t, w, step.status)
		if got := w.Header().Get("Retry-After"); got != step.retryAfter {
			t.Errorf("Retry-After %q, want %q", got, step.retryAfter)
		}
	}
}
