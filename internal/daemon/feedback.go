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
	"github.com/edgeward/edgeward/internal/outcome"
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

// reporter tells one cluster what became of its Ingresses.
type reporter struct {
	*feedback.Reporter
	source  feedback.Source
	watched *watcher.Cluster
}

// reporters makes one for each cluster, which watched are in the same order.
func reporters(cfg *config.Config, access app.Access, watched []*watcher.Cluster, dryRun bool) []reporter {
	var all []reporter
	shows := slices.ContainsFunc(app.Settings(cfg).CDNs, func(c model.CDN) bool { return !c.OneName || c.Host != "" })
	for i, c := range cfg.Clusters {
		clients := access.Clients(c)
		all = append(all, reporter{
			source: feedback.Source{Cluster: c.Name, Ours: ours(cfg, c)},
			Reporter: feedback.NewReporter(feedback.Options{
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

// update hands over what the last plan found to those whose cluster it knows enough of.
func update(all []reporter, o *outcome.Overview) {
	if o == nil {
		return
	}
	outcomes := outcome.Of(o)
	for _, r := range all {
		if r.source.Known(o) {
			r.Update(o.Want.Clusters[r.source.Cluster].UID, r.source.Reports(o, outcomes, r.watched.Ingresses()))
		}
	}
}

// tell tells all clusters, after each plan, what became of their Ingresses, until ctx
// is done.
func tell(ctx context.Context, all []reporter, s *syncer.Syncer) {
	var running sync.WaitGroup
	defer running.Wait()
	for _, r := range all {
		running.Go(func() { r.Run(ctx) })
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.Planned():
		}
		begun := time.Now()
		update(all, s.Overview())
		pause := time.NewTimer(max(feedbackPace, feedbackShare*time.Since(begun)))
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

// flush tells all clusters what is left to tell, within feedbackFlush.
func flush(ctx context.Context, all []reporter, s *syncer.Syncer) {
	ctx, cancel := context.WithTimeout(ctx, feedbackFlush)
	defer cancel()
	update(all, s.Overview())
	var running sync.WaitGroup
	for _, r := range all {
		running.Go(func() { r.Flush(ctx) })
	}
	running.Wait()
}
