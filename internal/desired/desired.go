package desired

import (
	"cmp"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// Problem is why a route is not published. Key is zero where it concerns an
// Ingress, or a rule of it, that yields no host and path.
type Problem struct {
	Ingress model.IngressID
	Key     model.RuleKey
	State   State
	Reason  string
}

// Warning is something about an Ingress that its author should know although
// it is published.
type Warning struct {
	Ingress model.IngressID
	Message string
}

// Route is what shall become of one host and path. It is not changed once made.
type Route struct {
	Key model.RuleKey
	// Rule is what to publish, for Ingress. It is the zero Rule where no claim
	// can be published.
	Rule    model.Rule
	Ingress model.IngressID
	Set     string // the zone name of the rule's origin
	// Unsettled says that Set may be another one once the CDN was read: until then
	// no addresses are made for it.
	Unsettled bool
	Adopt     bool // a rule that nobody marked may be taken over
	// Release says that a rule which stands for Ingress is to lose its mark and
	// to be left alone from then on. There is nothing to publish then.
	Release bool
	// Holds are claims that go before but cannot be understood: where one of
	// them has a live rule, that rule stays.
	Holds []Hold

	// By what it goes before the routes that other claims would lead to.
	rank    rank
	created time.Time // of the Ingress
}

// Wanted reports whether there is a rule to publish. There is none where there is
// no route.
func (r *Route) Wanted() bool { return r != nil && r.Rule.Host != "" }

// Where is the key of the route, without a copy.
func (r *Route) Where() *model.RuleKey { return &r.Key }

// Set is an address set: one address record for each element of Addresses, or
// one CNAME. One of neither is without addresses now: the last known stay.
type Set struct {
	Cluster   string
	Namespace string   // of the object that the set is for; "": all share it
	Addresses []string // IPv4 and IPv6, sorted
	Keep      []string // may stay where they stand, but are not added
	CNAME     string   // a host name; then there are no addresses
	Left      []string // addresses beyond what one answer carries, sorted: they do not stand
	Lacks     string   // why there are no addresses, where there are none
}

// Members are the addresses or the name that the set's records shall hold.
func (s Set) Members() []string {
	if s.CNAME != "" {
		return []string{s.CNAME}
	}
	return s.Addresses
}

func (s Set) Empty() bool { return len(s.Members()) == 0 }

// ClusterWant is what a ready cluster of the configuration wants.
type ClusterWant struct {
	UID   string
	Nodes NodeCounts
	// Selection and Listed are those of Cluster.
	Selection string
	Listed    time.Time
}

// Want is everything that shall stand.
type Want struct {
	Routes []*Route       // in the order of their keys
	Sets   map[string]Set // by zone name; of ready clusters
	// Clusters holds an entry for each cluster of the configuration, nil for
	// those that are not ready.
	Clusters map[string]*ClusterWant
	Problems []Problem
	Warnings []Warning
	Notices  []model.Notice // for the operator
	// Until is when time alone changes the answer; zero: never.
	Until time.Time

	// For the next answer, of the clusters' Ingresses:
	readings   map[string]readings
	candidates []*candidate // all that the readings hold, in order
	// Of Ingresses whose class is unknown: whether there are some, and which have
	// gone, or are known, since the answer before.
	SomeUndecided bool
	Decided       []model.IngressID
}

// Route is what shall become of a host and path at a CDN; the zero Route where
// nobody claims it.
func (w Want) Route(key model.RuleKey) *Route {
	i, ok := slices.BinarySearchFunc(w.Routes, key, func(r *Route, key model.RuleKey) int { return r.Key.Compare(key) })
	if !ok {
		return &Route{}
	}
	return w.Routes[i]
}

// Shared reports whether an Ingress asks for nothing of its own, but for paths of
// hosts that a CDN publishes as a whole and another Ingress has.
func (w Want) Shared(id model.IngressID) bool {
	claims := w.ingress(id).candidates
	return len(claims) > 0 && !slices.ContainsFunc(claims, func(c candidate) bool { return c.route.rank != rankRest })
}

// Denies reports whether the configuration denies an Ingress something at a host.
func (w Want) Denies(id model.IngressID, host string) bool {
	return slices.Contains(w.ingress(id).denied, host)
}

// ingress is what an Ingress asks for; the zero asked if it is not there.
func (w Want) ingress(id model.IngressID) *asked {
	return w.readings[id.Cluster].of(kube.Key{Namespace: id.Namespace, Name: id.Name})
}

// Undecided reports whether the class of an Ingress is unknown, so that what stands
// for it stays as it is.
func (w Want) Undecided(id model.IngressID) bool { return w.SomeUndecided && w.ingress(id).undecided }

// Class is the class that an Ingress names; "" if it is not there.
func (w Want) Class(id model.IngressID) string {
	readings := w.readings[id.Cluster]
	i, ok := readings.find(kube.Key{Namespace: id.Namespace, Name: id.Name})
	if !ok {
		return ""
	}
	return readings.ingresses[i].Class
}

// Claimed are the hosts and paths that an Ingress asks for, whoever has them.
func (w Want) Claimed(id model.IngressID) (keys []model.RuleKey) {
	for _, c := range w.ingress(id).candidates {
		keys = append(keys, c.route.Key)
	}
	return keys
}

// Desired maps the clusters' objects onto what shall stand. Clusters that are
// not ready contribute nothing but their name.
func Desired(clusters []Cluster, set model.Settings, now time.Time) Want {
	return DesiredAfter(Want{}, clusters, set, now)
}

// DesiredAfter is Desired for clusters of which some objects have changed since
// the answer before, which was given for the same settings. What it says of
// Ingresses is taken over as long as neither they nor what they lead to have
// changed.
func DesiredAfter(before Want, clusters []Cluster, set model.Settings, now time.Time) Want {
	want := Want{
		Sets: make(map[string]Set, len(before.Sets)), Clusters: make(map[string]*ClusterWant), readings: make(map[string]readings),
	}
	var changed difference
	mappers := make(map[string]*mapper)
	var hosts []*namedSet // those that name hosts
	for _, c := range clusters {
		want.Clusters[c.Name] = nil
		if !c.Ready {
			continue
		}
		m := newMapper(c, set, now)
		mappers[c.Name] = m
		want.Clusters[c.Name] = &ClusterWant{UID: c.UID, Nodes: m.nodes.count, Selection: c.Selection, Listed: c.Listed}
		want.wake(m.nodes.until)
		m.addServiceSets(want.Sets)
		want.readings[c.Name] = m.readAll(before.readings[c.Name], &changed)
		hosts = append(hosts, want.readings[c.Name].hosts...)
		var shared sharing
		for _, a := range want.readings[c.Name].asked {
			want.add(a)
			shared = shared.or(a.nodes)
			if a.set != nil && a.set.namesHosts() {
				hosts = append(hosts, a.set)
			}
		}
		m.addNodeSets(&want, shared)
	}
	for name, r := range before.readings {
		if _, ok := want.readings[name]; !ok {
			changed.lose(r.asked...)
		}
	}
	for name, set := range want.Sets {
		want.Sets[name] = set.bounded(name)
	}
	want.Decided = changed.undecided
	want.candidates = ordered.Patch(before.candidates, changed.gone, changed.come, compareCandidates)
	claims := want.candidates
	if found := want.loops(hosts); len(found) > 0 {
		claims = want.withoutLoops(found, mappers)
	}
	all := settle(claims, want.Sets)
	want.Routes = all.routes
	want.Problems = append(want.Problems, all.problems...)
	want.Warnings = append(want.Warnings, all.warnings...)
	want.noteNodes(mappers)
	slices.SortStableFunc(want.Problems, func(a, b Problem) int {
		return cmp.Or(a.Ingress.Compare(b.Ingress), a.Key.Compare(b.Key))
	})
	return want
}

// noteNodes tells the operator of private addresses where rules lead to nodes.
func (w *Want) noteNodes(mappers map[string]*mapper) {
	for _, cluster := range sortedKeys(mappers) {
		m := mappers[cluster]
		text := m.nodes.notice(cluster)
		if text != "" && slices.ContainsFunc(w.Routes, func(r *Route) bool { return m.isNodes(r.Set) }) {
			w.Notices = append(w.Notices, model.Notice{Text: text})
		}
	}
}

// wake notes that time alone changes the answer at t; zero: never.
func (w *Want) wake(t time.Time) {
	if !t.IsZero() && (w.Until.IsZero() || t.Before(w.Until)) {
		w.Until = t
	}
}

// add takes over what an Ingress asks for, but for its claims: others may go
// before.
func (w *Want) add(a *asked) {
	w.Problems = append(w.Problems, a.problems...)
	w.Warnings = append(w.Warnings, a.warnings...)
	w.wake(a.until)
	w.SomeUndecided = w.SomeUndecided || a.undecided
	if a.set != nil && !a.set.Empty() {
		w.Sets[a.set.name] = a.set.Set
	}
}
