package edgiotest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// shownBy are the replies that show the only instance, by the call.
func shownBy(t *testing.T, a *Account, uuid string) map[string]string {
	t.Helper()
	path := "svcinst/delivery/" + uuid
	shown := make(map[string]string)
	for name, call := range map[string]string{
		"read": path, "list": "svcinst/delivery/shortname/acme", "search": "svcinst/delivery/shortname/acme/searchAuto",
		"versions": path + "/versions", "version": path + "/versions/1",
	} {
		w := request(a, "GET", call, "")
		wantStatus(t, w, http.StatusOK)
		shown[name] = w.Body.String()
	}
	return shown
}

func TestPendingInstances(t *testing.T) {
	now := testNow()
	a := newTestAccount(Options{Pending: time.Minute, Now: func() time.Time { return now }})
	w := request(a, "POST", "svcinst/delivery", validInstance)
	uuid := decode[struct{ UUID string }](t, w).UUID
	const pending, completed = `"status":{"state":"IN_PROGRESS"}`, `"status":{"state":"COMPLETED"}`
	want := func(state string) {
		t.Helper()
		for name, text := range shownBy(t, a, uuid) {
			if !strings.Contains(text, state) {
				t.Errorf("%s after %s: %s, want %s", name, now.Sub(testNow()), text, state)
			}
		}
	}
	if !strings.Contains(w.Body.String(), pending) {
		t.Errorf("made as %s", w.Body)
	}
	want(pending)
	now = now.Add(time.Minute - time.Millisecond)
	want(pending)
	now = now.Add(time.Millisecond)
	want(completed)
	w = request(a, "PUT", "svcinst/delivery/"+uuid, validInstance)
	if !strings.Contains(w.Body.String(), pending) || !strings.Contains(request(a, "GET", "svcinst/delivery/"+uuid, "").Body.String(), pending) {
		t.Errorf("changed to %s", w.Body)
	}
}

func TestMaskedFields(t *testing.T) {
	a := newTestAccount(Options{Masked: []string{"sourceHostname", "parameters", "createdBy"}})
	uuid := create(t, a, strings.Replace(validInstance, `["X-By","cdn"]`, `["X-By","cdn"],"n":12345678901234567890,"s":"<&>"`, 1))
	for name, text := range shownBy(t, a, uuid) {
		for _, want := range []string{`"sourceHostname":"****"`, `"parameters":["****","****"]`, `"createdBy":"****"`, `"n":12345678901234567890`, `"s":"<&>"`, `"publishedPort":443`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %s is not in %s", name, want, text)
			}
		}
	}
	if i := a.Instances()[0]; i.SourceHost != "web.k8s.example.com" || i.ProtocolSets[0].Options[0].Parameters[1] != "cdn" {
		t.Errorf("what stands is masked: %+v", i)
	}
	// A PUT of asterisks puts them there: the API knows no better.
	masked := strings.Replace(validInstance, `["X-By","cdn"]`, `["X-By","****"]`, 1)
	wantStatus(t, request(a, "PUT", "svcinst/delivery/"+uuid, masked), http.StatusOK)
	if got := a.Instances()[0].ProtocolSets[0].Options[0].Parameters[1]; got != "****" {
		t.Errorf("the parameter is %v", got)
	}
}

func TestOmittedPorts(t *testing.T) {
	a := newTestAccount(Options{OmitDefaultPorts: true})
	const other = `,{"publishedProtocol":"http","sourceProtocol":"http","publishedPort":8080}]}`
	uuid := create(t, a, strings.Replace(validInstance, "]}]}]}", "]}]}"+other, 1))
	for name, text := range shownBy(t, a, uuid) {
		if strings.Contains(text, `"publishedPort":443`) || !strings.Contains(text, `"publishedPort":8080`) || !strings.Contains(text, `"sourcePort":30080`) {
			t.Errorf("%s: %s", name, text)
		}
	}
	if got := a.Instances()[0].ProtocolSets[0].PublishedPort; got != 443 {
		t.Errorf("port %d stands", got)
	}
	a.Seed(`{"protocolSets":[{"publishedPort":443}]}`) // of no protocol
	a.Seed(`{"protocolSets":null}`)
	a.Seed(`{}`)
	wantStatus(t, request(a, "GET", "svcinst/delivery/shortname/acme", ""), http.StatusOK)
}

func TestFixedProfiles(t *testing.T) {
	a := newTestAccount(Options{FixedProfiles: true, Profiles: []string{"LLNW-Generic", "LLNW-Images"}})
	uuid := create(t, a, validInstance)
	other := strings.Replace(validInstance, "LLNW-Generic", "LLNW-Images", 1)
	w := request(a, "PUT", "svcinst/delivery/"+uuid, other)
	wantStatus(t, w, http.StatusBadRequest)
	if !strings.Contains(w.Body.String(), "body.serviceProfileName") {
		t.Errorf("refused by %s", w.Body)
	}
	wantStatus(t, request(a, "PUT", "svcinst/delivery/"+uuid, strings.Replace(validInstance, "30080", "30081", 1)), http.StatusOK)
	wantStatus(t, request(a, "POST", "svcinst/delivery", other), http.StatusOK)
	if i := a.Instances()[0]; i.Profile != "LLNW-Generic" || i.Version != 2 {
		t.Errorf("it has %s in version %d", i.Profile, i.Version)
	}
}

func TestDescriptions(t *testing.T) {
	a := newTestAccount(Options{Descriptions: true})
	for path, want := range map[string]apiError{
		"svcinst/delivery/none":            {Message: "Not Found", Code: 404, Description: "no such service instance"},
		"svcinst/delivery/shortname/other": {Message: "Forbidden", Code: codeAuthorization, Description: `no rights to the account "other"`, Source: "shortname"},
	} {
		w := request(a, "GET", path, "")
		var reply struct{ Errors []apiError }
		if err := json.Unmarshal(w.Body.Bytes(), &reply); err != nil || len(reply.Errors) != 1 || reply.Errors[0] != want {
			t.Errorf("%s: %s, want %+v", path, w.Body, want)
		}
	}
	wantStatus(t, request(a, "GET", "health/check", ""), http.StatusOK)
}
