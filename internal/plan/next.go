package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Verb is what an operation does.
type Verb string

const (
	Create Verb = "create"
	Update Verb = "update"
	Delete Verb = "delete"
	// LookUp searches the scope of New for what became of operations whose
	// replies were lost, and for objects that were missing from a list.
	LookUp Verb = "look up"
)

// Object is what stands at a provider.
type Object[T any] interface {
	Rule | Record
	Key() string      // the place it takes: one operation at a time
	Identity() string // the provider's ID
	WithIdentity(string) T
	Scope() string // what a search for it covers
	Equal(T) bool
}

// Op is one operation at a provider.
type Op[T Object[T]] struct {
	Verb    Verb
	Old     T         // update, delete: what stands
	New     T         // create, update: what shall stand; look up: what to search for
	Ingress IngressID // whom a rule serves; zero for records
	Adopt   bool      // Old is not marked and is taken over
	Urgency int       // lower goes first
}

// Key is the place that the operation works on.
func (op Op[T]) Key() string {
	switch op.Verb {
	case LookUp:
		return "look up " + op.New.Scope()
	case Create:
		return op.New.Key()
	}
	return op.Old.Key()
}

// Same reports whether repeating op would do what other did. All searches of
// one scope are the same, whatever they are for.
func (op Op[T]) Same(other Op[T]) bool {
	if op.Verb == LookUp {
		return other.Verb == LookUp && op.Key() == other.Key()
	}
	return op.Verb == other.Verb && op.Old.Identity() == other.Old.Identity() && op.New.Equal(other.New)
}

// Status is how far an operation has come.
type Status int

const (
	InFlight Status = iota // its reply is awaited
	Unsure                 // its reply was lost: it is neither done nor undone until looked up
	Parked                 // it failed without effect and waits before it is tried again
)

// Attempt is an operation under way, or one that did not end well.
type Attempt[T Object[T]] struct {
	Op[T]
	Status Status
}

// View is what is known of one provider.
type View[T Object[T]] struct {
	Known bool // it was read since the daemon started
	// Unread are, of several CDNs that are not all Known, those that were not
	// read; nil: all of them.
	Unread map[Target]bool
	// Read is when the last complete reading began.
	Read    time.Time
	Objects []T
	// Missing holds the IDs of Objects that the last reading did not show. They
	// are neither there nor gone until they were looked up: lists lag, and
	// shift while they are paged through.
	Missing  map[string]bool
	Attempts []Attempt[T]
}

// knows reports whether a CDN was read.
func (v View[T]) knows(cdn Target) bool { return v.Known || v.Unread != nil && !v.Unread[cdn] }

// Memory is what Next remembers from one call to the next. The zero value is
// that of a start.
type Memory struct {
	absent map[string]absence // by the provider's ID
	// What was wanted and, as the watch reported, is not any more.
	droppedRules   map[RuleKey]bool
	droppedRecords map[string]bool // keys
	// named are the zone names that some rule named, or that a record is on its
	// way to since some rule did: when none does any more, it was this process
	// that took the rules away, or changed them.
	named map[string]bool
	// compared are the clusters whose first comparison is over.
	compared map[string]bool
	// pointed is when a published host last led to a name at a CDN, by
	// "host name".
	pointed map[string]time.Time
}

// absence is since when nobody wants an object. Reported says that the watch
// told so, or that the user allowed it: such deletions are not limited.
type absence struct {
	since    time.Time
	reported bool
	refused  bool // it was one of too many: that new rules dilute the share does not excuse it
}

// Follow returns the memory after what is wanted changed from old to now. With
// reported, the watch said so: what it leads to delete does not count for
// max_delete. Without, objects were only missing in a new snapshot.
func (m Memory) Follow(old, now Want, reported bool) Memory {
	next := m
	next.droppedRules, next.droppedRecords = make(map[RuleKey]bool), make(map[string]bool)
	for key := range m.droppedRules {
		if !now.Routes[key].Wanted() {
			next.droppedRules[key] = true
		}
	}
	records := maps.Clone(m.droppedRecords)
	if reported {
		for key, r := range old.Routes {
			if r.Wanted() && !now.Routes[key].Wanted() {
				next.droppedRules[key] = true
			}
		}
		for name, set := range old.Sets {
			if !slices.Equal(set.Members(), now.Sets[name].Members()) {
				records = set.addKeys(name, records)
			}
		}
	}
	if len(records) == 0 {
		return next
	}
	var wanted map[string]bool
	for name, set := range now.Sets {
		wanted = set.addKeys(name, wanted)
	}
	for key := range records {
		if !wanted[key] {
			next.droppedRecords[key] = true
		}
	}
	return next
}

