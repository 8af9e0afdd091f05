package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/owned"
)

// TestBruteForce draws random histories: any subset of what the plan emits, in
// any order, with lost replies and refusals, stopped anywhere, asked again,
// while Ingresses, Services and nodes come and go, amid rules and records that
// are not ours. The invariants of world.check hold at every change, and when
// the faults end it ends at what is wanted.
func TestBruteForce(t *testing.T) {
	const shards = 4
	histories := 2000
	if testing.Short() || raceDetector() {
		histories = 300
	}
	for shard := range shards {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			for seed := shard; seed < histories; seed += shards {
				newWorld(t, uint64(seed)).history()
			}
		})
	}
}

// FuzzHistory has histories of any seed.
func FuzzHistory(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { newWorld(t, seed).history() })
}

// history is one random history and its happy end.
func (w *world) history() {
	var clusters []desired.Cluster
	for range 60 {
		arrive(w, &w.rules, w.applyRule)
		arrive(w, &w.records, w.applyRecord)
		w.now = w.now.Add(time.Duration(w.rng.IntN(20)) * time.Second)
		w.prepare(0.2)
		switch w.rng.IntN(12) {
		case 0, 1:
			clusters = w.randomClusters(false)
			reported := w.rng.IntN(4) > 0
			w.log("change, reported %v", reported)
			w.change(clusters, reported)
		case 2:
			if w.rng.IntN(2) == 0 {
				w.settings.TTL = []int{60, 120, 300}[w.rng.IntN(3)]
			}
			if memory := w.memory; w.rng.IntN(2) == 0 {
				w.crash()
			} else {
				w.crash()
				w.memory = memory.Reloaded()
				w.log("that was a reload")
			}
			w.reconfigure()
			w.want = w.desired(clusters)
		case 3:
			w.log("a list that lags")
			w.rules.relist(func(model.Rule) bool { return w.rng.IntN(4) == 0 })
			w.records.relist(func(model.Record) bool { return w.rng.IntN(4) == 0 })
		default:
			step := w.next()
			begin(w, &w.rules, step.Rules, w.rng.Float64())
			begin(w, &w.records, step.Records, w.rng.Float64())
			for range w.rng.IntN(4) {
				end(w, &w.rules, w.applyRule, 0.3)
				end(w, &w.records, w.applyRecord, 0.3)
			}
		}
	}
	w.log("calm")
	w.crash()
	arrive(w, &w.rules, w.applyRule)
	arrive(w, &w.records, w.applyRecord)
	clusters = w.randomClusters(true)
	w.change(clusters, true)
	w.rules.relist(nil)
	w.records.relist(nil)
	step := w.settleDown()
	if !w.want.Until.IsZero() { // a rule was in the way
		w.now = w.want.Until
		w.change(clusters, true)
		step = w.settleDown()
	}
	if len(step.Blocked) > 0 {
		// The operator starts again and allows it.
		if w.seed%4 > 0 {
			w.fail("the configuration selects what it always did, and yet waits for ever: %v", step.Blocked)
		}
		w.crash()
		w.allowed = true
		step = w.settleDown()
	}
	w.exact(step)
	if again := w.next(); len(again.Rules)+len(again.Records) > 0 {
		w.fail("it would write again: %v %v", again.Rules, again.Records)
	}
	// What no node can serve stands as chance had it.
	if !slices.ContainsFunc(w.want.Routes, func(r *desired.Route) bool { return r.Wanted() && w.want.Sets[r.Set].Empty() }) {
		w.crash()
		w.want = w.desired(clusters)
		if again := w.next(); len(again.Rules)+len(again.Records) > 0 {
			w.fail("started again it would write: %v %v", again.Rules, again.Records)
		}
	}
	w.leave()
}

