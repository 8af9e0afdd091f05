package edgio

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

// The account of the signing vectors.
const (
	testUser      = "cdn-bot@example.com"
	testKey       = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	testShortname = "acme"
)

// newClient returns a client of the API that handler stands for, and its log.
func newClient(t *testing.T, handler http.Handler) (*Client, *bytes.Buffer) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	log := new(bytes.Buffer)
	client, err := New(Options{
		BaseURL: server.URL + "/config-api/v1/", Username: testUser, SharedKey: testKey, Shortname: testShortname,
		HTTP: httpapi.New(httpapi.Options{UserAgent: "edgeward/test"}),
		Log:  slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client, log
}

// newAccount returns an emulated account and a client of it.
func newAccount(t *testing.T) (*edgiotest.Account, *Client) {
	t.Helper()
	api := edgiotest.NewAccount(edgiotest.Options{Username: testUser, SharedKey: testKey, Shortname: testShortname})
	client, _ := newClient(t, api)
	return api, client
}

// exchange is a call that a scripted API expects, and its reply.
type exchange struct {
	call   string // method and path below the base, with the query
	status int
	reply  string
}

// script is an API that expects these calls, in this order, and keeps their bodies.
type script struct {
	t         *testing.T
	exchanges []exchange
	bodies    []string
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	n := len(s.bodies)
	s.bodies = append(s.bodies, string(body))
	call := r.Method + " " + r.URL.RequestURI()[len("/config-api/v1"):]
	if n >= len(s.exchanges) || s.exchanges[n].call != call {
		s.t.Errorf("call %d is unexpected: %s", n+1, call)
		w.WriteHeader(http.StatusTeapot)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(s.exchanges[n].status)
	_, _ = io.WriteString(w, s.exchanges[n].reply)
}

// scripted returns a client of an API that answers so, and fails the test if
// not all calls come.
func scripted(t *testing.T, exchanges ...exchange) (*script, *Client) {
	t.Helper()
	api := &script{t: t, exchanges: exchanges}
	client, _ := newClient(t, api)
	t.Cleanup(func() {
		if len(api.bodies) < len(exchanges) {
			t.Errorf("%d calls came, want %d", len(api.bodies), len(exchanges))
		}
	})
	return api, client
}

var testIngress = model.IngressID{Cluster: "main", Namespace: "web", Name: "shop"}

// markOn is the mark of owner on a rule at host and path.
func markOn(owner, host, path string) string {
	return model.OwnerLabel{Owner: owner, IngressID: testIngress}.String(model.RuleKey{CDN: Name, Host: host, Path: path})
}

// wanted is a rule as the plan asks for it: both protocols, owner "team".
func wanted(host, path string) model.Rule {
	mark := markOn("team", host, path)
	return model.Rule{
		RuleKey:    model.RuleKey{CDN: Name, Host: host, Path: path},
		SourceHost: "nodes.main.team.k8s.example.com",
		SourcePath: path,
		Profile:    "LLNW-Generic",
		Protocols: []model.Protocol{
			{Published: "http", PublishedPort: 80, Source: "http", SourcePort: 30080, Label: mark},
			{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 30080, Label: mark},
		},
	}
}

// create makes a rule that a test begins with.
func create(t *testing.T, client *Client, r model.Rule) model.Rule {
	t.Helper()
	made, err := client.Create(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// wantCalls checks which calls an account got since ResetCalls.
func wantCalls(t *testing.T, api *edgiotest.Account, want ...string) {
	t.Helper()
	var got []string
	for _, c := range api.Calls() {
		got = append(got, c.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
