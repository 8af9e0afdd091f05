package syncer

import (
	"errors"
	"fmt"
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
	"slices"
	"strings"
	"time"
)

const (
	// patience is how long a run with Options.Once waits for the clusters'
	// snapshots and the first readings before it goes on without.
	patience = 30 * time.Second
	// preparation is how long such a run waits for what a CDN prepares, from when
	// it was first seen, and for a provider none of whose calls succeed.
	preparation = 5 * time.Minute
	// tellEvery is how often such a run says what it waits for.
	tellEvery = time.Minute
	// hush is how long after its start it says nothing: mostly all is read by then.
	hush = time.Second
)

// ErrIncomplete is returned by a run with Options.Once that could not bring
// everything to what is wanted.
var ErrIncomplete = errors.New("not everything could be synced; the log says what")

// vigil is what a run with Options.Once remembers of its waiting.
type vigil struct {
	said  time.Time            // when it last told what it waits for; the start at first
	told  map[reason]bool      // for what kinds of reasons it did so
	first map[ruleID]time.Time // when a rule was first seen that a CDN prepares
}

// ruleID tells apart the rules of all CDNs.
type ruleID struct {
	cdn model.Provider
	id  string
}

// reason is a kind of what such a run waits for.
type reason string

const (
	forClusters  reason = "clusters"
	forReadings  reason = "readings"
	forWork      reason = "work" // which goes on as fast as the limits allow
	forRetries   reason = "retries"
	forCDN       reason = "preparation"
	forDeletions reason = "deletions"
)

// wait is one thing that such a run waits for, or that it leaves when it ends.
type wait struct {
	reason   reason
	describe func(outlook) string
}

// outlook is what becomes of a wait.
type outlook int

const (
	goesOn outlook = iota
	ends
)

// over reports whether a run with Options.Once has nothing left to do, or nothing
// that is worth waiting for. It says what is waited for, and at the end what is left.
func (s *Syncer) over(now time.Time) (err error, over bool) {
	if !s.opts.Once {
		return nil, false
	}
	preparing, until := s.preparing(now)
	lost, gaveUp, spent := false, false, true
	for _, t := range s.targets() {
		lost, gaveUp, spent = lost || t.lost(), gaveUp || t.gaveUp(), spent && t.spent(now)
	}
	ready, awaited := s.Ready()
	waits := s.waits(preparing, until, now)
	if !ready && !lost && now.Sub(s.started) < patience ||
		s.flying() > 0 || !s.step.Wake.IsZero() || !s.step.Poll.IsZero() && now.Before(until) || len(s.step.Reread)+len(s.step.RereadZones) > 0 && !gaveUp || !spent {
		s.tellWaits(waits, now)
		return nil, false
	}
	switch {
	case !ready:
		s.log.Error("giving up on it: " + awaited)
		err = ErrIncomplete
	case gaveUp || s.queued()+len(s.step.Blocked) > 0 || s.fatal() || s.fails():
		err = ErrIncomplete
	case len(waits) == 0:
		s.log.Info("in sync, nothing is left to do", "rules", s.ownedRules(), "addresses", s.step.Owned.Addresses)
	}
	if len(waits) > 0 {
		s.log.Warn("ending though something is left, which the next run or the daemon goes on with: " + described(waits, ends))
	}
	return err, true
}

// fatal reports whether a cluster cannot be served.
func (s *Syncer) fatal() bool {
	for _, n := range s.step.Notices {
		if n.Fatal {
			return true
		}
	}
	return false
}

// fails reports whether a provider has refused something that an Ingress wants.
func (s *Syncer) fails() bool {
	return slices.ContainsFunc(s.step.Routes, func(r plan.RouteState) bool { return r.State == desired.Failed })
}

// tellWaits says what is waited for, in one line: each kind as soon as nothing else
// goes on, and all of it every minute.
func (s *Syncer) tellWaits(waits []wait, now time.Time) {
	idle, news := s.flying() == 0 && !now.Before(s.started.Add(hush)), false
	for _, w := range waits {
		idle, news = idle && w.reason != forWork, news || !s.vigil.told[w.reason]
	}
	if len(waits) == 0 || now.Sub(s.vigil.said) < tellEvery && !(idle && news) {
		return
	}
	s.vigil.said = now
	for _, w := range waits {
		s.vigil.told[w.reason] = true
	}
	s.log.Info("waiting: " + described(waits, goesOn))
}

// tellNext is when to look again whether there is something to tell; zero: not
// before something happens.
func (s *Syncer) tellNext(now time.Time) time.Time {
	for _, at := range []time.Time{s.started.Add(hush), s.vigil.said.Add(tellEvery)} {
		if s.opts.Once && now.Before(at) {
			return at
		}
	}
	return time.Time{}
}