// leave has the clusters retired, with faults, and perhaps by a configuration that lacks
// something. In the end nothing of them stands but what has to be kept, as is said.
func (w *world) leave() {
	w.log("the clusters leave")
	w.crash()
	w.reconfigure()
	w.want = desired.Want{Clusters: map[string]*desired.ClusterWant{"main": {Leaving: true}, "west": {Leaving: true}}}
	for cluster := range w.want.Clusters {
		w.leaving[cluster] = w.ownership(cluster)
	}
	for range 10 {
		step := w.next()
		begin(w, &w.rules, step.Rules, w.rng.Float64())
		begin(w, &w.records, step.Records, w.rng.Float64())
		for range w.rng.IntN(4) {
			end(w, &w.rules, w.applyRule, 0.3)
			end(w, &w.records, w.applyRecord, 0.3)
		}
		w.now = w.now.Add(time.Duration(w.rng.IntN(20)) * time.Second)
	}
	w.rules.relist(nil)
	w.records.relist(nil)
	w.settleDown()
	rules, records := w.rules.asView(), w.records.asView()
	if w.fault != "" {
		records.Parts = map[string]observed.Part{"": {Known: true}, w.fault: {Fault: "404 Not Found"}}
	}
	for name, left := range owned.All(rules.Objects, records, w.settings) {
		if w.want.Clusters[name] == nil {
			continue
		}
		for _, r := range left.Rules {
			if left.Kept[r.ID] == "" {
				w.fail("the rule %s still stands", r.RuleKey)
			}
		}
		for _, r := range slices.Concat(left.Addresses, left.Ownership, left.CNAMEs, left.Labels) {
			if left.Kept[r.ID] == "" {
				w.fail("the record %s %s still stands, with %d rules and %d addresses; kept %v", r.Key(), r.Data, len(left.Rules), len(left.Addresses), left.Kept)
			}
		}
	}
}

// reconfigure has the new daemon lack a section or a zone, or be unable to read one,
// and the provider be unkind.
func (w *world) reconfigure() {
	if w.rng.IntN(3) == 0 {
		w.settings.CDNs = w.all.CDNs[:1]
		if w.rng.IntN(2) == 0 {
			w.settings.CDNs = w.all.CDNs[1:]
		}
	}
	switch w.rng.IntN(4) {
	case 0:
		w.settings.PublishZones = nil
	case 1:
		if len(w.settings.PublishZones) > 0 {
			w.fault = w.settings.PublishZones[0]
		}
	}
	w.fixedTTL = w.rng.IntN(4) == 0
	w.rules.relist(nil)
	w.records.relist(nil)
	w.log("CDNs %v, zones %v, unread %q, fixed TTL %v", w.settings.CDNs, w.settings.PublishZones, w.fault, w.fixedTTL)
}

// begin starts some of the operations that the plan allows.
func begin[T model.Object[T]](w *world, s *store[T], ops []model.Op[T], share float64) {
	for _, op := range ops {
		if w.rng.Float64() >= share {
			continue
		}
		for _, a := range s.attempts {
			if a.Status == observed.InFlight && a.Key() == op.Key() {
				w.fail("two operations at %s at once", op.Key())
			}
		}
		if op, ok := any(op).(model.Op[model.Record]); ok {
			w.decided(op)
		}
		s.attempts = slices.DeleteFunc(s.attempts, func(a observed.Attempt[T]) bool { return a.Key() == op.Key() && a.Status == observed.BackingOff })
		delete(s.rejected, op.Key())
		s.attempts = append(s.attempts, observed.Attempt[T]{Op: op, Status: observed.InFlight})
		w.log("begin %s %s %s", op.Verb, op.Key(), op.Old().Identity())
	}
}

// decided notes what is known when an operation on a record begins. One that
// would give a record set two TTLs is a mistake of the plan if it could know.
func (w *world) decided(op model.Op[model.Record]) {
	for _, r := range gone(op) {
		w.usable[*r] = nil
		w.nowUsable(*r)
	}
	standing := slices.Collect(maps.Values(w.records.view))
	for _, a := range w.records.attempts {
		if a.Status == observed.InFlight && (a.Verb == model.Create || a.Verb == model.Update) {
			standing = append(standing, a.New())
		}
	}
	if op.Verb != model.LookUp && w.mixesTTLs(op, slices.Values(standing)) {
		w.fail("%s of %v would mix TTLs", op.Verb, op.New())
	}
}

