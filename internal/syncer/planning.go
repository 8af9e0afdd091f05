package syncer

import (
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/syncer/target"
)

// mapClusters maps the clusters' objects to what is wanted. It begins from scratch when
// a target has become known, since what stands there has a say in what is wanted.
func (s *Syncer) mapClusters(now time.Time) {
	stages, events := s.store.Take()
	before, standing, known := s.want, s.standing(), s.knownTargets()
	if s.mappedOn != known {
		before, s.mappedOn = desired.Want{}, known
	}
	s.syncs.opened(events, s.published, now)
	for _, stage := range stages {
		for i := range stage.Clusters {
			stage.Clusters[i].Standing = standing
		}
		want := desired.DesiredAfter(before, stage.Clusters, s.opts.Settings, now)
		s.memory = s.memory.Follow(s.want, want, !stage.Missed)
		s.want, before, s.nodes = want, want, readyNodes(stage.Clusters)
	}
	s.remapAt, s.remapped = time.Time{}, true
}

// readyNodes are the nodes of the clusters that are ready.
func readyNodes(clusters []desired.Cluster) map[string][]kube.Node {
	nodes := make(map[string][]kube.Node, len(clusters))
	for _, c := range clusters {
		if c.Ready {
			nodes[c.Name] = c.Nodes
		}
	}
	return nodes
}

// published is where an Ingress is published, as the last plan found; "": nowhere.
func (s *Syncer) published(id model.IngressID) model.Provider {
	return plan.Published(s.want, s.step, id)
}

// plan asks for the operations that are safe now, and hands them to the targets.
func (s *Syncer) plan(now time.Time) {
	s.step = plan.Next(s.input(now))
	s.memory = s.step.Memory
	if s.step.Compared && !s.shared {
		s.shareTexts()
	}
	s.listSoon(now)
	rules := s.byCDN(s.step.Rules)
	for _, t := range s.cdns {
		t.Follow(rules[t.Name])
	}
	s.dns.Follow(s.step.Records)
	s.log.Debug("planned", "operations", len(s.step.Rules)+len(s.step.Records), "took", time.Since(now))
	s.debounce.planned(now, time.Since(now))
	if s.remapped && s.queued() > 0 {
		s.debounce.acted = now
	}
	s.remapped, s.callsEnded = false, false
}

// input is what a plan looks at.
func (s *Syncer) input(now time.Time) plan.Input {
	return plan.Input{
		Want: s.want, Rules: s.rules(), Records: s.dns.View(), Memory: s.memory,
		Settings: s.opts.Settings, Now: now, AllowDelete: s.opts.AllowDelete,
	}
}

// listSoon brings forward the lists that the plan asks for.
func (s *Syncer) listSoon(now time.Time) {
	for _, t := range s.cdns {
		if s.step.Reread[t.Name] {
			t.ListSoon(now, map[string]bool{"": true})
		}
	}
	s.dns.ListSoon(now, s.step.RereadZones)
}

// relistClusters has the clusters listed anew for which the plan asks it.
func (s *Syncer) relistClusters(now time.Time) {
	for name, at := range s.step.Relist {
		c := s.Cluster(name)
		if now.Before(at) || c.Renew == nil || !s.relisted[name].Before(at) {
			continue
		}
		s.relisted[name] = now
		s.log.Info("listing the cluster anew, to see whether what sync.max_delete holds back may go", "cluster", name)
		c.Renew()
	}
}

// nextRelist is when the next cluster is to be listed anew; zero: none is.
func (s *Syncer) nextRelist(now time.Time) (next time.Time) {
	for _, at := range s.step.Relist {
		if now.Before(at) {
			next = target.Earliest(next, at)
		}
	}
	return next
}

// shareTexts has rules that stand as they are wanted hold the same texts as what is
// wanted.
func (s *Syncer) shareTexts() {
	for _, t := range s.cdns {
		t.ShareTexts(func(r *model.Rule) *model.Rule {
			if want := s.want.Route(r.RuleKey); want.Wanted() {
				return &want.Rule
			}
			return nil
		})
	}
	s.shared = true
}