// addKeys adds the keys of the set's records to some.
func (s Set) addKeys(name string, keys map[string]bool) map[string]bool {
	if keys == nil {
		keys = make(map[string]bool)
	}
	for _, ip := range s.Addresses {
		keys[address(name, ip, 0).Key()] = true
	}
	if s.CNAME != "" {
		keys[Record{Name: name, Type: "CNAME"}.Key()] = true
	}
	return keys
}

// Input is everything that Next looks at.
type Input struct {
	Want     Want
	Rules    View[Rule]
	Records  View[Record]
	Memory   Memory
	Settings Settings
	Now      time.Time
	// AllowDelete lets what the first comparison of each cluster finds to be
	// unwanted exceed Settings.MaxDelete.
	AllowDelete bool
}

// Step is what Next found.
type Step struct {
	Rules   []Op[Rule]   // safe now, in the order of their urgency
	Records []Op[Record] // likewise
	Memory  Memory       // for the next call
	// Wake is when the first deletion that waits for its grace or linger may
	// go; zero: none waits.
	Wake time.Time
	// Routes tells what became of each route that is wanted; Problems those
	// that a live rule stands in the way of. Held are the Ingresses whose live
	// rules stay as they are, since they cannot be understood.
	Routes   []RouteState
	Problems []Problem
	Held     map[RuleKey]IngressID
	// Compared says that the first comparison of every cluster is over.
	Compared bool
	// Reread asks for a reading of these CDNs: before addresses go, it has to be
	// seen that nobody has pointed a rule at them meanwhile, and what a CDN is
	// still preparing is looked at now and then.
	Reread map[Target]bool
	// Poll is when to ask again for the sake of what a CDN is still preparing;
	// zero: nothing is.
	Poll time.Time
	// Open are the Ingresses that still have work outstanding.
	Open    map[IngressID]Open
	Blocked []Blocked
	// Warnings are about Ingresses that are published, beside those of Want.
	Warnings []Warning
	Notices  []Notice
	// Stale are the sets, by zone name, whose last known addresses stay for want
	// of others.
	Stale map[string]Stale
	// Released are the Ingresses of which a rule was let go.
	Released []IngressID
	Owned    Owned
}

// Stale is what a set lacks, in whose part of the zone.
type Stale struct{ Cluster, Lacks string }

// String says it to an operator.
func (s Stale) String() string {
	return "cluster " + s.Cluster + ": " + s.Lacks + "; its last known addresses stay in DNS"
}

// StaleIn reports whether a cluster has such a set.
func (s Step) StaleIn(cluster string) bool {
	for _, set := range s.Stale {
		if set.Cluster == cluster {
			return true
		}
	}
	return false
}

// Owned is how many objects of the configuration's clusters stand.
type Owned struct {
	Rules             map[Target]int // by CDN
	Addresses, Claims int
}

// RouteState is what became of a route that is wanted.
type RouteState struct {
	Ingress IngressID
	Key     RuleKey
	State   State
	Reason  string
}

// Problems are all of a plan: why what is not published is not.
func Problems(want Want, step Step) []Problem {
	all := slices.Concat(want.Problems, step.Problems)
	for i, p := range all {
		if held, ok := step.Held[p.Key]; ok && held == p.Ingress {
			all[i].Reason += "; until then its rule stays as it is"
		}
	}
	return all
}

// Open says at which kind of provider an Ingress has work outstanding.
type Open struct{ Rules, Records bool }

// Target is a provider, in the words of the metrics' label.
type Target string

const (
	Edgio    Target = "edgio"
	VultrCDN Target = "vultr-cdn"
	Vultr    Target = "vultr" // DNS
)