// end lets one operation in flight end, with a fault at the given rate.
func end[T model.Object[T]](w *world, s *store[T], apply func(model.Op[T]) (T, outcome), faults float64) {
	var flying []int
	for i, a := range s.attempts {
		if a.Status == observed.InFlight {
			flying = append(flying, i)
		}
	}
	if len(flying) == 0 {
		return
	}
	i := flying[w.rng.IntN(len(flying))]
	a := s.attempts[i]
	fault := w.rng.Float64() < faults
	switch {
	case a.Verb == model.LookUp && fault:
		s.attempts[i].Status = observed.BackingOff
		return
	case a.Verb == model.LookUp:
		s.attempts = slices.Delete(s.attempts, i, i+1)
		s.lookedUp(a.New().Scope())
		w.log("looked up %q", a.New().Scope().Object())
		return
	case fault:
		s.attempts[i].Status = []observed.Status{observed.BackingOff, observed.Unknown}[w.rng.IntN(2)]
		if s.attempts[i].Status == observed.Unknown && w.rng.IntN(2) == 0 {
			apply(a.Op) // only the reply is lost
		}
		w.log("%s %s ends badly (%d)", a.Verb, a.Key(), s.attempts[i].Status)
		return
	}
	result, o := apply(a.Op)
	w.log("%s %s %s ends (%d)", a.Verb, a.Key(), a.Old().Identity(), o)
	if o == refused {
		s.attempts[i].Status, s.rejected[a.Key()] = observed.BackingOff, true
		return
	}
	s.attempts = slices.Delete(s.attempts, i, i+1)
	if a.Verb == model.Replace {
		s.refresh(func(object T) bool { return setPlace(object) == a.Key() })
		return
	}
	if o == done && a.Verb != model.Delete {
		s.view[result.Identity()] = result
	} else {
		delete(s.view, a.Old().Identity())
		delete(s.missing, a.Old().Identity())
	}
}

// lookedUp takes the outcome of a search into the view, but for what an
// operation under way is about to change.
func (s *store[T]) lookedUp(scope model.Place) {
	covered := func(o T) bool {
		return o.Scope() == scope && !slices.ContainsFunc(s.attempts, func(a observed.Attempt[T]) bool {
			return a.Status == observed.InFlight && (a.Key() == o.Key() || a.Verb == model.Replace && a.Key() == setPlace(o))
		})
	}
	s.refresh(covered)
	s.attempts = slices.DeleteFunc(s.attempts, func(a observed.Attempt[T]) bool {
		return a.Status == observed.Unknown && (a.Old().Scope() == scope || a.New().Scope() == scope)
	})
}

// refresh has the view be the truth for some objects.
func (s *store[T]) refresh(covered func(T) bool) {
	for id, o := range s.view {
		if covered(o) {
			delete(s.view, id)
			delete(s.missing, id)
		}
	}
	for id, o := range s.truth {
		if covered(o) {
			s.view[id] = o
		}
	}
}

// setPlace is the place of a record's set.
func setPlace[T model.Object[T]](o T) model.Place {
	if r, ok := any(o).(model.Record); ok {
		return r.SetPlace()
	}
	return o.Key()
}

// randomClusters draws the objects of three clusters out of a small universe,
// so that Ingresses collide, Services come and go and nodes fail.
func (w *world) randomClusters(calm bool) []desired.Cluster {
	var list []desired.Cluster
	for ci, name := range []string{"east", "main", "west"} {
		c := desired.Cluster{Name: name, Ready: calm || w.rng.IntN(8) > 0, UID: "uid-" + name, AddressTypes: []string{"ExternalIP"}, NotReadyDelay: 5 * time.Second}
		for i := range 2 {
			s := fixture.Service(fmt.Sprint("svc", i), int32(30000+10*ci+i))
			w.randomOrigin(&c, &s, calm)
			if calm || w.rng.IntN(5) > 0 {
				c.Services = append(c.Services, s)
			}
		}
		for i := range 3 {
			if w.rng.IntN(3) > 0 {
				ing := w.randomIngress(fmt.Sprint("ing", i), int64(1000-i-ci))
				c.Ingresses = append(c.Ingresses, &ing)
			}
		}
		for i := range 4 {
			if !calm && w.rng.IntN(3) == 0 {
				continue
			}
			n := fixture.Node(fmt.Sprint("n", i), fmt.Sprintf("192.0.2.%d", 10*ci+i+w.rng.IntN(2)*100))
			if w.rng.IntN(3) == 0 {
				n.Addresses = append(n.Addresses, kube.NodeAddress{Type: "ExternalIP", Address: fmt.Sprintf("2001:db8::%d", 1+10*ci+i)})
			}
			n.Ready, n.Changed = calm || w.rng.IntN(4) > 0, w.now
			c.Nodes = append(c.Nodes, n)
		}
		list = append(list, c)
	}
	return list
}

