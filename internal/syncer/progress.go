package syncer

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/forecast"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
)

const (
	// tellEvery is how often a run with Options.Once says what it waits for.
	tellEvery = time.Minute
	// tellAfter is how long after its start it says nothing: mostly all is listed by then.
	tellAfter = time.Second
)

// progress is what a run with Options.Once has said of what it waits for.
type progress struct {
	told   time.Time      // when it last said so; the start at first
	topics map[topic]bool // those of which it spoke
}

// topic is a kind of what such a run waits for. It speaks of each as soon as nothing
// else goes on.
type topic string

const (
	aboutClusters  topic = "clusters"
	aboutLists     topic = "lists"
	aboutWork      topic = "work" // which goes on as fast as the limits allow
	aboutRetries   topic = "retries"
	aboutCDN       topic = "preparation"
	aboutDeletions topic = "deletions"
)

// outstanding is one thing that such a run waits for, or that it leaves when it ends.
type outstanding struct {
	topic topic
	text  func() string
}

// occasion is when a run speaks of what is outstanding.
type occasion int

const (
	whileWaiting occasion = iota
	atTheEnd
)

// tellProgress says what is waited for, in one line: each topic as soon as nothing else
// goes on, and all of them every minute.
func (s *Syncer) tellProgress(now time.Time) {
	left := s.outstanding(now, whileWaiting)
	working := slices.ContainsFunc(left, func(o outstanding) bool { return o.topic == aboutWork })
	idle := s.inFlight() == 0 && !now.Before(s.started.Add(tellAfter)) && !working
	news := slices.ContainsFunc(left, func(o outstanding) bool { return !s.progress.topics[o.topic] })
	if len(left) == 0 || now.Sub(s.progress.told) < tellEvery && !(idle && news) {
		return
	}
	s.progress.told = now
	for _, o := range left {
		s.progress.topics[o.topic] = true
	}
	s.log.Info("waiting: " + texts(left))
}

// nextTold is when to look again whether there is something to tell; zero: not
// before something happens.
func (s *Syncer) nextTold(now time.Time) time.Time {
	first, again := s.started.Add(tellAfter), s.progress.told.Add(tellEvery)
	switch {
	case s.opts.Once && now.Before(first):
		return first
	case s.opts.Once && now.Before(again):
		return again
	}
	return time.Time{}
}

// outstanding is what the run waits for now, or leaves.
func (s *Syncer) outstanding(now time.Time, at occasion) (all []outstanding) {
	add := func(about topic, text func() string) { all = append(all, outstanding{about, text}) }
	for _, c := range s.opts.Clusters {
		if s.want.Clusters[c.Name] == nil {
			add(aboutClusters, func() string { return s.unreadText(c.Name, now, at) })
		}
	}
	for _, t := range s.targets() {
		lists, failing := t.Lists(), t.Failing()
		name, preparing := string(lists.Target), s.preparations.hosts[lists.Target]
		switch {
		case !lists.Known && lists.Err == nil:
			add(aboutLists, func() string { return name + " is being read" })
		case !lists.Known:
			add(aboutLists, func() string { return name + " cannot be read: " + lists.Err.Error() })
		case s.relistAsked(lists.Target) && len(preparing) == 0:
			add(aboutDeletions, func() string { return name + " is to be read again before more is deleted" })
		}
		queued, inFlight := t.Load()
		if n := queued + inFlight - len(failing); n > 0 {
			add(aboutWork, func() string { return fmt.Sprintf("%s: operations under way or to come: %d", name, n) })
		}
		if len(failing) > 0 {
			add(aboutRetries, func() string { return failingText(name, failing, now, at) })
		}
		if len(preparing) > 0 {
			add(aboutCDN, func() string { return s.preparingText(name, preparing, now, at) })
		}
	}
	if !s.step.Wake.IsZero() {
		add(aboutDeletions, func() string {
			return "deletions wait for sync.deletion_grace, sync.linger or a TTL: " + strings.Join(few(s.deletions(now)), ", ")
		})
	}
	return all
}

// relistAsked reports whether the plan asks for another list of a target.
func (s *Syncer) relistAsked(name model.Provider) bool {
	return s.step.Reread[name] || name == s.dns.Name && len(s.step.RereadZones) > 0
}

func (s *Syncer) unreadText(cluster string, now time.Time, at occasion) string {
	text := "cluster " + cluster + " was not read yet"
	if left := until(s.started.Add(patience), now); at == whileWaiting && left > 0 {
		text += fmt.Sprintf(" (for %s more at most)", left)
	}
	return text
}

func (s *Syncer) preparingText(cdn string, hosts []string, now time.Time, at occasion) string {
	text := fmt.Sprintf("%s is still preparing %s", cdn, strings.Join(few(hosts), ", "))
	if at == whileWaiting {
		text += fmt.Sprintf(" (for %s more at most)", until(s.preparations.until, now))
	}
	return text
}

func failingText(name string, failing []outcome.Failure, now time.Time, at occasion) string {
	var list []string
	for _, f := range failing {
		text := fmt.Sprintf("%s %s (failed %s", f.Verb, f.Place.Object(), often(f.Times))
		if at == whileWaiting {
			text += fmt.Sprintf(", again in %s", until(f.Next, now))
		}
		list = append(list, text+": "+f.Error+")")
	}
	slices.Sort(list)
	return name + " does not take: " + strings.Join(few(list), ", ")
}

func texts(all []outstanding) string {
	var list []string
	for _, o := range all {
		list = append(list, o.text())
	}
	return strings.Join(list, "; ")
}

// deletions are those that wait for their time, in the order in which they come.
func (s *Syncer) deletions(now time.Time) []string {
	forecast, err := forecast.Of(s.input(now))
	if err != nil {
		return []string{"the next in " + s.step.Wake.Sub(now).Round(time.Second).String()}
	}
	return append(delayed("rule ", forecast.Rules), delayed("", forecast.Records)...)
}

// delayed are the deletions that wait for their time.
func delayed[T model.Object[T]](what string, changes []forecast.Change[T]) (list []string) {
	for _, c := range changes {
		if c.Verb == model.Delete && c.After > 0 {
			list = append(list, fmt.Sprintf("%s%s (in %s)", what, c.Key(), c.After.Round(time.Second)))
		}
	}
	return list
}

// until is how long it is until a time, in whole seconds; 0: it is over.
func until(t, now time.Time) time.Duration { return max(0, t.Sub(now)).Round(time.Second) }

func often(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
