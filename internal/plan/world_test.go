package plan

import (
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/table"
)

// world is both providers and the daemon's picture of them, as an unkind model:
// what really stands, what the daemon believes, and what is under way.
type world struct {
	t        *testing.T
	seed     uint64
	rng      *rand.Rand
	settings model.Settings // in force
	all      model.Settings // with every section and zone that there is
	fault    string         // a zone that cannot be read; "": none
	fixedTTL bool           // the provider changes no TTL in place
	now      time.Time
	serial   int
	steps    []string // what happened, for the report of a failure

	rules   store[model.Rule]
	records store[model.Record]
	memory  Memory
	want    desired.Want
	allowed bool // the start has --allow-delete, and nothing has been compared since

	clusters []desired.Cluster // as they were last seen
	listed   time.Time         // when they were last listed

	// Not ours to touch, by ID.
	foreignRules   map[string]model.Rule
	foreignRecords map[string]model.Record
	// usable holds, for each address that is being deleted, those that its set
	// wanted when that was decided, and since.
	usable map[model.Record][]string
	// leaving are the clusters that are being retired and have a record of ownership.
	leaving map[string]bool
	// strays are the IDs of what arrived late. Until the next list the daemon
	// cannot know of it, nor take care of the origin that such a rule names.
	strays map[string]bool
}

// store is one provider: the truth and the daemon's view of it.
type store[T model.Object[T]] struct {
	truth map[string]T
	view  map[string]T
	refs  map[string]*T // what the last View had: what has not changed stays the same
	// missing and attempts are as in View.
	missing  map[string]bool
	attempts []observed.Attempt[T]
	rejected map[model.Place]bool // the keys of those that were refused
	// Unread are the objects that the configuration does not let anybody see.
	unread func(T) bool
	// late are creations that a daemon sent before it died, and that arrive
	// after the next one has read what stands.
	late []model.Op[T]
}

func (s *store[T]) asView() observed.View[T] {
	refs := make(map[string]*T, len(s.view))
	for id, o := range s.view {
		if refs[id] = s.refs[id]; refs[id] == nil || !reflect.DeepEqual(*refs[id], o) {
			refs[id] = &o
		}
	}
	s.refs = refs
	return observed.View[T]{
		Known: true, Objects: slices.SortedFunc(maps.Values(refs), func(a, b *T) int { return (*a).Compare(*b) }),
		Missing: s.missing, Attempts: slices.Clone(s.attempts), Rejected: maps.Clone(s.rejected),
	}
}

// outcome is how a provider answers.
type outcome int

const (
	done     outcome = iota
	notFound         // what was to be changed is gone
	refused
)

func newWorld(t *testing.T, seed uint64) *world {
	settings := fixture.TwoCDNs()
	settings.ConfirmAfter = time.Hour
	if seed%3 == 0 {
		settings.PublishZones = nil
	}
	switch seed % 5 {
	case 1:
		settings.DNS.WholeSets = true
	case 2:
		settings.DNS.TTLEach = true
	}
	w := &world{
		t: t, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), now: fixture.Start(), settings: settings, all: settings,
		rules: newStore[model.Rule](), records: newStore[model.Record](),
		foreignRules: map[string]model.Rule{}, foreignRecords: map[string]model.Record{}, usable: map[model.Record][]string{}, strays: map[string]bool{}, leaving: map[string]bool{},
	}
	w.rules.unread = func(r model.Rule) bool {
		return !slices.ContainsFunc(w.settings.CDNs, func(c model.CDN) bool { return c.Name == r.CDN })
	}
	w.records.unread = func(r model.Record) bool {
		return r.Zone != "" && (r.Zone == w.fault || !slices.Contains(w.settings.PublishZones, r.Zone))
	}
	for _, r := range foreignRules() {
		if w.rng.IntN(2) == 0 {
			r.ID = w.id()
			w.foreignRules[r.ID], w.rules.truth[r.ID] = r, r
		}
	}
	for _, r := range foreignRecords() {
		r.ID = w.id()
		w.foreignRecords[r.ID], w.records.truth[r.ID] = r, r
	}
	w.rules.relist(nil)
	w.records.relist(nil)
	return w
}

func newStore[T model.Object[T]]() store[T] {
	return store[T]{truth: map[string]T{}, view: map[string]T{}, rejected: map[model.Place]bool{}}
}

