package syncer

import (
	"cmp"
	"context"
	"fmt"
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/guard"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
	"log/slog"
	"slices"
	"time"
)

// report tells the log and the metrics what the last plan found.
func (s *Syncer) report(now time.Time) {
	s.setState(s.awaited())
	if s.cdnsKnown() && s.dns.picture.known {
		s.accounts.completed(s.want, s.step, s.published, now)
	}
	s.tell()
	s.measure(now)
}

// cdnsKnown reports whether every CDN was read.
func (s *Syncer) cdnsKnown() bool {
	return !slices.ContainsFunc(s.cdns, func(t *target[model.Rule]) bool { return !t.picture.known })
}

// awaited says what has to come before the first comparison; "" if nothing.
func (s *Syncer) awaited() string {
	for _, c := range s.opts.Clusters {
		if s.want.Clusters[c.Name] == nil {
			return "cluster " + c.Name + ": no complete snapshot yet"
		}
	}
	for _, target := range s.targets() {
		if t := target.standing(); !t.known {
			reason := string(t.name) + ": what stands there was not read yet"
			if t.err != nil {
				reason += ": " + t.err.Error()
			}
			return reason
		}
	}
	return ""
}

// tell logs what users and operators should know, each thing once as long as
// it lasts.
func (s *Syncer) tell() {
	now := make(map[string]bool)
	sayAs := func(key string, level slog.Level, message string, attrs ...any) {
		if !s.told[key] && !now[key] {
			s.log.Log(context.Background(), level, message, attrs...)
		}
		now[key] = true
	}
	say := func(level slog.Level, message string, attrs ...any) {
		sayAs(fmt.Sprint(level, message, attrs), level, message, attrs...)
	}
	var room allowance
	for _, p := range gathered(plan.Problems(s.want, s.step)) {
		if !room.take(p.Ingress) {
			continue
		}
		attrs := []any{"ingress", p.Ingress.String(), "state", string(p.State)}
		if len(p.rules) > 0 {
			attrs = append(attrs, "rules", few(p.rules))
		}
		say(slog.LevelWarn, "not published: "+p.Reason, attrs...)
	}
	room.tell(func(id model.IngressID, more int) {
		sayAs("more problems of "+id.String(), slog.LevelWarn, "not published for further reasons, which the status page shows", "ingress", id.String(), "reasons", more)
	})
	for _, r := range s.step.Routes {
		if r.Reason == "" {
			continue
		}
		// Told for the set, not for each of the many rules that wait for it.
		if lacks := s.want.Sets[r.Set].Lacks; lacks != "" && r.Reason == lacks {
			say(slog.LevelWarn, "not published: "+lacks, "cluster", r.Ingress.Cluster, "name", r.Set)
		}
	}
	room = allowance{}
	for _, w := range slices.Concat(s.want.Warnings, s.step.Warnings) {
		if room.take(w.Ingress) {
			say(slog.LevelWarn, w.Message, "ingress", w.Ingress.String())
		}
	}
	room.tell(func(id model.IngressID, more int) {
		sayAs("more warnings of "+id.String(), slog.LevelWarn, "there are further warnings, which the status page shows", "ingress", id.String(), "warnings", more)
	})
	for _, b := range s.step.Blocked {
		// Its numbers change while it lasts.
		sayAs(fmt.Sprint("blocked ", b.Provider, b.Cluster, b.Set), slog.LevelError, b.String())
	}
	for _, n := range s.step.Notices {
		level := slog.LevelWarn
		if n.Fatal {
			level = slog.LevelError
		}
		sayAs(cmp.Or(n.About, fmt.Sprint(level, n.Text)), level, n.Text)
	}
	for name, stale := range s.step.Stale {
		say(slog.LevelError, stale.Lacks+"; its last known addresses stay in DNS", "cluster", stale.Cluster, "name", name)
	}
	s.told = now
}

// allowance is how many lines the log gives each Ingress: one may have thousands of
// paths, each with a fault of its own.
type allowance map[model.IngressID]int

const linesEach = 10

// take reports whether there is room for another line about an Ingress.
func (a *allowance) take(id model.IngressID) bool {
	if *a == nil {
		*a = make(allowance)
	}
	(*a)[id]++
	return (*a)[id] <= linesEach
}

// tell says of which Ingresses something was left out, and how much.
func (a allowance) tell(say func(id model.IngressID, more int)) {
	for id, n := range a {
		if n > linesEach {
			say(id, n-linesEach)
		}
	}
}

// problem is one that several rules of an Ingress may have, as the two of a Prefix.
type problem struct {
	desired.Problem // without its Key
	rules           []string
}