// Blocked is a number of deletions that Settings.MaxDelete forbids.
type Blocked struct {
	Target       Target
	Cluster      string
	Count, Total int
}

// String says what is refused and what to do.
func (b Blocked) String() string {
	return fmt.Sprintf("refusing to delete %d of %d objects of cluster %s at %s that no Ingress wants any more (sync.max_delete); "+
		"if that is right, restart once with --allow-delete", b.Count, b.Total, b.Cluster, b.Target)
}

// Notice is something to tell the operator, once as long as it lasts. Fatal
// says that a cluster cannot be served.
type Notice struct {
	Fatal bool
	Text  string
}

// planner is the state of one call of Next.
type planner struct {
	Input
	step     Step
	rules    index[Rule]
	records  index[Record]
	owners   map[string]Mark // of the rules that are ours, by ID
	named    map[string]bool // zone names that some rule names as its origin, or may soon
	sets     map[string]setState
	clusters map[string]*clusterState
	cdns     map[Target]CDN
	// Of published hosts: their DNS, where they shall lead, and when they last
	// led to a target ("host target").
	published map[string]*publication
	leads     map[string][]lead
	pointed   map[string]time.Time
	absent    map[string]absence // the memory being built
}

// clusterState is what Next finds out about one cluster of the configuration.
type clusterState struct {
	ready   bool   // its snapshots are complete
	claimed bool   // its claim stands: it may be written for
	refused string // why nothing may be written for it
	// claimFailed says that the claim could not be made at the last attempt.
	claimFailed bool
	// The claim's TTL is that of all records of the cluster: where the
	// provider keeps another one than the configured, they follow.
	ttl        int
	ttlChanges bool
	compared   bool // it is known whether the claim stands

	rules           map[Target]int // how many it has, by CDN
	records         int            // likewise; the claim is not counted
	ruleDeletions   map[Target][]deletion[Rule]
	recordDeletions []deletion[Record]
	// publicationDeletions are of the records of published hosts.
	publicationDeletions []deletion[Record]
}

// setState is how far an address set is.
type setState struct {
	standing int  // usable addresses
	settled  bool // nothing but failed operations keeps it from being exact
	exact    bool
	failed   bool
}

// Next returns the operations that are safe now: after any of them, in any
// order, stopped anywhere, no foreign object was touched, no origin that a
// rule names is empty, and asking again leads on to what is wanted. It does not
// change its input.
func Next(in Input) Step {
	p := &planner{
		Input:    in,
		rules:    newIndex(in.Rules),
		records:  newIndex(in.Records),
		owners:   ownersOf(in.Rules.Objects, in.Settings.Owner),
		named:    make(map[string]bool),
		sets:     make(map[string]setState),
		clusters: make(map[string]*clusterState),
		cdns:     make(map[Target]CDN),

		published: make(map[string]*publication), leads: make(map[string][]lead), pointed: make(map[string]time.Time),
		absent: make(map[string]absence),
	}
	p.step.Rules = lookUps(in.Rules)
	p.step.Records = lookUps(in.Records)
	p.step.Open = make(map[IngressID]Open)
	p.step.Owned.Rules = make(map[Target]int)
	p.step.Reread = make(map[Target]bool)
	p.step.Held = make(map[RuleKey]IngressID)
	for _, cdn := range in.Settings.CDNs {
		p.cdns[cdn.Target] = cdn
	}
	p.step.Stale = make(map[string]Stale)
	for name, want := range in.Want.Clusters {
		p.clusters[name] = &clusterState{
			ready: want != nil, rules: make(map[Target]int), ruleDeletions: make(map[Target][]deletion[Rule]),
		}
	}
	p.findNamed()
	if in.Records.Known {
		p.planRecords()
	}
	if in.Records.Known {
		p.findPublications()
		p.planRules()
		p.planPublications()
	}
	p.planDeletions()
	p.finish()
	return p.step
}

