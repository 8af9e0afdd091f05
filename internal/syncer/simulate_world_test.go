package syncer

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// churn changes one object of the cluster.
func (s *sim) churn() {
	if s.vultr != nil && s.rng.IntN(2) == 0 {
		s.churnVultr()
		return
	}
	switch n := s.rng.IntN(10); {
	case n < 5:
		name := fmt.Sprint("ing", s.rng.IntN(4))
		replace(s, s.ingresses, name, s.randomIngress(name))
	case n < 6:
		name := fmt.Sprint("svc", s.rng.IntN(2))
		svc := service(int32(30080 + s.rng.IntN(5)))
		svc.Name = name
		if s.rng.IntN(6) == 0 {
			svc.Type = "ClusterIP"
		}
		svc.Families = []kube.Families{{}, {}, {OnlyIPv4: true}, {OnlyIPv4: true}, {OnlyIPv6: true}}[s.rng.IntN(5)]
		replace(s, s.services, name, svc)
	default:
		i := s.rng.IntN(4)
		n := node(i + 10*s.rng.IntN(2))
		n.Name = fmt.Sprint("n", i)
		if s.rng.IntN(3) == 0 {
			n = dualStack(n, i)
		}
		n.Ready, n.Changed = s.rng.IntN(4) > 0, time.Now()
		replace(s, s.nodes, n.Name, n)
	}
}

// dualStack gives a node an IPv6 address too.
func dualStack(n kube.Node, i int) kube.Node {
	n.Addresses = append(n.Addresses, kube.NodeAddress{Type: "ExternalIP", Address: fmt.Sprint("2001:db8::", i)})
	return n
}

// replace puts an object in the place of the one of that name or, one time in
// three, deletes it. The daemon is told, at once or later.
func replace[T interface{ Identity() kube.Meta }](s *sim, all map[string]T, name string, o T) {
	old, had := all[name]
	event := "added"
	switch {
	case had && s.rng.IntN(3) == 0:
		event, o = "deleted", old
		delete(all, name)
	case had:
		event = "modified"
		all[name] = o
	default:
		all[name] = o
	}
	s.say("%s %T %s %+v", event, o, name, o)
	if !s.alive {
		return
	}
	if len(s.unseen) == 0 && s.rng.IntN(5) > 0 {
		s.report(event, []any{o})
		return
	}
	// The watch is cut, and a new snapshot will show it.
	inferred := map[string]string{"added": "added", "modified": "found", "deleted": "missed"}[event]
	s.unseen = append(s.unseen, func() { s.report(inferred, []any{o}) })
}

// catchUp has the daemon see what its watches missed.
func (s *sim) catchUp() {
	if s.alive && len(s.unseen) > 0 {
		s.say("a new snapshot shows %d changes", len(s.unseen))
		for _, tell := range s.unseen {
			tell()
		}
		s.unseen = nil
	}
	if s.alive {
		s.Cluster("main").Listed(time.Now())
	}
}

func (s *sim) randomIngress(name string) *kube.Ingress {
	ing := &kube.Ingress{Meta: kube.Meta{Namespace: "default", Name: name}, Created: time.Unix(1000+int64(name[3]), 0)}
	if s.rng.IntN(6) == 0 {
		ing = stripped(ing, []string{"strip", "nonsense"}[s.rng.IntN(2)])
	}
	for range 1 + s.rng.IntN(2) {
		ing.Rules = append(ing.Rules, kube.IngressRule{Host: fmt.Sprintf("h%d.example.com", s.rng.IntN(2)), Paths: []kube.IngressPath{{
			Path: []string{"/", "/a", "/b"}[s.rng.IntN(3)], Type: []string{"Exact", "Prefix"}[s.rng.IntN(2)],
			Backend: kube.Backend{Service: fmt.Sprint("svc", s.rng.IntN(2)), PortName: "http"},
		}}})
	}
	return ing
}

// meddle has others change something at a provider.
func (s *sim) meddle() {
	s.dns.mu.Lock()
	defer s.dns.mu.Unlock()
	defer s.remember()
	if s.vultr != nil && s.rng.IntN(2) == 0 {
		s.meddleVultr()
		return
	}
	rules := slices.DeleteFunc(s.cdn.sorted(), func(r model.Rule) bool { return !s.ourRule(r) })
	addresses := slices.DeleteFunc(s.dns.sorted(), func(r model.Record) bool { return !s.ourRecord(r) || r.Type != "A" && r.Type != "AAAA" })
	switch n := s.rng.IntN(8); {
	case n < 2: // others publish something, perhaps what we want, perhaps from our nodes
		r := model.Rule{RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: fmt.Sprintf("h%d.example.com", s.rng.IntN(2)), Path: []string{"/", "/b", "/x"}[s.rng.IntN(3)]},
			SourceHost: []string{"elsewhere.example.org", "nodes.main.acme.example.net"}[s.rng.IntN(2)], SourcePath: "/"}
		if !s.ours(r.SourceHost) {
			s.makeForeign(s.cdn, r)
		}
	case n < 3: // and give it up
		if ids := slices.Sorted(maps.Keys(s.foreignRules)); len(ids) > 0 {
			s.say("others delete %s", ids[0])
			delete(s.foreignRules, ids[0])
			for _, cdn := range s.cdns() {
				delete(cdn.objects, ids[0])
			}
		}
	case n < 5 && len(rules) > 0:
		s.meddleWithRule(s.cdn, rules[s.rng.IntN(len(rules))])
	case n < 8 && len(addresses) > 0:
		s.meddleWithAddress(addresses[s.rng.IntN(len(addresses))])
	}
}