// randomOrigin makes a Service one of any kind; those of policy Local get their
// endpoints.
func (w *world) randomOrigin(c *desired.Cluster, s *kube.Service, calm bool) {
	switch w.rng.IntN(10) {
	case 0:
		s.Families.OnlyIPv4 = true
	case 7:
		s.Families.OnlyIPv6 = true
	case 1, 2:
		s.Local = true
		slice := kube.EndpointSlice{Meta: kube.Meta{Namespace: "default", Name: s.Name}, Service: s.Name, IPv6: w.rng.IntN(4) == 0}
		for i := range 4 {
			if w.rng.IntN(3) == 0 {
				slice.Nodes = append(slice.Nodes, fmt.Sprint("n", i))
			}
		}
		c.EndpointSlices = append(c.EndpointSlices, slice)
	case 3, 4, 5:
		s.Type = "LoadBalancer"
		if w.rng.IntN(4) > 0 {
			s.Balancers = []kube.Address{{IP: fmt.Sprintf("192.0.2.%d", 50+w.rng.IntN(3))}}
		}
		if w.rng.IntN(3) == 0 {
			s.Balancers = []kube.Address{{Hostname: fmt.Sprintf("lb%d.example.org", w.rng.IntN(2))}}
		}
	case 6:
		if !calm {
			s.Type = "ClusterIP"
		}
	}
}

func (w *world) randomIngress(name string, created int64) kube.Ingress {
	ing := kube.Ingress{Meta: kube.Meta{Namespace: "default", Name: name}, Created: time.Unix(created, 0)}
	if w.rng.IntN(6) == 0 {
		ing.Annotations = map[string]string{desired.AnnotationPath: []string{"strip", "nonsense"}[w.rng.IntN(2)]}
	}
	if w.rng.IntN(3) == 0 {
		ing.Class = "vultr-cdn"
	}
	for range 1 + w.rng.IntN(2) {
		host := fmt.Sprintf("h%d.example.com", w.rng.IntN(2))
		if ing.Class == "vultr-cdn" {
			host = fmt.Sprintf("v%d.example.com", w.rng.IntN(2))
		}
		ing.Rules = append(ing.Rules, kube.IngressRule{Host: host, Paths: []kube.IngressPath{{
			Path: []string{"/", "/a", "/b"}[w.rng.IntN(3)], Type: []string{"Exact", "Prefix"}[w.rng.IntN(2)],
			Backend: kube.Backend{Service: fmt.Sprint("svc", w.rng.IntN(2)), PortName: "http"},
		}}})
	}
	return ing
}

// settleDown lets everything that is under way end well and goes on until the
// plan has nothing more to do.
func (w *world) settleDown() Step {
	for range 400 {
		step := w.next()
		begin(w, &w.rules, step.Rules, 1)
		begin(w, &w.records, step.Records, 1)
		if len(w.rules.attempts)+len(w.records.attempts) == 0 {
			if !step.Poll.IsZero() {
				w.prepare(1)
				w.now = step.Poll
				w.rules.relist(nil)
				continue
			}
			switch at, again := w.relistAt(step); {
			case !step.Wake.IsZero():
				w.now = step.Wake
			case again:
				w.now = at
				w.change(w.clusters, false)
				w.log("the clusters are listed anew")
			default:
				return step
			}
		}
		land(w, &w.rules, w.applyRule)
		land(w, &w.records, w.applyRecord)
	}
	w.fail("it does not come to an end")
	return Step{}
}

// relistAt is when the plan wants the first cluster listed anew.
func (w *world) relistAt(step Step) (at time.Time, ok bool) {
	for _, at := range step.Relist {
		if at.After(w.now) {
			return at, true
		}
		return w.now, true
	}
	return time.Time{}, false
}

// land ends all operations in flight without a fault, and forgets old ones.
func land[T model.Object[T]](w *world, s *store[T], apply func(model.Op[T]) (T, outcome)) {
	flying := func(a observed.Attempt[T]) bool { return a.Status == observed.InFlight }
	for slices.ContainsFunc(s.attempts, flying) {
		end(w, s, apply, 0)
	}
	s.attempts = slices.DeleteFunc(s.attempts, func(a observed.Attempt[T]) bool { return a.Status == observed.BackingOff })
}