// findNamed collects the zone names that must not be emptied: those that a
// rule names now, whosever it is, and those that an operation under way or a
// wanted rule is about to name.
func (p *planner) findNamed() {
	seen := make(map[string]bool) // source hosts; they are few
	name := func(r Rule) {
		if seen[r.SourceHost] {
			return
		}
		seen[r.SourceHost] = true
		if n, ok := relative(r.SourceHost, p.Settings.Domain); ok {
			p.named[n] = true
		}
	}
	for _, r := range p.Rules.Objects {
		name(r)
	}
	for _, a := range p.Rules.Attempts {
		name(a.Old)
		name(a.New)
	}
	for key, r := range p.Want.Routes {
		if r.Wanted() && !seen[r.Rule.SourceHost] && !p.barred(key, r) {
			name(r.Rule)
		}
	}
}

// finish sorts the answer, so that it does not depend on the order of maps.
func (p *planner) finish() {
	p.step.Rules = oneAPlace(p.step.Rules)
	p.step.Records = oneAPlace(p.step.Records)
	slices.SortFunc(p.step.Blocked, func(a, b Blocked) int {
		return cmp.Or(cmp.Compare(a.Target, b.Target), cmp.Compare(a.Cluster, b.Cluster))
	})
	slices.SortFunc(p.step.Notices, func(a, b Notice) int { return cmp.Compare(a.Text, b.Text) })

	p.step.Memory = p.remember()
	p.step.Compared = len(p.step.Memory.compared) >= len(p.clusters)
}

// remember keeps of the memory what still concerns an object, or may do once
// the provider is read.
func (p *planner) remember() Memory {
	next := Memory{
		absent: p.absent, named: p.named, compared: maps.Clone(p.Memory.compared), pointed: p.pointed,
		droppedRules: make(map[RuleKey]bool), droppedRecords: make(map[string]bool),
	}
	if next.compared == nil {
		next.compared = make(map[string]bool)
	}
	for name, c := range p.clusters {
		if p.Rules.Known && p.Records.Known && c.ready && c.compared {
			next.compared[name] = true
		}
	}
	for _, a := range p.Records.Attempts {
		// Its record may turn up when the name is in use no more.
		if a.Status != Parked && p.Memory.named[a.New.Name] {
			next.named[a.New.Name] = true
		}
	}
	for key := range p.Memory.droppedRules {
		if !p.Rules.knows(key.CDN) || p.rules.has(Rule{RuleKey: key}.Key()) {
			next.droppedRules[key] = true
		}
	}
	for key := range p.Memory.droppedRecords {
		if !p.Records.Known || p.records.has(key) {
			next.droppedRecords[key] = true
		}
	}
	return next
}

// oneAPlace sorts operations by their urgency and keeps the first at each
// place: what else is to be done there, such as removing the second of two
// duplicates, waits until it has ended.
func oneAPlace[T Object[T]](ops []Op[T]) []Op[T] {
	if len(ops) < 2 {
		return ops
	}
	// Operations are large, and their keys made anew each time: what is sorted
	// is small and holds the key.
	type place struct {
		urgency int
		key     string
		op      int
	}
	places := make([]place, len(ops))
	for i, op := range ops {
		places[i] = place{op.Urgency, op.Key(), i}
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.urgency != b.urgency {
			return cmp.Compare(a.urgency, b.urgency)
		}
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return strings.Compare(ops[a.op].Old.Identity(), ops[b.op].Old.Identity())
	})
	taken := make(map[string]bool, len(ops))
	sorted := make([]Op[T], 0, len(ops))
	for _, p := range places {
		if !taken[p.key] {
			taken[p.key] = true
			sorted = append(sorted, ops[p.op])
		}
	}
	return sorted
}

func (p *planner) notice(fatal bool, format string, a ...any) {
	p.step.Notices = append(p.step.Notices, Notice{fatal, fmt.Sprintf(format, a...)})
}

func (p *planner) warn(id IngressID, format string, a ...any) {
	p.step.Warnings = append(p.step.Warnings, Warning{id, fmt.Sprintf(format, a...)})
}

// wakeAt makes sure that Next is asked again at t.
func (p *planner) wakeAt(t time.Time) {
	if p.step.Wake.IsZero() || t.Before(p.step.Wake) {
		p.step.Wake = t
	}
}