// ours reports whether host is an origin of ours that stands empty: others who
// publish from it have only themselves to blame.
func (s *sim) ours(host string) bool {
	name, ok := strings.CutSuffix(host, ".example.net")
	return ok && !s.resolves(name)
}

func (s *sim) makeForeign(cdn *fake[model.Rule], r model.Rule) {
	s.serial++
	r.ID = fmt.Sprint("foreign-", s.serial)
	s.say("others make rule %s %s from %s", r.ID, r.RuleKey, r.SourceHost)
	s.foreignRules[r.ID], cdn.objects[r.ID], s.foreignSince[r.ID] = r, r, time.Now()
}

func (s *sim) meddleWithRule(cdn *fake[model.Rule], r model.Rule) {
	s.serial++
	switch s.rng.IntN(4) {
	case 0:
		s.say("others delete our rule %s", r.RuleKey)
		delete(cdn.objects, r.ID)
		s.excused[r.Published] = time.Now()
	case 1:
		s.say("others edit our rule %s", r.RuleKey)
		r.SourcePath = "/elsewhere"
		cdn.objects[r.ID] = r
	case 2:
		s.say("others double our rule %s", r.RuleKey)
		r.ID = fmt.Sprint("double-", s.serial)
		if r.Published != "" {
			r.Published, r.Pending = "cdn-"+r.ID+".vultrcdn.com", false
		}
		cdn.objects[r.ID] = r
	case 3:
		r.Path += "copy"
		s.makeForeign(cdn, r)
	}
}

func (s *sim) meddleWithAddress(r model.Record) {
	s.serial++
	switch s.rng.IntN(4) {
	case 0:
		s.say("others delete our address %s", r.Data)
		delete(s.dns.objects, r.ID)
		s.excused[r.Name] = time.Now().Add(2*s.opts.ResyncInterval + time.Hour)
	case 1:
		s.say("others edit our address %s", r.Data)
		r.Data = map[string]string{"A": "198.51.100.1", "AAAA": "2001:db8:bad::"}[r.Type]
		s.dns.objects[r.ID] = r
		s.excused[r.Name] = time.Now().Add(2*s.opts.ResyncInterval + time.Hour)
	case 2:
		s.say("others double our address %s", r.Data)
		r.ID = fmt.Sprint("double-", s.serial)
		s.dns.objects[r.ID] = r
	case 3:
		s.say("others make a record beside ours")
		r.ID, r.Name = fmt.Sprint("foreign-", s.serial), "main.acme"
		s.foreignRecords[r.ID], s.dns.objects[r.ID] = r, r
	}
}

// resolves reports whether a zone name has an address.
func (s *sim) resolves(name string) bool {
	for _, o := range s.dns.objects {
		if o.Zone == "" && o.Name == name && (o.Type == "A" || o.Type == "AAAA" || o.Type == "CNAME") {
			return true
		}
	}
	return false
}

// check holds at every change that the daemon makes. The providers' mutex is held.
func (s *sim) check(call string) {
	if strings.Contains(call, " list") || strings.Contains(call, " find") {
		return
	}
	s.say("%s", call)
	s.remember()
	s.checkLeads()
	stands := make(map[string]model.Rule)
	for r := range s.rules() {
		stands[r.ID] = r
		name, ok := strings.CutSuffix(r.SourceHost, ".example.net")
		if _, foreign := s.foreignRules[r.ID]; foreign && !s.reads(r.CDN) {
			s.foreignSince[r.ID] = time.Now()
		}
		if time.Since(s.foreignSince[r.ID]) < 20*time.Minute {
			continue // it may not have been seen yet
		}
		until, excused := s.excused[name]
		switch {
		case !ok:
		case s.resolves(name):
			if excused && time.Now().After(until) {
				delete(s.excused, name)
			}
		case !excused: // else, without a node, it may stay empty for long
			s.fail("the origin %s of rule %s %s resolves to nothing", r.SourceHost, r.ID, r.RuleKey)
		}
	}
	for id, r := range s.foreignRules {
		if now, ok := stands[id]; !ok || !now.Equal(r) {
			s.fail("foreign rule %s was touched", r.RuleKey)
		}
	}
	for id, r := range s.foreignRecords {
		if s.dns.objects[id] != r {
			s.fail("foreign record %s was touched", r.Key())
		}
	}
}

