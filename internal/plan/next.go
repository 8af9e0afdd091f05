package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// planner is the state of one call of Next.
type planner struct {
	Input
	step     Step
	rows     rows
	writes   observed.Statuses[model.RuleKey] // of rules
	written  observed.Statuses[*row]          // the same, where there is a site
	stands   directory
	records  observed.Index[model.Record] // of those that concern us
	named    map[string]bool              // zone names that some rule names as its origin, or may soon
	sets     lookup[setState]
	clusters lookup[*clusterState]
	// Of published hosts: their DNS, where they shall lead, and when they last
	// led to a target.
	aliases   map[string]*hostAlias
	hosts     []string // of these, in order
	leads     map[string][]lead
	names     map[string]bool // see isPublished
	pointed   map[pointer]time.Time
	refused   map[string]time.Time          // see dark, by host
	ttls      map[string]refusal            // see ttlRefused
	taken     map[model.RuleKey]string      // where makesRoom is at work: the Extra of the rule before
	unkept    map[model.RuleKey]unkeptLabel // see planUnkept
	unmarked  map[model.RuleKey]*model.Rule // the rules on which the CDN has not kept our mark
	yields    map[string]bool               // the hosts of these that are led to the rule before
	strays    []*hostAlias                  // DNS of ours in another zone than where a host's is made now
	heldBack  map[string]bool               // hosts with a rule that nobody wants, and that the guard does not let go (yet)
	letGo     map[string]bool               // those with one that it does
	absent    map[string]absence            // the memory being built
	stood     map[string][]string           // likewise
	settled   map[string]bool               // likewise
	unused    map[clusterCDN]time.Time      // likewise
	decided   map[model.IngressID]bool      // likewise
	undecided map[model.IngressID]bool      // those for which a rule stands, while their class is unknown
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

	said  model.Ownership         // what the claim says, as it stands
	wants map[model.Provider]bool // the CDNs at which it is to have rules, or may get some

	rules   map[model.Provider]int // how many it has, by CDN
	records int                    // likewise; the claim is not counted
	lost    losses
	// unchanged: the configuration selects what it did when all was well.
	unchanged bool
	listed    time.Time // see Cluster.Listed

	// What stays for the sake of CDNs that are not read: names of address sets, and
	// hosts that are led there.
	keptNames, keptHosts []string
}

// setState is how far an address set is.
type setState struct {
	standing  int  // usable addresses
	settled   bool // nothing but failed operations keeps it from being exact
	converged bool
	failed    bool
	unproven  *model.Record // one of its addresses, where none is certain to stand
}

// Next returns the operations that are safe now: after any of them, in any
// order, stopped anywhere, no foreign object was touched, no origin that a
// rule names is empty, and asking again leads on to what is wanted. It does not
// change its input.
func Next(in Input) Step {
	stands := in.Memory.stands.after(in.Records.Objects, in.Settings.Owner)
	p := &planner{
		Input:    in,
		rows:     in.Memory.rows.after(in.Want.Routes, in.Rules.Objects, in.Settings),
		stands:   stands,
		writes:   make(observed.Statuses[model.RuleKey]),
		written:  make(observed.Statuses[*row]),
		records:  observed.NewIndex(in.Records, stands.concerns),
		named:    make(map[string]bool),
		sets:     lookup[setState]{of: make(map[string]setState)},
		clusters: lookup[*clusterState]{of: make(map[string]*clusterState)},

		aliases: make(map[string]*hostAlias), leads: make(map[string][]lead), pointed: make(map[pointer]time.Time),
		refused: make(map[string]time.Time), ttls: make(map[string]refusal), taken: make(map[model.RuleKey]string), unkept: make(map[model.RuleKey]unkeptLabel), unmarked: make(map[model.RuleKey]*model.Rule), yields: make(map[string]bool),
		heldBack: make(map[string]bool), letGo: make(map[string]bool),
		absent: make(map[string]absence), stood: make(map[string][]string), settled: make(map[string]bool), unused: make(map[clusterCDN]time.Time), decided: make(map[model.IngressID]bool), undecided: make(map[model.IngressID]bool),
	}
	p.step.Notices = slices.Clone(in.Want.Notices)
	p.step.Owned.Rules = make(map[model.Provider]int)
	p.step.Reread = make(map[model.Provider]bool)
	p.step.Held = make(map[model.RuleKey]model.IngressID)
	p.step.Stale = make(map[string]Stale)
	for name, want := range in.Want.Clusters {
		p.clusters.of[name] = &clusterState{
			ready: want != nil, rules: make(map[model.Provider]int), wants: make(map[model.Provider]bool),
		}
		if want != nil {
			p.clusters.of[name].listed = want.Listed
		}
	}
	p.noteWrites()
	p.survey()
	if in.Records.Known {
		p.findHostAliases()
		p.planRecords()
		p.planUnkept()
		p.planRules()
		p.planRuleDeletions()
		p.planHostAliases()
		for name, c := range p.clusters.of {
			p.tellUnread(name, c)
		}
	}
	p.planRecordDeletions()
	p.noteSettled()
	p.step.Rules = append(p.step.Rules, observed.LookUps(in.Rules, p.concernedRules)...)
	p.step.Records = append(p.step.Records, observed.LookUps(in.Records, p.concernedRecords)...)
	p.finish()
	return p.step
}

