package desired

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// Desired maps the clusters' objects onto what shall stand. Clusters that are not ready
// contribute nothing but their name.
func Desired(clusters []Cluster, settings model.Settings, now time.Time) Want {
	return DesiredAfter(Want{}, clusters, settings, now)
}

// DesiredAfter is Desired for clusters of which some objects have changed since the
// answer before, which was given for the same settings. What it says of Ingresses is
// taken over for as long as neither they nor what they lead to have changed.
func DesiredAfter(before Want, clusters []Cluster, settings model.Settings, now time.Time) Want {
	want := Want{
		Sets:     make(map[string]addresses.Set, len(before.Sets)),
		Clusters: make(map[string]*ClusterWant),
		mapped:   make(map[string]mappings),
	}
	mappers := make(map[string]*mapper)
	var diff difference
	for _, c := range clusters {
		want.Clusters[c.Name] = nil
		if c.Ready {
			mappers[c.Name] = newMapper(c, settings, now)
			want.addCluster(mappers[c.Name], before.mapped[c.Name], &diff)
		}
	}
	for name, gone := range before.mapped {
		if _, ok := want.mapped[name]; !ok {
			for _, a := range gone.list {
				diff.gone = appendCandidates(diff.gone, a)
			}
		}
	}
	for name, set := range want.Sets {
		want.Sets[name] = set.Bounded(name)
	}
	want.Decided = diff.decided
	want.candidates = ordered.Patch(before.candidates, diff.gone, diff.come, compareCandidates)
	found := findLoops(want.hostSets(clusters), want.candidates, want.mapped)
	settled := settle(breakLoops(found, want.candidates, want.Sets, mappers), want.Sets)
	want.Routes = settled.routes
	want.Problems = append(want.Problems, settled.problems...)
	want.Warnings = append(want.Warnings, settled.warnings...)
	want.addNodeNotices(mappers)
	slices.SortStableFunc(want.Problems, func(a, b Problem) int {
		return cmp.Or(a.Ingress.Compare(b.Ingress), a.Key.Compare(b.Key))
	})
	return want
}

// addCluster adds what a ready cluster wants, apart from its candidates: those of others
// may go before.
func (w *Want) addCluster(m *mapper, before mappings, diff *difference) {
	w.Clusters[m.Name] = &ClusterWant{UID: m.UID, Nodes: m.nodes.Counts, Selection: m.Selection, Listed: m.Listed}
	w.Until = earlier(w.Until, m.nodes.Until)
	for _, svc := range m.Services {
		if set, ok := m.serviceSet(svc); ok {
			w.Sets[set.name] = set.Set
		}
	}
	mapped := m.mapIngresses(before, diff)
	w.mapped[m.Name] = mapped
	for _, a := range mapped.list {
		w.Problems = append(w.Problems, a.problems...)
		w.Warnings = append(w.Warnings, a.warnings...)
		w.Until = earlier(w.Until, a.until)
		w.SomeUndecided = w.SomeUndecided || a.classUnknown
		if a.status != nil && !a.status.Empty() {
			w.Sets[a.status.name] = a.status.Set
		}
	}
	nodes := m.mapNodeSets(mapped.list)
	maps.Copy(w.Sets, nodes.sets)
	w.Warnings = append(w.Warnings, nodes.warnings...)
	w.Until = earlier(w.Until, nodes.until)
}

// hostSets returns the sets of all objects that name hosts.
func (w *Want) hostSets(clusters []Cluster) (sets []*namedSet) {
	for _, c := range clusters {
		mapped := w.mapped[c.Name]
		sets = append(sets, mapped.hostSets...)
		for _, a := range mapped.list {
			if a.status != nil && a.status.NameHosts() {
				sets = append(sets, a.status)
			}
		}
	}
	return sets
}

// addNodeNotices tells the operator of private addresses of nodes that rules lead to.
func (w *Want) addNodeNotices(mappers map[string]*mapper) {
	for _, cluster := range sortedKeys(mappers) {
		m := mappers[cluster]
		text := m.nodes.Notice(cluster)
		if text != "" && slices.ContainsFunc(w.Routes, func(r *Route) bool { return m.nodeSets.include(r.Set) }) {
			w.Notices = append(w.Notices, model.Notice{Text: text})
		}
	}
}

// sortedKeys returns the keys of a map, which is mostly empty: that costs nothing.
func sortedKeys[V any](m map[string]V) []string {
	if len(m) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}

// earlier returns the earlier of two times, of which zero stands for never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
