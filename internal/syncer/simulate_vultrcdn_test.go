package syncer

import (
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

const (
	// publishZone is the zone of published hosts.
	publishZone = "example.com"
	// othersHost is a published host whose DNS is somebody else's.
	othersHost = "v2." + publishZone
)

// addVultrCDN puts Vultr CDN beside Edgio. It makes whole hosts from origins that
// it cannot change afterwards, prepares each for a while, and gives it a name, to
// which the DNS of the published host leads.
func (s *sim) addVultrCDN() {
	s.vultr = newFake[model.Rule]("vultr-cdn", s.journal)
	s.vultr.mu, s.vultr.changed, s.vultr.mine = s.dns.mu, s.check, s.ourRule
	s.vultr.answer(func(call string, n int) reply { return s.fault("vultr-cdn "+call, n) })
	s.vultr.keep = s.kept
	s.dns.refuse = s.refuseCNAME
	s.opts.CDNs = append(s.opts.CDNs, CDN{fixture.VultrCDN, s.vultr, httpapi.NewAccount(0, time.Minute)})
	s.opts.Settings.CDNs = append(s.opts.Settings.CDNs, model.CDN{
		Name: fixture.VultrCDN, Class: "vultr-cdn", Paths: model.WholeHosts, OriginFixed: true, Certificates: true,
		OriginPorts: map[string]int{"http": 80, "https": 443},
	})
	s.opts.Settings.PublishZones, s.dns.zones = []string{publishZone}, []string{publishZone}
	s.all = s.opts
	for i := range 2 {
		svc := balancer(fmt.Sprint("lb", i), kube.Address{IP: fmt.Sprint("192.0.2.", 50+i)})
		s.services[svc.Name] = svc
	}
	for i, r := range []model.Record{
		{Name: "v2", Type: "A", Data: "192.0.2.203"},
		{Name: "v9", Type: "CNAME", Data: "cdn-x.vultrcdn.com"},
		{Name: "_edgeward.v9", Type: "TXT", Data: "heritage=edgeward,edgeward/owner=other,edgeward/publisher=main"},
	} {
		r.ID, r.Zone, r.TTL = fmt.Sprint("published-", i), publishZone, 300
		s.foreignRecords[r.ID], s.dns.objects[r.ID] = r, r
	}
}

// reconfigure has the configuration lack a section or a zone, or has that be gone, or
// the provider keep every TTL as it is.
func (s *sim) reconfigure() {
	cdns, zones := s.all.CDNs, s.all.Settings.PublishZones
	switch s.rng.IntN(4) {
	case 0:
		cdns = cdns[:1]
	case 1:
		cdns = cdns[1:]
	}
	if s.rng.IntN(3) == 0 {
		zones = nil
	}
	s.configure(cdns, zones)
	s.dns.mu.Lock()
	defer s.dns.mu.Unlock()
	s.gone, s.dns.fixedTTL = s.rng.IntN(4) == 0, s.rng.IntN(4) == 0
	s.say("the zone is gone: %v; TTLs are fixed: %v", s.gone, s.dns.fixedTTL)
}

// configure has the next daemon know these CDNs and zones of published hosts.
func (s *sim) configure(cdns []CDN, zones []string) {
	s.dns.mu.Lock()
	defer s.dns.mu.Unlock()
	s.gone, s.dns.fixedTTL, s.dns.zones = false, false, zones
	for id, r := range s.foreignRules {
		if !s.reads(r.CDN) {
			s.foreignSince[id] = time.Now() // one that came unseen is seen only now
		}
	}
	s.opts.CDNs, s.opts.Settings.PublishZones, s.opts.Settings.CDNs = slices.Clone(cdns), zones, nil
	for _, cdn := range s.all.Settings.CDNs {
		if slices.ContainsFunc(cdns, func(c CDN) bool { return c.Target == cdn.Name }) {
			s.opts.Settings.CDNs = append(s.opts.Settings.CDNs, cdn)
		}
	}
	s.say("configured: %d CDNs, zones %v", len(s.opts.Settings.CDNs), zones)
}

// reads reports whether the configuration has a CDN.
func (s *sim) reads(cdn model.Provider) bool {
	return slices.ContainsFunc(s.opts.CDNs, func(c CDN) bool { return c.Target == cdn })
}

func balancer(name string, addresses ...kube.Address) kube.Service {
	svc := service(0)
	svc.Name, svc.Type, svc.Balancers = name, "LoadBalancer", addresses
	return svc
}

// kept is a rule as Vultr CDN keeps it: what it makes it prepares for up to two
// minutes.
func (s *sim) kept(r model.Rule) model.Rule {
	old, stands := s.vultr.objects[r.ID]
	if stands && (old.SourceHost != r.SourceHost || old.Protocols[0].Source != r.Protocols[0].Source) {
		s.fail("the origin of %s cannot be changed from %s to %s", r.RuleKey, old.SourceHost, r.SourceHost)
	}
	r.Published, r.Pending = "cdn-"+r.ID+".vultrcdn.com", !stands || old.Pending
	if !stands {
		sum := fnv.New64a()
		fmt.Fprint(sum, s.seed, r.ID)
		time.AfterFunc(time.Duration(sum.Sum64()%uint64(2*time.Minute)), func() { s.prepared(r.ID) })
	}
	return r
}

// prepared has Vultr CDN serve a rule from now on.
func (s *sim) prepared(id string) {
	s.dns.mu.Lock()
	defer s.dns.mu.Unlock()
	if r, ok := s.vultr.objects[id]; ok {
		r.Pending = false
		s.vultr.objects[id] = r
		s.vultr.remember()
		s.say("%s is prepared", r.Published)
	}
}

// refuseCNAME has a name no second CNAME, as any DNS provider.
func (s *sim) refuseCNAME(r model.Record) error {
	for _, o := range s.dns.objects {
		if o.Zone == r.Zone && o.Name == r.Name && o.Type == "CNAME" && r.Type == "CNAME" {
			return refusal(http.StatusBadRequest)
		}
	}
	return nil
}

// churnVultr changes one object that Vultr CDN publishes.
func (s *sim) churnVultr() {
	if s.rng.IntN(3) > 0 {
		name := fmt.Sprint("fast", s.rng.IntN(4))
		replace(s, s.ingresses, name, s.randomFast(name))
		return
	}
	svc := balancer(fmt.Sprint("lb", s.rng.IntN(2)))
	switch s.rng.IntN(5) {
	case 0: // without an address
	case 1:
		svc.Balancers = []kube.Address{{Hostname: fmt.Sprintf("lb%d.example.org", s.rng.IntN(2))}}
	default:
		svc.Balancers = []kube.Address{{IP: fmt.Sprint("192.0.2.", 50+s.rng.IntN(4))}}
	}
	replace(s, s.services, svc.Name, svc)
}

func (s *sim) randomFast(name string) *kube.Ingress {
	ing := &kube.Ingress{Meta: kube.Meta{Namespace: "default", Name: name}, Class: "vultr-cdn", Created: time.Unix(1000+int64(name[4]), 0)}
	if s.rng.IntN(6) == 0 {
		ing = stripped(ing, "strip") // which this CDN does not know
	}
	for range 1 + s.rng.IntN(2) {
		to := kube.Backend{Service: fmt.Sprint("lb", s.rng.IntN(2)), PortName: "http"}
		paths := []kube.IngressPath{{Path: "/", Type: "Prefix", Backend: to}}
		if s.rng.IntN(4) == 0 { // it may lead elsewhere, which cannot be published
			to.Service = fmt.Sprint("lb", s.rng.IntN(2))
			paths = append(paths, kube.IngressPath{Path: "/a", Type: "Exact", Backend: to})
		}
		ing.Rules = append(ing.Rules, kube.IngressRule{Host: fmt.Sprintf("v%d.%s", s.rng.IntN(3), publishZone), Paths: paths})
	}
	return ing
}

// meddleVultr has others change something of what Vultr CDN publishes. The mutex
// is held.
func (s *sim) meddleVultr() {
	rules := slices.DeleteFunc(s.vultr.sorted(), func(r model.Rule) bool { return !s.ourRule(r) })
	names := slices.DeleteFunc(s.dns.sorted(), func(r model.Record) bool { return !s.ourRecord(r) || r.Zone == "" || r.Type != "CNAME" })
	switch n := s.rng.IntN(6); {
	case n < 1:
		s.makeForeign(s.vultr, model.Rule{RuleKey: model.RuleKey{CDN: fixture.VultrCDN, Host: fmt.Sprintf("v%d.%s", s.rng.IntN(3), publishZone), Path: "/"},
			SourceHost: "elsewhere.example.org", SourcePath: "/", Published: "cdn-y.vultrcdn.com"})
	case n < 4 && len(rules) > 0:
		s.meddleWithRule(s.vultr, rules[s.rng.IntN(len(rules))])
	case n < 6 && len(names) > 0:
		r := names[s.rng.IntN(len(names))]
		s.say("others delete our record %s", r.Key())
		delete(s.dns.objects, r.ID)
	}
}

// checkLeads holds at every change: no name of ours leads to what Vultr CDN does
// not serve, unless others have taken that away.
func (s *sim) checkLeads() {
	served := make(map[string]bool)
	for r := range s.rules() {
		served[r.Published] = served[r.Published] || !r.Pending
	}
	for _, o := range s.dns.objects {
		if _, excused := s.excused[o.Data]; o.Zone != "" && o.Type == "CNAME" && s.ourRecord(o) && !excused && !served[o.Data] {
			s.fail("%s leads to %s, which is not served", o.Key(), o.Data)
		}
	}
}

// exactLeads takes what leads to Vultr CDN, as wanted, out of the records that
// are left.
func (s *sim) exactLeads(want desired.Want, left map[string]int) {
	s.t.Helper()
	for _, r := range s.vultr.objects {
		if !s.ourRule(r) || r.Host == othersHost {
			continue
		}
		name, _, _ := strings.Cut(r.Host, ".")
		cnames, marks, to := 0, 0, ""
		held := len(want.Route(r.RuleKey).Retained) > 0 // it may stay as it is
		for _, o := range s.dns.objects {
			text := fmt.Sprint(o.Key(), " ", o.TTL)
			switch {
			case o.Zone == "":
			case o.TTL != s.opts.Settings.TTL && !held:
			case o.Name == name && o.Type == "CNAME":
				cnames, to = cnames+1, o.Data
				delete(left, text)
			case o.Name == "_edgeward."+name && o.Data == "heritage=edgeward,edgeward/owner=acme,edgeward/publisher=main":
				marks++
				delete(left, text)
			}
		}
		if !held && (cnames != 1 || marks != 1 || to != r.Published) {
			s.fail("%s: %d CNAMEs to %q, which should be %s, and %d marks", r.Host, cnames, to, r.Published, marks)
		}
	}
}

// addressed gives every load balancer an address.
func (s *sim) addressed() {
	for _, name := range slices.Sorted(maps.Keys(s.services)) {
		svc := s.services[name]
		if svc.Type != "LoadBalancer" || len(svc.Balancers) > 0 {
			continue
		}
		svc.Balancers = []kube.Address{{IP: "192.0.2.59"}}
		s.services[name] = svc
		if s.alive {
			s.report("modified", []any{svc})
		}
	}
}