// peace brings the cluster to where all can be published, by either family.
func (s *sim) peace() {
	s.catchUp()
	s.addressed()
	for i := range 3 {
		name := fmt.Sprint("n", i)
		n := node(i)
		n.Name, n.Changed = name, time.Now()
		if i == 0 {
			n = dualStack(n, i)
		}
		event := "modified"
		if _, had := s.nodes[name]; !had {
			event = "added"
		}
		s.nodes[name] = n
		if s.alive {
			s.report(event, []any{n})
		}
	}
}

// exact compares what stands with what is wanted, to the letter.
func (s *sim) exact() {
	s.t.Helper()
	s.dns.mu.Lock()
	defer s.dns.mu.Unlock()
	cluster := desired.Cluster{Name: "main", AddressTypes: []string{"ExternalIP"}, NotReadyDelay: 30 * time.Second, Ready: true, UID: "uid-main",
		Ingresses: slices.Collect(maps.Values(s.ingresses)), Services: slices.Collect(maps.Values(s.services)), Nodes: slices.Collect(maps.Values(s.nodes)),
		Standing: desired.NewStanding(observed.Refs(slices.Collect(s.rules())), observed.Refs(s.dns.sorted()))}
	want := desired.Desired([]desired.Cluster{cluster}, s.opts.Settings, time.Now())
	taken := make(map[model.RuleKey]bool)
	for _, r := range s.foreignRules {
		taken[r.RuleKey] = true
	}
	got, used := make(map[model.RuleKey]int), make(map[string]bool)
	for r := range s.rules() {
		name, _ := strings.CutSuffix(r.SourceHost, ".example.net")
		used[name] = true
		if _, ok := s.foreignRules[r.ID]; ok {
			continue
		}
		route := want.Route(r.RuleKey)
		if r.Host == othersHost && route.Wanted() {
			if r.Equal(route.Rule) || len(route.Retained) > 0 {
				got[r.RuleKey]++
			}
			continue // its DNS is not ours, so nobody can know which rules are used
		}
		got[r.RuleKey]++
		switch {
		case len(route.Retained) > 0: // it may stay as it is
		case got[r.RuleKey] > 1:
			s.fail("rule %s stands twice", r.RuleKey)
		case !route.Wanted() || !r.Equal(route.Rule):
			s.fail("rule %+v stands, wanted is %+v", r, route.Rule)
		}
	}
	for _, route := range want.Routes {
		key := route.Key
		if !route.Wanted() || taken[key] && got[key] == 0 {
			continue
		}
		used[route.Set] = true // its addresses stand before its rule, which may have to wait
		if got[key] == 0 {
			s.fail("rule %s is missing", key)
		}
	}
	s.exactRecords(want, used)
}

// exactRecords compares the records, given the names that rules use.
func (s *sim) exactRecords(want desired.Want, used map[string]bool) {
	s.t.Helper()
	left := make(map[string]int)
	for _, r := range s.dns.objects {
		if s.ourRecord(r) {
			left[fmt.Sprint(r.Key(), " ", r.TTL)]++
		}
	}
	claim := model.Record{Name: model.OwnershipName("main", "acme"), Type: "TXT", Data: model.Ownership{Owner: "acme", UID: "uid-main"}.String()}
	if text := fmt.Sprint(claim.Key(), " ", s.opts.Settings.TTL); left[text] == 1 {
		delete(left, text)
	}
	if s.vultr != nil {
		s.exactLeads(want, left)
	}
	for name, set := range want.Sets {
		if !used[name] {
			continue
		}
		var wanted []model.Record
		for _, ip := range set.Addresses {
			wanted = append(wanted, model.Record{Name: name, Type: map[bool]string{false: "A", true: "AAAA"}[strings.Contains(ip, ":")], Data: ip})
		}
		if set.CNAME != "" {
			wanted = append(wanted, model.Record{Name: name, Type: "CNAME", Data: set.CNAME})
		}
		for _, r := range wanted {
			text := fmt.Sprint(r.Key(), " ", s.opts.Settings.TTL)
			if left[text] != 1 {
				s.fail("record %s stands %d times", text, left[text])
			}
			delete(left, text)
		}
	}
	for text := range left {
		name, _, _ := strings.Cut(text, " ")
		if _, known := want.Sets[name]; used[name] && !known {
			delete(left, text) // the last known ones, of a rule that nobody can know to be unused
		}
	}
	if len(left) > 0 {
		s.fail("records nobody wants: %v", left)
	}
}