func described(waits []wait, what outlook) string {
	var texts []string
	for _, w := range waits {
		texts = append(texts, w.describe(what))
	}
	return strings.Join(texts, "; ")
}

// preparing are the hosts that CDNs prepare, and until when that is worth waiting for.
func (s *Syncer) preparing(now time.Time) (hosts map[model.Provider][]string, until time.Time) {
	hosts, until = make(map[model.Provider][]string), s.started.Add(preparation)
	if s.step.Poll.IsZero() {
		return hosts, until
	}
	for _, t := range s.cdns {
		for _, r := range t.picture.objects.List() {
			if m, ok := r.OwnerLabel(); !r.Pending || !ok || m.Owner != s.opts.Settings.Owner || !s.want.Route(r.RuleKey).Wanted() {
				continue
			}
			hosts[t.name] = append(hosts[t.name], r.Host)
			first, seen := s.vigil.first[ruleID{t.name, r.ID}]
			if !seen {
				first = now
				s.vigil.first[ruleID{t.name, r.ID}] = now
			}
			if end := first.Add(preparation); end.After(until) {
				until = end
			}
		}
	}
	return hosts, until
}

// waits are what the run waits for now.
func (s *Syncer) waits(preparing map[model.Provider][]string, until, now time.Time) []wait {
	var all []wait
	add := func(why reason, describe func(outlook) string) { all = append(all, wait{why, describe}) }
	in := func(t time.Time) time.Duration { return max(0, t.Sub(now)).Round(time.Second) }
	for _, c := range s.opts.Clusters {
		if s.want.Clusters[c.Name] == nil {
			add(forClusters, func(what outlook) string {
				text := "cluster " + c.Name + " was not read yet"
				if left := in(s.started.Add(patience)); what == goesOn && left > 0 {
					text += fmt.Sprintf(" (for %s more at most)", left)
				}
				return text
			})
		}
	}
	for _, t := range s.targets() {
		stands := t.standing()
		name, failing := stands.name, t.failing()
		switch {
		case !stands.known && stands.err == nil:
			add(forReadings, func(outlook) string { return string(name) + " is being read" })
		case !stands.known:
			add(forReadings, func(outlook) string { return string(name) + " cannot be read: " + stands.err.Error() })
		case (s.step.Reread[name] || name == s.dns.name && len(s.step.RereadZones) > 0) && len(preparing[name]) == 0:
			add(forDeletions, func(outlook) string { return string(name) + " is to be read again before more is deleted" })
		}
		queued, flying := t.waiting()
		if n := queued + flying - len(failing); n > 0 {
			add(forWork, func(outlook) string {
				return fmt.Sprintf("%s: operations under way or to come: %d", name, n)
			})
		}
		if len(failing) > 0 {
			add(forRetries, func(what outlook) string {
				var list []string
				for _, f := range failing {
					text := fmt.Sprintf("%s %s (failed %s", f.Verb, f.Place.Object(), often(f.Times))
					if what == goesOn {
						text += fmt.Sprintf(", again in %s", in(f.Next))
					}
					list = append(list, text+": "+f.Error+")")
				}
				slices.Sort(list)
				return string(name) + " does not take: " + strings.Join(few(list), ", ")
			})
		}
		if hosts := preparing[name]; len(hosts) > 0 {
			add(forCDN, func(what outlook) string {
				text := fmt.Sprintf("%s is still preparing %s", name, strings.Join(few(hosts), ", "))
				if what == goesOn {
					text += fmt.Sprintf(" (for %s more at most)", in(until))
				}
				return text
			})
		}
	}
	if !s.step.Wake.IsZero() {
		add(forDeletions, func(outlook) string {
			return "deletions wait for sync.deletion_grace, sync.linger or a TTL: " + strings.Join(few(s.deletions(now)), ", ")
		})
	}
	return all
}

// deletions are those that wait for their time, in the order in which they come.
func (s *Syncer) deletions(now time.Time) []string {
	forecast, err := plan.Preview(s.input(now))
	if err != nil {
		return []string{"the next in " + s.step.Wake.Sub(now).Round(time.Second).String()}
	}
	return append(waiting("rule ", forecast.Rules), waiting("", forecast.Records)...)
}

func waiting[T model.Object[T]](what string, changes []plan.Change[T]) (list []string) {
	for _, c := range changes {
		if c.Verb == model.Delete && c.After > 0 {
			list = append(list, fmt.Sprintf("%s%s (in %s)", what, c.Key(), c.After.Round(time.Second)))
		}
	}
	return list
}

func often(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// spent reports whether it is no use to wait for what is left: every operation has
// failed often or clearly enough, or the provider has answered no write for so long
// that this holds for those, too, that were not tried yet.
func (t *target[T]) spent(now time.Time) bool {
	return t.hopeless() || t.vain >= maxTries && now.Sub(t.answered) >= preparation
}