// foreignRules stand in the way of Ingresses: somebody's, another owner's, a
// copy of ours, and ours of clusters that may not be written for.
func foreignRules() []model.Rule {
	at := func(host, path string) model.Rule {
		return model.Rule{RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: host, Path: path}, SourceHost: "elsewhere.example.org", SourcePath: "/"}
	}
	of := func(r model.Rule, owner, cluster string) model.Rule {
		return fixture.Labelled(r, model.OwnerLabel{Owner: owner, IngressID: model.IngressID{Cluster: cluster, Namespace: "default", Name: "ing0"}})
	}
	copied := of(at("h9.example.com", "/"), fixture.Owner, "main")
	copied.RuleKey = model.RuleKey{CDN: fixture.Edgio, Host: "h1.example.com", Path: "/a"}
	east := of(at("h1.example.com", "/"), fixture.Owner, "east")
	east.SourceHost = "nodes.east.acme." + fixture.Domain
	return []model.Rule{
		at("h0.example.com", "/a"),
		of(at("h1.example.com", "/b"), "other", "main"),
		of(at("h0.example.com", "/b/"), fixture.Owner, "north"),
		copied, east,
	}
}

// foreignRecords lie beside what is ours. Cluster east's part of the zone is
// claimed by another cluster, and north is not in the configuration.
func foreignRecords() []model.Record {
	claim := func(cluster, uid string) model.Record {
		return model.Record{Name: model.OwnershipName(cluster, fixture.Owner), Type: "TXT", Data: model.Ownership{Owner: fixture.Owner, UID: uid}.String(), TTL: 300}
	}
	return []model.Record{
		model.AddressRecord("", "192.0.2.200", 300), model.AddressRecord("www", "192.0.2.200", 300), model.AddressRecord("main", "192.0.2.200", 300), model.AddressRecord("main.acme", "192.0.2.200", 300),
		model.AddressRecord("nodes.main.other", "192.0.2.200", 300), model.AddressRecord("nodes.main.notacme", "192.0.2.200", 300),
		{Name: "acme", Type: "TXT", Data: "x", TTL: 300},
		claim("north", "uid-north"), model.AddressRecord("nodes.north.acme", "192.0.2.201", 300),
		claim("east", "uid-of-another"), model.AddressRecord("nodes.east.acme", "192.0.2.202", 300),
		// Of published hosts, whose names may be our own elsewhere.
		{Zone: "example.com", Name: "v1", Type: "A", Data: "192.0.2.203", TTL: 300},
		{Zone: "example.com", Name: "_edgeward.v9", Type: "TXT", Data: model.AliasLabel("other", "main"), TTL: 300},
		{Zone: "example.com", Name: "v9", Type: "CNAME", Data: "cdn-x.vultrcdn.com", TTL: 300},
		{Zone: "example.com", Name: "nodes.main.acme", Type: "A", Data: "192.0.2.204", TTL: 300},
	}
}

func (w *world) id() string { w.serial++; return fmt.Sprintf("id-%03d", w.serial) }

func (w *world) log(format string, a ...any) { w.steps = append(w.steps, fmt.Sprintf(format, a...)) }

func (w *world) fail(format string, a ...any) {
	w.t.Helper()
	w.t.Fatalf("seed %d: %s\nafter:\n%s", w.seed, fmt.Sprintf(format, a...), strings.Join(w.steps[max(0, len(w.steps)-60):], "\n"))
}

func (w *world) next() Step {
	in := Input{Want: w.want, Rules: w.rules.asView(), Records: w.records.asView(), Memory: w.memory,
		Settings: w.settings, Now: w.now, AllowDelete: w.allowed}
	in.Rules.Read, in.Records.Read = w.now, w.now
	if w.fault != "" {
		in.Records.Parts = map[string]observed.Part{"": {Known: true, Read: w.now}, w.fault: {Fault: "404 Not Found"}}
	}
	step := Next(in)
	w.checkRows(in, step)
	w.memory, w.allowed = step.Memory, w.allowed && !step.Compared
	return step
}

// checkRows has the rows that were taken over from the call before be those that
// the lists make, and the answer be the same if none of them is known to be in sync.
func (w *world) checkRows(in Input, step Step) {
	w.t.Helper()
	fresh := table.Rows{}.Updated(in.Want.Routes, in.Rules.Objects, in.Settings)
	if !reflect.DeepEqual(step.Memory.rows, fresh) {
		w.fail("the rows are not those that the lists make")
	}
	if stands := (table.Directory{}).Updated(in.Records.Objects, fixture.Owner); !reflect.DeepEqual(step.Memory.directory, stands) {
		w.fail("the directory is not that which the list makes")
	}
	for _, row := range fresh.All {
		row.InSync = false
	}
	clear(fresh.InSync)
	in.Memory.rows = fresh
	slow := Next(in)
	slow.Memory.rows = step.Memory.rows
	if !reflect.DeepEqual(step, slow) {
		w.fail("another answer where no row is in sync:\n%+v\nwith such:\n%+v", slow, step)
	}
}