// exact compares what stands with what is wanted, to the letter.
func (w *world) exact(step Step) {
	w.t.Helper()
	taken, barred := map[model.RuleKey]bool{}, map[model.RuleKey]bool{} // by somebody else: now, for good
	for _, r := range w.foreignRules {
		m, _ := r.OwnerLabel()
		taken[r.RuleKey], barred[r.RuleKey] = true, m.IngressID.Cluster != "east"
	}
	got := map[model.RuleKey]int{}
	used := map[string]bool{} // zone names
	for id, r := range w.rules.truth {
		name, _ := model.Relative(r.SourceHost, fixture.Domain)
		used[name] = true
		if _, ok := w.foreignRules[id]; ok {
			continue
		}
		route := w.want.Route(r.RuleKey)
		byHand := r.Host == "v1.example.com" || r.CDN == fixture.VultrCDN && len(w.settings.PublishZones) == 0
		if byHand && route.Wanted() && !sameOrigin(r, route.Rule) {
			continue // its DNS is not ours, so nobody can know whether it is used
		}
		if r.CDN == fixture.VultrCDN && r.Host != "v0.example.com" && w.atEdgio(r.Host) {
			continue // its host is led here still, as it is not known where Edgio serves it
		}
		got[r.RuleKey]++
		if len(route.Retained) > 0 || route.Ingress.Cluster == "east" || route.Wanted() && w.want.Sets[route.Set].Empty() {
			continue // it may stay as it is
		}
		if got[r.RuleKey] > 1 || taken[r.RuleKey] {
			w.fail("rule %s stands twice", r.RuleKey)
		}
		if !route.Wanted() || !r.Equal(route.Rule) {
			w.fail("rule %s stands with the origin %s, wanted is %s; protocols %v and %v", r, r.SourceHost, route.Rule.SourceHost, r.Protocols, route.Rule.Protocols)
		}
	}
	for _, route := range w.want.Routes {
		key := route.Key
		if route.Wanted() && !barred[key] {
			used[route.Set] = true
		}
		if route.Wanted() && route.Ingress.Cluster != "east" && !taken[key] && got[key] == 0 && !w.want.Sets[route.Set].Empty() {
			w.fail("rule %s is missing; problems %v", key, step.Problems)
		}
	}
	w.exactRecords(used)
	read := maps.Clone(w.records.truth)
	maps.DeleteFunc(read, func(_ string, r model.Record) bool { return w.records.unread(r) })
	if !maps.EqualFunc(w.rules.truth, w.rules.view, model.Rule.Equal) || !maps.Equal(read, w.records.view) {
		w.fail("the picture is not the truth")
	}
}

// atEdgio reports whether a host is wanted at Edgio.
func (w *world) atEdgio(host string) bool {
	return slices.ContainsFunc(w.want.Routes, func(r *desired.Route) bool { return r.Wanted() && r.Key.CDN == fixture.Edgio && r.Key.Host == host })
}

// exactRecords compares the records, given the names that rules use.
func (w *world) exactRecords(used map[string]bool) {
	w.t.Helper()
	records := map[string]int{}
	for id, r := range w.records.truth {
		if _, ok := w.foreignRecords[id]; !ok {
			records[fmt.Sprint(r.Key(), " ", r.TTL)]++
		}
	}
	for _, cluster := range []string{"main", "west"} {
		claim := model.Record{Name: model.OwnershipName(cluster, fixture.Owner), Type: "TXT"}
		if text := fmt.Sprint(claim.Key(), " ", w.settings.TTL); records[text] == 1 {
			delete(records, text)
		}
	}
	for _, r := range w.rules.truth {
		m, _ := r.OwnerLabel()
		if r.CDN != fixture.VultrCDN || r.Pending || m.Owner != fixture.Owner {
			continue
		}
		// What cannot be served, or understood, may stay as it is.
		route := w.want.Route(r.RuleKey)
		stays := len(route.Retained) > 0 || route.Ingress.Cluster == "east" || w.atEdgio(r.Host)
		maps.DeleteFunc(records, func(text string, _ int) bool {
			return (strings.HasPrefix(text, r.Host+" CNAME ") || strings.HasPrefix(text, model.OwnerPrefix+r.Host+" TXT ")) &&
				(stays || strings.HasSuffix(text, fmt.Sprint(" ", w.settings.TTL)))
		})
	}
	for name, set := range w.want.Sets {
		if !used[name] || set.Cluster == "east" {
			continue
		}
		wanted := slices.Clone(set.Addresses)
		if set.CNAME != "" {
			wanted = append(wanted, set.CNAME)
		}
		for _, data := range wanted {
			r := model.AddressRecord(name, data, 0)
			if set.CNAME != "" {
				r.Type = "CNAME"
			}
			text := fmt.Sprint(r.Key(), " ", w.settings.TTL)
			if records[text] != 1 {
				w.fail("%s stands %d times", text, records[text])
			}
			delete(records, text)
		}
		for text := range records {
			if len(wanted) == 0 && strings.HasPrefix(text, name+" ") {
				delete(records, text) // the last known stay
			}
		}
	}
	for text := range records {
		name, _, _ := strings.Cut(text, " ")
		if _, known := w.want.Sets[name]; used[name] && !known {
			delete(records, text) // those of a load balancer that has lost its address
		}
	}
	if len(records) > 0 {
		w.fail("records nobody wants: %v", records)
	}
}
