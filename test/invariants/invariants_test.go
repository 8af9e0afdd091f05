package invariants

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/edgio"
	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
)

const (
	domain    = "example.net"
	published = "example.com" // the zone of published hosts
	key       = "00ff"
)

// scene is both providers with a guard, and clients of them.
type scene struct {
	*Guard
	told []string // violations
	cdn  *edgio.Client
	api  string // Vultr's
}

func newScene(t *testing.T) *scene {
	changes := new(emulator.Changes)
	p := Providers{
		Edgio:   edgiotest.NewAccount(edgiotest.Options{Username: "user", SharedKey: key, Shortname: "acme-cdn", Changes: changes}),
		Vultr:   vultrtest.NewAccount(vultrtest.Options{Key: key, Domains: []string{domain, published}, Changes: changes}),
		Changes: changes, Domain: domain, PublishZone: published,
	}
	s := new(scene)
	s.Guard = Watch(p, func(v string) { s.told = append(s.told, v) }, Part{"acme", "main"})
	url := func(h http.Handler) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	var err error
	s.cdn, err = edgio.New(edgio.Options{
		BaseURL: url(p.Edgio) + "/config-api/v1", Username: "user", SharedKey: key, Shortname: "acme-cdn",
		HTTP: httpapi.New(httpapi.Options{}), Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	s.api = url(p.Vultr) + "/v2/"
	return s
}

// create makes an address by a call, and returns its ID.
func (s *scene) create(t *testing.T, name string) string {
	t.Helper()
	return s.record(t, domain, fmt.Sprintf(`{"name": %q, "type": "A", "data": "192.0.2.1"}`, name))
}

// record makes one in a zone by a call, and returns its ID.
func (s *scene) record(t *testing.T, zone, body string) string {
	t.Helper()
	reply := s.call(t, "POST", "domains/"+zone+"/records", body)
	var made struct{ Record vultrtest.Record }
	must(t, json.Unmarshal(reply, &made))
	return made.Record.ID
}

func (s *scene) delete(t *testing.T, id string) {
	t.Helper()
	s.call(t, "DELETE", "domains/"+domain+"/records/"+id, "")
}

func (s *scene) call(t *testing.T, method, path, body string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.api+path, strings.NewReader(body))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	must(t, err)
	if resp.StatusCode >= 300 {
		t.Fatalf("%s: %s", resp.Status, reply)
	}
	return reply
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ruleOf is a rule at www.example.com with a mark of its owner and cluster, or,
// without an owner, with none.
func ruleOf(owner, cluster, path, origin string) model.Rule {
	r := model.Rule{RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "www.example.com", Path: path}, SourceHost: origin, SourcePath: "/", Profile: "LLNW-Generic"}
	set := model.Protocol{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 80}
	if owner != "" {
		set.Label = model.OwnerLabel{Owner: owner, IngressID: model.IngressID{Cluster: cluster, Namespace: "default", Name: "web"}}.String(r.RuleKey)
	}
	r.Protocols = []model.Protocol{set}
	return r
}

// TestGuard does what is allowed and what is not, by calls and by hand.
func TestGuard(t *testing.T) {
	const (
		elsewhere = "origin.example.org"
		nodes     = "nodes.main.acme." + domain
		foreign   = `{"serviceKey": {"name": "delivery"}, "publishedHostname": "www.example.com", "publishedUrlPath": "/theirs", "sourceHostname": "origin.example.org", "sourceUrlPath": "/"}`
	)
	createRule := func(r model.Rule) func(*testing.T, *scene) {
		return func(t *testing.T, s *scene) { _, err := s.cdn.Create(t.Context(), r); must(t, err) }
	}
	createRecord := func(name string) func(*testing.T, *scene) {
		return func(t *testing.T, s *scene) { s.create(t, name) }
	}
	for name, test := range map[string]struct {
		do   func(*testing.T, *scene)
		want string // in the only violation; "": none
	}{
		"address, rule, and back": {func(t *testing.T, s *scene) {
			a := s.create(t, "nodes.main.acme")
			r, err := s.cdn.Create(t.Context(), ruleOf("acme", "main", "/", nodes))
			must(t, err)
			must(t, s.cdn.Delete(t.Context(), r))
			s.delete(t, a)
		}, ""},
		"a rule without an address": {createRule(ruleOf("acme", "main", "/", nodes)), "has no address now"},
		"the last address goes": {func(t *testing.T, s *scene) {
			a := s.create(t, "nodes.main.acme")
			createRule(ruleOf("acme", "main", "/", nodes))(t, s)
			s.delete(t, a)
		}, "has no address now"},
		"an origin of somebody else":  {createRule(ruleOf("acme", "main", "/", elsewhere)), ""},
		"a rule of another owner":     {createRule(ruleOf("other", "main", "/", elsewhere)), "without our mark"},
		"a rule of another cluster":   {createRule(ruleOf("acme", "west", "/", elsewhere)), "without our mark"},
		"a record of another cluster": {createRecord("nodes.west.acme"), "outside of what is ours"},
		"a record beside":             {createRecord("main.acme"), "outside of what is ours"},
		"a further part": {func(t *testing.T, s *scene) {
			s.Also(Part{"acme", "west"})
			createRule(ruleOf("acme", "west", "/", elsewhere))(t, s)
		}, ""},
		"others change what is theirs": {func(_ *testing.T, s *scene) {
			id := s.Edgio.Seed(foreign)
			s.Edgio.Edit(id, func(body map[string]any) { body["x"] = 1 })
			s.Edgio.Remove(id)
			s.Vultr.Remove(domain, s.Vultr.Seed(domain, vultrtest.Record{Name: "www", Type: "A", Data: "192.0.2.1"}))
		}, ""},
		"a foreign record is deleted": {func(t *testing.T, s *scene) {
			id := s.Vultr.Seed(domain, vultrtest.Record{Name: "www", Type: "A", Data: "192.0.2.1"})
			s.delete(t, id)
		}, "of others was touched"},
		"a rule that nobody marked is adopted": {func(t *testing.T, s *scene) { adopt(t, s, foreign) }, "of others was touched"},
		"and may be": {func(t *testing.T, s *scene) {
			s.Adopts()
			adopt(t, s, foreign)
		}, ""},
		"our rule loses its mark": {func(t *testing.T, s *scene) {
			made, err := s.cdn.Create(t.Context(), ruleOf("acme", "main", "/", elsewhere))
			must(t, err)
			s.Edgio.Edit(made.ID, func(body map[string]any) { delete(body, "protocolSets") })
			if len(s.told) > 0 {
				t.Error("an edit by hand is told of")
			}
			adopt(t, s, "") // and what was ours is now somebody's
		}, "of others was touched"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			test.do(t, s)
			if test.want == "" && len(s.told) > 0 || test.want != "" && (len(s.told) != 1 || !strings.Contains(s.told[0], test.want)) {
				t.Errorf("violations %q, want %q", s.told, test.want)
			}
		})
	}
}

// adopt takes over the rule with the given body, or the one that stands.
func adopt(t *testing.T, s *scene, body string) {
	t.Helper()
	if body != "" {
		s.Edgio.Seed(body)
	}
	list, err := s.cdn.List(t.Context())
	must(t, err)
	wanted := ruleOf("acme", "main", list[0].Path, "origin.example.org")
	_, err = s.cdn.Update(t.Context(), list[0], wanted, true)
	must(t, err)
}