// gathered brings together what is the same for several rules of an Ingress. The
// problems are sorted, and so are the rules of each.
func gathered(problems []desired.Problem) []problem {
	rules := make(map[desired.Problem][]string)
	for _, p := range problems {
		key := p.Key
		p.Key = model.RuleKey{}
		if key == p.Key {
			rules[p] = nil
			continue
		}
		rules[p] = append(rules[p], key.String())
	}
	var list []problem
	for p, keys := range rules {
		slices.Sort(keys)
		list = append(list, problem{p, keys})
	}
	slices.SortFunc(list, func(a, b problem) int {
		return cmp.Or(a.Ingress.Compare(b.Ingress), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.State, b.State))
	})
	return list
}

// few leaves out what are more than a line of the log should hold: one Ingress
// may have thousands of paths.
func few(rules []string) []string {
	const most = 10
	if len(rules) > most {
		return append(rules[:most:most], fmt.Sprintf("and %d more", len(rules)-most))
	}
	return rules
}

// measure sets the gauges.
func (s *Syncer) measure(now time.Time) {
	m := s.opts.Metrics
	for name, c := range s.want.Clusters {
		stale, panicking := 0.0, 0.0
		if c != nil {
			n := c.Nodes
			for state, count := range map[string]int{"ready": n.Ready, "not_ready": n.NotReady, "excluded": n.Excluded, "no_address": n.NoAddress} {
				m.Nodes.WithLabelValues(name, state).Set(float64(count))
			}
			if n.Panic {
				panicking = 1
			}
		}
		if s.step.StaleIn(name) {
			stale = 1
		}
		m.NodePanic.WithLabelValues(name).Set(panicking)
		m.LastKnownAddress.WithLabelValues(name).Set(stale)
	}
	for cluster, states := range plan.States(s.want, s.step) {
		for state, n := range states {
			m.Routes.WithLabelValues(cluster, string(state)).Set(float64(n))
		}
	}
	blocked := map[model.Provider]int{s.dns.name: 0}
	for _, t := range s.cdns {
		blocked[t.name] = 0
	}
	for _, b := range s.step.Blocked {
		blocked[b.Provider] += b.Count
	}
	for target, n := range blocked {
		m.DeletionsBlocked.WithLabelValues(string(target)).Set(float64(n))
	}
	m.QueueDepth.Set(float64(s.queued()))
	owned := s.step.Owned
	for _, t := range s.cdns {
		m.OwnedObjects.WithLabelValues(string(t.name), "rule").Set(float64(owned.Rules[t.name]))
		exact(s, t, now)
	}
	m.OwnedObjects.WithLabelValues(string(s.dns.name), "address").Set(float64(owned.Addresses))
	m.OwnedObjects.WithLabelValues(string(s.dns.name), "claim").Set(float64(owned.Claims))
	exact(s, s.dns, now)
}

// exact notes when nothing was left to do at a target whose last reading
// succeeded, and nothing kept from doing it.
func exact[T model.Object[T]](s *Syncer, t *target[T], now time.Time) {
	reachable := 0.0
	if t.reachable() {
		reachable = 1
		blocked := slices.ContainsFunc(s.step.Blocked, func(b guard.Blocked) bool { return b.Provider == t.name })
		if s.step.Compared && t.queue.size+t.flying == 0 && !blocked && !s.fatal() {
			s.opts.Metrics.LastSuccess.WithLabelValues(string(t.name)).Set(float64(now.Unix()))
		}
	}
	s.opts.Metrics.ProviderReachable.WithLabelValues(string(t.name)).Set(reachable)
}

// describe names what an operation is about, for the log.
func describe[T model.Object[T]](op model.Op[T]) []any {
	o := op.New()
	if op.Verb == model.Delete {
		o = op.Old()
	}
	attrs := []any{"op", string(op.Verb)}
	switch o := any(o).(type) {
	case model.Rule:
		attrs = append(attrs, "rule", o.RuleKey.String())
		if op.Verb != model.LookUp {
			attrs = append(attrs, "origin", o.SourceHost+o.SourcePath, "protocols", protocols(o))
		}
	case model.Record:
		if op.Verb != model.LookUp {
			attrs = append(attrs, "record", o.Key(), "ttl", o.TTL)
			if o.Type == "CNAME" {
				attrs = append(attrs, "target_name", o.Data)
			}
		}
	}
	if op.Ingress != (model.IngressID{}) {
		attrs = append(attrs, "ingress", op.Ingress.String())
	}
	return attrs
}

// protocols is "https:443 from http:30080" for each protocol set.
func protocols(r model.Rule) []string {
	var list []string
	for _, p := range r.Protocols {
		list = append(list, fmt.Sprintf("%s:%d from %s:%d", p.Published, p.PublishedPort, p.Source, p.SourcePort))
	}
	return list
}
