package daemon

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/feedback"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/syncer"
	"github.com/edgeward/edgeward/watcher"
)

const (
	// feedbackPace is the least time between two looks at what was planned:
	// while a thousand rules are made there are ten plans a second. It is at least
	// feedbackShare times as long as such a look takes.
	feedbackPace  = 200 * time.Millisecond
	feedbackShare = 20
	// feedbackFlush is how long a run with Flags.Once may take at its end to
	// tell the clusters what became of their Ingresses.
	feedbackFlush = 10 * time.Second
)

// teller tells one cluster what became of its Ingresses.
type teller struct {
	source   feedback.Source
	reporter *feedback.Reporter
	watched  *watcher.Cluster
}

// tellers makes one for each cluster, which watched are in the same order.
func tellers(cfg *config.Config, access app.Access, watched []*watcher.Cluster, dryRun bool) []teller {
	var all []teller
	set := app.Settings(cfg)
	shows := slices.ContainsFunc(set.CDNs, func(c model.CDN) bool { return !c.OneName || c.Host != "" })
	for i, c := range cfg.Clusters {
		clients := access.Clients(c)
		all = append(all, teller{
			source: feedback.Source{
				Cluster: c.Name, Settings: set, Ours: ours(cfg, c),
			},
			reporter: feedback.NewReporter(feedback.Options{
				Namespaces: c.Namespaces, Status: shows, DryRun: dryRun,
				Connect: func() (feedback.API, error) { return clients.Get() }, Log: access.Log().With("cluster", c.Name),
			}),
			watched: watched[i],
		})
	}
	return all
}

// ours tells the Ingresses of a cluster whose class is ours, by its name or by its
// object, from those that are selected by their label alone.
func ours(cfg *config.Config, c config.Cluster) func(*kube.Ingress) bool {
	classes, controllers := app.Classes(cfg, c)
	return func(in *kube.Ingress) bool {
		return slices.Contains(classes, in.Class) || slices.Contains(controllers, in.Controller)
	}
}

// update hands over what the last plan found.
func (t teller) update(o *syncer.Overview) {
	if t.source.Known(o) {
		t.reporter.Update(o.Want.Clusters[t.source.Cluster].UID, t.source.Outcomes(o, t.watched.Ingresses()))
	}
}

// tell tells all clusters, after each plan, what became of their Ingresses, until ctx
// is done.
func tell(ctx context.Context, all []teller, s *syncer.Syncer) {
	var running sync.WaitGroup
	defer running.Wait()
	for _, t := range all {
		running.Go(func() { t.reporter.Run(ctx) })
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.Planned():
		}
		begun := time.Now()
		for _, t := range all {
			t.update(s.Overview())
		}
		pause := time.NewTimer(max(feedbackPace, feedbackShare*time.Since(begun)))
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

// flush tells all clusters what is left to tell, within feedbackFlush.
func flush(ctx context.Context, all []teller, s *syncer.Syncer) {
	ctx, cancel := context.WithTimeout(ctx, feedbackFlush)
	defer cancel()
	var running sync.WaitGroup
	for _, t := range all {
		running.Go(func() {
			t.update(s.Overview())
			t.reporter.Flush(ctx)
		})
	}
	running.Wait()
}