// change gives the clusters new objects.
func (w *world) change(clusters []desired.Cluster, reported bool) {
	if w.clusters = clusters; !reported {
		w.listed = w.now
	}
	want := w.desired(clusters)
	w.memory = w.memory.Follow(w.want, want, reported)
	w.want = want
	for r := range w.usable {
		w.nowUsable(r)
	}
}

// desired is what clusters want, given what the daemon believes to stand.
func (w *world) desired(clusters []desired.Cluster) desired.Want {
	clusters = slices.Clone(clusters)
	for i := range clusters {
		clusters[i].Listed, clusters[i].Selection = w.listed, w.selection()
	}
	return desired.Desired(onStanding(clusters, w.rules.asView(), w.records.asView()), w.settings, w.now)
}

// selection is what the configuration selects: in some worlds the CDNs have a say.
func (w *world) selection() string {
	if w.seed%4 > 0 {
		return "all"
	}
	return fmt.Sprint(len(w.settings.CDNs), w.settings.CDNs[0].Name)
}

// lastKnown stands for whatever address is left: without nodes all are usable.
const lastKnown = "last known"

// nowUsable adds what the set of a record wants now to what the record's
// deletion may leave.
func (w *world) nowUsable(r model.Record) {
	set := w.want.Sets[r.Name]
	w.usable[r] = slices.Concat(w.usable[r], set.Addresses, set.Keep, []string{set.CNAME})
	if set.Empty() {
		w.usable[r] = append(w.usable[r], lastKnown)
	}
}

// crash starts the daemon again, perhaps with another configuration: what was
// remembered is lost and the providers are read anew. Operations in flight end either
// way, some creations not before that.
func (w *world) crash() {
	w.settings.CDNs, w.settings.PublishZones, w.fault, w.fixedTTL = w.all.CDNs, w.all.PublishZones, "", false
	w.log("crash")
	abandon(w, &w.rules, w.applyRule)
	abandon(w, &w.records, w.applyRecord)
	w.memory, w.listed = Memory{}, w.now
}

func abandon[T model.Object[T]](w *world, s *store[T], apply func(model.Op[T]) (T, outcome)) {
	for _, a := range s.attempts {
		switch {
		case a.Status != observed.InFlight || a.Verb == model.LookUp:
		case w.rng.IntN(2) == 0:
			apply(a.Op)
		case (a.Verb == model.Create || a.Verb == model.Replace && len(a.FromSet) == 0) && w.rng.IntN(2) == 0:
			s.late = append(s.late, a.Op)
		}
	}
	s.attempts, s.rejected = nil, map[model.Place]bool{}
	s.view = map[string]T{} // what is not read now is not known
	s.relist(nil)
}

// arrive lets the late creations happen.
func arrive[T model.Object[T]](w *world, s *store[T], apply func(model.Op[T]) (T, outcome)) {
	for _, op := range s.late {
		w.log("%s %s arrives late", op.Verb, op.Key())
		o, _ := apply(op)
		w.strays[o.Identity()] = true
	}
	s.late = nil
}

// relist reads a provider again; hide leaves objects out of the list although
// they stand.
func (s *store[T]) relist(hide func(T) bool) {
	old := s.view
	s.view, s.missing = maps.Clone(s.truth), map[string]bool{}
	for _, id := range slices.Sorted(maps.Keys(s.truth)) {
		if s.unread != nil && s.unread(s.truth[id]) || hide != nil && hide(s.truth[id]) {
			delete(s.view, id)
		}
	}
	if hide != nil {
		for id, o := range old {
			if _, ok := s.view[id]; !ok {
				s.view[id] = o
				s.missing[id] = true
			}
		}
		return
	}
	// An attempt whose reply was lost before the list began is answered by it;
	// a list that lags answers nothing.
	s.attempts = slices.DeleteFunc(s.attempts, func(a observed.Attempt[T]) bool { return a.Status == observed.Unknown })
}