// survey goes through what stands and what is wanted before anything is decided.
// It counts our rules, and collects the zone names that must not be emptied: those
// that a rule names now, whosever it is, and those that an operation under way or
// a wanted rule is about to name.
func (p *planner) survey() {
	var rules tally[group]    // of those that are not plain without the set
	latest := new(model.Rule) // neighbours mostly have the same origin
	name := func(r *model.Rule) {
		if r == nil || r.SourceHost == latest.SourceHost && r.CDN == latest.CDN {
			return
		}
		latest = r
		if n, ok := model.Relative(r.SourceHost, p.Settings.Domain); ok {
			p.named[n] = true
			if cluster, ok := model.ClusterOf(&model.Record{Name: n}, p.Settings.Owner); ok {
				p.wants(cluster, r.CDN)
			}
		}
	}
	open := 0
	for _, s := range p.rows.all {
		if s.plain {
			rules.add(s.group)
			continue
		}
		open++
		for _, r := range s.ours {
			rules.add(group{cluster: r.of.Cluster, cdn: r.CDN})
			name(r.Rule)
		}
		if s.route.Wanted() {
			p.wants(s.route.Ingress.Cluster, s.route.Key.CDN)
			if !p.barred(s) && !s.route.Unsettled {
				name(&s.route.Rule)
			}
		}
	}
	for _, r := range p.rows.naming {
		name(r)
	}
	for _, a := range p.Rules.Attempts {
		name(a.From)
		name(a.To)
		if a.Verb == model.Create || a.Verb == model.Update {
			p.wants(a.Ingress.Cluster, a.New().CDN)
		}
	}
	p.step.Open = make(map[model.IngressID]Open, open)
	unknown := make(map[string]int)
	for of, n := range rules.counts() {
		if of.set != "" {
			p.named[of.set] = true
		}
		if c := p.clusters.get(of.cluster); c != nil {
			c.rules[of.cdn] += n
			p.step.Owned.Rules[of.cdn] += n
		} else {
			unknown[of.cluster] += n
		}
	}
	for cluster, n := range unknown {
		p.notice("%d rules belong to a cluster %q that is not in the configuration; they are left alone", n, cluster)
	}
}

// wants notes that a cluster is to have a rule at a CDN, or may get one, or that one
// of whomever rests on its addresses there.
func (p *planner) wants(cluster string, cdn model.Provider) {
	if c := p.clusters.get(cluster); c != nil {
		c.wants[cdn] = true
	}
}

// cdn is what the configuration says of a CDN; the zero CDN if nothing.
func (p *planner) cdn(target model.Provider) *model.CDN {
	return p.Settings.CDN(target)
}

// finish sorts the answer, so that it does not depend on the order of maps.
func (p *planner) finish() {
	p.tellUndecided()
	p.shareTurns()
	p.step.Rules = oneAPlace(p.step.Rules)
	p.step.Records = oneAPlace(p.step.Records)
	slices.SortFunc(p.step.Blocked, func(a, b Blocked) int {
		return cmp.Or(cmp.Compare(a.Provider, b.Provider), cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Set, b.Set))
	})
	slices.SortFunc(p.step.Notices, func(a, b model.Notice) int { return cmp.Compare(a.Text, b.Text) })

	p.step.Memory = p.remember()
	p.step.Compared = len(p.step.Memory.compared) >= len(p.clusters.of)
}

// oneAPlace sorts operations by their urgency and keeps the first at each
// place: what else is to be done there, such as removing the second of two
// duplicates, waits until it has ended.
func oneAPlace[T model.Object[T]](ops []model.Op[T]) []model.Op[T] {
	if len(ops) < 2 {
		return ops
	}
	// Their keys are made anew each time: what is sorted holds them.
	type place struct {
		urgency int
		key     model.Place
		op      int
	}
	places, inOrder := make([]place, len(ops)), true
	for i := range ops {
		places[i] = place{ops[i].Urgency, ops[i].Key(), i}
		inOrder = inOrder && (i == 0 || places[i-1].urgency == places[i].urgency && places[i-1].key.Compare(places[i].key) < 0)
	}
	if inOrder {
		return ops // ten thousand rules to be made, say
	}
	slices.SortFunc(places, func(a, b place) int {
		if a.urgency != b.urgency {
			return cmp.Compare(a.urgency, b.urgency)
		}
		if c := a.key.Compare(b.key); c != 0 {
			return c
		}
		return strings.Compare(ops[a.op].Old().Identity(), ops[b.op].Old().Identity())
	})
	taken := make(map[model.Place]bool, len(ops))
	sorted := make([]model.Op[T], 0, len(ops))
	for _, p := range places {
		if !taken[p.key] {
			taken[p.key] = true
			sorted = append(sorted, ops[p.op])
		}
	}
	return sorted
}

func (p *planner) notice(format string, a ...any) {
	p.step.Notices = append(p.step.Notices, model.Notice{Text: fmt.Sprintf(format, a...)})
}

// alarm is a notice of what has to be mended before a cluster is served.
func (p *planner) alarm(format string, a ...any) {
	p.step.Notices = append(p.step.Notices, model.Notice{Fatal: true, Text: fmt.Sprintf(format, a...)})
}

func (p *planner) warn(id model.IngressID, format string, a ...any) {
	p.step.Warnings = append(p.step.Warnings, desired.Warning{Ingress: id, Message: fmt.Sprintf(format, a...)})
}

// wakeAt makes sure that Next is asked again at t.
func (p *planner) wakeAt(t time.Time) {
	if p.step.Wake.IsZero() || t.Before(p.step.Wake) {
		p.step.Wake = t
	}
}
