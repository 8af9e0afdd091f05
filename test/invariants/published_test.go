package invariants

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

// pullZone makes one of www.example.com by a call, and returns it. Without an
// owner it has no mark.
func (s *scene) pullZone(t *testing.T, owner, origin string) (made vultrtest.PullZone) {
	t.Helper()
	label := "theirs"
	if owner != "" {
		m := model.OwnerLabel{Owner: owner, IngressID: model.IngressID{Cluster: "main", Namespace: "default", Name: "web"}}
		label = "edgeward " + m.String(model.RuleKey{CDN: fixture.VultrCDN, Host: "www.example.com", Path: "/"})
	}
	reply := s.call(t, "POST", "cdns/pull-zones", fmt.Sprintf(
		`{"label": %q, "origin_scheme": "http", "origin_domain": %q, "vanity_domain": "www.example.com"}`, label, origin))
	var body struct {
		PullZone vultrtest.PullZone `json:"pull_zone"`
	}
	must(t, json.Unmarshal(reply, &body))
	return body.PullZone
}

// lead makes the mark of www.example.com and its CNAME, and returns the CNAME's ID.
func (s *scene) lead(t *testing.T, owner, to string) string {
	t.Helper()
	s.record(t, published, fmt.Sprintf(`{"name": "_edgeward.www", "type": "TXT", "data": "\"heritage=edgeward,edgeward/owner=%s,edgeward/publisher=main\""}`, owner))
	return s.record(t, published, fmt.Sprintf(`{"name": "www", "type": "CNAME", "data": %q}`, to))
}

func cdnHost(z vultrtest.PullZone) string { return strings.TrimPrefix(z.CDNURL, "https://") }

// TestPublished does what is allowed at pull zones and published hosts, and what
// is not.
func TestPublished(t *testing.T) {
	const elsewhere, nodes = "origin.example.org", "nodes.main.acme." + domain
	for name, test := range map[string]struct {
		do   func(*testing.T, *scene)
		want string // in the first violation; "": none
	}{
		"address, zone, DNS, and back": {func(t *testing.T, s *scene) {
			a := s.create(t, "nodes.main.acme")
			z := s.pullZone(t, "acme", nodes)
			cname := s.lead(t, "acme", cdnHost(z))
			s.call(t, "DELETE", "domains/"+published+"/records/"+cname, "")
			s.call(t, "DELETE", "cdns/pull-zones/"+z.ID, "")
			s.delete(t, a)
		}, ""},
		"a zone without an address": {func(t *testing.T, s *scene) { s.pullZone(t, "acme", nodes) }, "has no address now"},
		"a zone without a mark":     {func(t *testing.T, s *scene) { s.pullZone(t, "", elsewhere) }, "without our mark"},
		"a zone of another owner":   {func(t *testing.T, s *scene) { s.pullZone(t, "other", elsewhere) }, "without our mark"},
		"the zone goes before the CNAME": {func(t *testing.T, s *scene) {
			z := s.pullZone(t, "acme", elsewhere)
			s.lead(t, "acme", cdnHost(z))
			s.call(t, "DELETE", "cdns/pull-zones/"+z.ID, "")
		}, "where no pull zone is"},
		"a CNAME to a pending zone": {func(t *testing.T, s *scene) {
			z := s.pullZone(t, "acme", elsewhere)
			s.Vultr.EditPullZone(z.ID, func(z *vultrtest.PullZone) { z.Status = "pending" })
			s.lead(t, "acme", cdnHost(z))
		}, "which is pending still"},
		"a CNAME without a mark": {func(t *testing.T, s *scene) {
			s.record(t, published, `{"name": "www", "type": "CNAME", "data": "cdn.example.org"}`)
		}, "outside of what is ours"},
		"the mark of another owner": {func(t *testing.T, s *scene) { s.lead(t, "other", "cdn.example.org") }, "outside of what is ours"},
		"a foreign zone is deleted": {func(t *testing.T, s *scene) {
			s.call(t, "DELETE", "cdns/pull-zones/"+s.Vultr.SeedPullZone(vultrtest.PullZone{Label: "theirs"}), "")
		}, "of others was touched"},
		"a foreign zone is changed": {func(t *testing.T, s *scene) {
			s.call(t, "PUT", "cdns/pull-zones/"+s.Vultr.SeedPullZone(vultrtest.PullZone{Label: "theirs"}), `{"label": "theirs", "cors": true}`)
		}, "of others was touched"},
		"others do as they like": {func(_ *testing.T, s *scene) {
			id := s.Vultr.SeedPullZone(vultrtest.PullZone{Label: "theirs"})
			s.Vultr.EditPullZone(id, func(z *vultrtest.PullZone) { z.CORS = true })
			s.Vultr.RemovePullZone(id)
		}, ""},
		"our zone loses its mark": {func(t *testing.T, s *scene) {
			s.call(t, "PUT", "cdns/pull-zones/"+s.pullZone(t, "acme", elsewhere).ID, `{"label": "x"}`)
		}, "lost its mark"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			test.do(t, s)
			if test.want == "" && len(s.told) > 0 || test.want != "" && (len(s.told) == 0 || !strings.Contains(s.told[0], test.want)) {
				t.Errorf("violations %q, want %q", s.told, test.want)
			}
		})
	}
}