// applyRule carries out an operation at the CDN.
func (w *world) applyRule(op model.Op[model.Rule]) (result model.Rule, o outcome) {
	defer w.check()
	ours := func(r model.Rule) bool {
		m, ok := r.OwnerLabel()
		return ok && m.Owner == fixture.Owner && (m.Cluster == "main" || m.Cluster == "west")
	}
	if op.New().CDN == fixture.VultrCDN && op.Verb == model.Update && !sameOrigin(op.Old(), op.New()) {
		w.fail("the origin of %s cannot be changed", op.Old().RuleKey)
	}
	if op.Verb != model.Create && !ours(op.Old()) || op.Verb != model.Delete && !ours(op.New()) {
		w.fail("%s of a rule that is not ours: %+v to %+v", op.Verb, op.Old(), op.New())
	}
	return apply(w, &w.rules, op)
}

// applyRecord carries out an operation at the DNS provider: one that refuses two
// TTLs in one record set, one that does not, or one that takes whole sets.
func (w *world) applyRecord(op model.Op[model.Record]) (result model.Record, o outcome) {
	defer w.check()
	if (op.Verb == model.Replace) != w.settings.DNS.WholeSets {
		w.fail("%s of %s is not what this DNS takes", op.Verb, op.Key())
	}
	r := *op.Touched()[0]
	// h0 and h1 go to Vultr CDN while that is the only one.
	published := r.Zone == "example.com" && slices.Contains([]string{"v0", "h0", "h1"}, strings.TrimPrefix(r.Name, model.OwnerPrefix))
	if !published && (r.Zone != "" || !strings.HasSuffix(r.Name, ".main.acme") && !strings.HasSuffix(r.Name, ".west.acme")) {
		w.fail("%s of a record that is not ours: %+v", op.Verb, r)
	}
	switch op.Verb {
	case model.Replace:
		return r, w.replace(op)
	case model.Delete:
		w.checkUsable(op)
		return apply(w, &w.records, op)
	}
	if w.mixesTTLs(op, maps.Values(w.records.truth)) || w.fixedTTL && op.Verb == model.Update && op.Old().TTL != op.New().TTL {
		return op.New(), refused
	}
	if op.Verb == model.Update && !w.settings.DNS.TTLEach && op.Old().TTL != op.New().TTL && op.Old().Data != op.New().Data {
		w.fail("%s changes data and TTL at once", op.Key())
	}
	return apply(w, &w.records, op)
}

// replace puts a record set in the place of another one, if that still stands.
func (w *world) replace(op model.Op[model.Record]) outcome {
	stands := make(map[model.Record]bool)
	for _, r := range w.records.truth {
		if r.SetPlace() == op.Key() {
			stands[r] = true
		}
	}
	for _, r := range op.FromSet {
		if !stands[*r] {
			return refused
		}
		delete(stands, *r)
	}
	if len(stands) > 0 {
		return refused
	}
	w.checkUsable(op)
	for _, r := range op.FromSet {
		delete(w.records.truth, r.ID)
	}
	for _, r := range op.ToSet {
		made := *r
		if made.ID == "" {
			made.ID = w.id()
		}
		if made.TTL != op.New().TTL || made.SetPlace() != op.Key() {
			w.fail("%s makes a set of %v", op.Key(), op.ToSet)
		}
		w.records.truth[made.ID] = made
	}
	return done
}

// mixesTTLs reports whether op would give a record set two TTLs where that is refused.
func (w *world) mixesTTLs(op model.Op[model.Record], standing iter.Seq[model.Record]) bool {
	if w.settings.DNS.ChangesTTL() {
		return false
	}
	for o := range standing {
		if op.Verb != model.Delete && o.ID != op.Old().ID && o.Zone == op.New().Zone && o.Name == op.New().Name && o.Type == op.New().Type && o.TTL != op.New().TTL {
			return true
		}
	}
	return false
}

func apply[T model.Object[T]](w *world, s *store[T], op model.Op[T]) (result T, o outcome) {
	id := op.Old().Identity()
	switch _, stands := s.truth[id]; {
	case op.Verb == model.Create:
		id = w.id()
	case op.Verb == model.Delete:
		delete(s.truth, id)
		return op.Old(), done
	case !stands:
		return op.Old(), notFound
	}
	made := kept(op.New().WithIdentity(id))
	if r, ok := any(made).(model.Rule); ok && r.CDN == fixture.VultrCDN && op.Verb == model.Create {
		r.Pending = w.rng.IntN(2) == 0
		made = any(r).(T)
	}
	s.truth[id] = made
	return made, done
}

// check holds at every change of the providers.
func (w *world) check() {
	for _, r := range w.rules.truth {
		name, ok := model.Relative(r.SourceHost, fixture.Domain)
		if !ok || w.strays[r.ID] {
			continue
		}
		resolves := false
		for _, o := range w.records.truth {
			resolves = resolves || o.Name == name && o.Resolves()
		}
		if !resolves {
			w.fail("the origin %s of rule %s resolves to nothing", r.SourceHost, r.RuleKey)
		}
	}
	w.checkLeads()
	w.checkOwnership()
	for id, r := range w.foreignRules {
		if now, ok := w.rules.truth[id]; !ok || !now.Equal(r) {
			w.fail("foreign rule %s was touched", r.RuleKey)
		}
	}
	for id, r := range w.foreignRecords {
		if w.records.truth[id] != r {
			w.fail("foreign record %s was touched", r.Key())
		}
	}
}

// checkOwnership holds while clusters are retired: their record of ownership goes last.
func (w *world) checkOwnership() {
	for cluster, owned := range w.leaving {
		if !owned || w.ownership(cluster) {
			continue
		}
		for _, r := range w.rules.truth {
			if label, ok := r.OwnerLabel(); ok && label.Owner == fixture.Owner && label.Cluster == cluster {
				w.fail("the record of ownership of %s is gone, and the rule %s stands", cluster, r.RuleKey)
			}
		}
		for _, r := range w.records.truth {
			labels, _ := model.ParseAliasLabel(&r, fixture.Owner)
			if in, ok := model.ClusterOf(&r, fixture.Owner); ok && in == cluster || labels == cluster {
				w.fail("the record of ownership of %s is gone, and %s stands", cluster, r.Key())
			}
		}
	}
}

// ownership reports whether a cluster's record of ownership stands.
func (w *world) ownership(cluster string) bool {
	for _, r := range w.records.truth {
		if model.IsOwnership(&r, cluster, fixture.Owner) {
			return true
		}
	}
	return false
}

// checkLeads holds at every change: no CNAME of ours leads to a CDN's name that
// is not there, nor to one that is not served yet.
func (w *world) checkLeads() {
	for id, o := range w.records.truth {
		if _, foreign := w.foreignRecords[id]; foreign || o.Zone == "" || o.Type != "CNAME" || w.strays[id] {
			continue
		}
		served := false
		for _, r := range w.rules.truth {
			served = served || r.Published == o.Data && !r.Pending
		}
		if !served {
			w.fail("%s.%s leads to %s, which is not served", o.Name, o.Zone, o.Data)
		}
	}
}

// prepare lets the CDN get ready with some of what it prepares.
func (w *world) prepare(share float64) {
	for id, r := range w.rules.truth {
		if r.Pending && w.rng.Float64() < share {
			r.Pending = false
			w.rules.truth[id] = r
		}
	}
}

// checkUsable fails if an operation that takes addresses away leaves an origin that a
// rule names without any that was wanted when the operation was decided, or since.
func (w *world) checkUsable(op model.Op[model.Record]) {
	left := maps.Clone(w.records.truth)
	for _, r := range gone(op) {
		delete(left, r.ID)
	}
	for i, r := range op.ToSet {
		left[fmt.Sprint("new", i)] = *r
	}
	for _, gone := range gone(op) {
		usable := w.usable[*gone]
		stands := slices.ContainsFunc(slices.Collect(maps.Values(left)), func(o model.Record) bool {
			return o.Name == gone.Name && (o.Data == gone.Data || slices.Contains(usable, o.Data) || slices.Contains(usable, lastKnown))
		})
		for _, r := range w.rules.truth {
			if gone.Resolves() && !stands && r.SourceHost == gone.Name+"."+fixture.Domain && !w.strays[r.ID] {
				w.fail("deleting %s leaves %s, the origin of rule %s, without a usable address", gone.Data, gone.Name, r.RuleKey)
			}
		}
	}
}

// gone are the records that an operation takes away.
func gone(op model.Op[model.Record]) (list []*model.Record) {
	if op.Verb == model.Delete {
		return []*model.Record{op.From}
	}
	for _, r := range op.FromSet {
		if !slices.ContainsFunc(op.ToSet, func(o *model.Record) bool { return o.Data == r.Data }) {
			list = append(list, r)
		}
	}
	return list
}
