package status

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
)

// newReport puts all that an overview holds into the form of a report.
func newReport(o *outcome.Overview, version string) Report {
	ingresses := outcome.Of(o)
	origins := outcome.Origins(o, ingresses)
	r := Report{
		Version: version, Owner: o.Settings.Owner, Zone: o.Settings.Domain, At: o.At, DryRun: o.DryRun, Awaited: o.Awaited,
		Notices: notices(o), Failures: []Failure{}, Clusters: []Cluster{}, Ingresses: shownIngresses(o, ingresses), Origins: shownOrigins(origins),
	}
	failing := make(map[model.Provider]int)
	for _, f := range o.Failures {
		failing[f.Provider]++
		r.Failures = append(r.Failures, *shownFailure(&f))
	}
	for _, p := range o.Providers {
		r.Providers = append(r.Providers, Provider{
			Name: p.Name, Reachable: p.Reachable, LastRead: p.Read, NextRead: p.NextRead,
			Error: p.ReadError, Waiting: p.Waiting, Failing: failing[p.Name],
		})
	}
	r.addClusters(o, origins)
	return r
}

// notices are what concerns no single Ingress, the grave first.
func notices(o *outcome.Overview) []Notice {
	grave, mild := []Notice{}, []Notice{}
	for _, b := range o.Step.Blocked {
		grave = append(grave, Notice{Fatal: true, Text: b.String()})
	}
	for _, name := range slices.Sorted(maps.Keys(o.Step.Stale)) {
		grave = append(grave, Notice{Fatal: true, Text: o.Step.Stale[name].String()})
	}
	for _, name := range slices.Sorted(maps.Keys(o.Want.Clusters)) {
		if c := o.Want.Clusters[name]; c != nil && c.Nodes.Panic {
			mild = append(mild, Notice{Text: fmt.Sprintf("cluster %s: fewer than half of its nodes are ready; all of them stand in DNS", name)})
		}
	}
	for _, n := range o.Step.Notices {
		if n.Fatal {
			grave = append(grave, Notice{Fatal: true, Text: n.Text})
		} else {
			mild = append(mild, Notice{Text: n.Text})
		}
	}
	return append(grave, mild...)
}

// addClusters is for when the Ingresses are there.
func (r *Report) addClusters(o *outcome.Overview, origins []outcome.Origin) {
	counts := make(map[string]Counts)
	for _, in := range r.Ingresses {
		if counts[in.Cluster] == nil {
			counts[in.Cluster] = zeros()
		}
		counts[in.Cluster][in.State]++
	}
	for _, name := range slices.Sorted(maps.Keys(o.Want.Clusters)) {
		cluster := Cluster{Name: name, LeftOut: []Node{}, Counts: counts[name]}
		if cluster.Counts == nil {
			cluster.Counts = zeros()
		}
		if want := o.Want.Clusters[name]; want != nil {
			n := want.Nodes
			cluster.Ready = true
			cluster.Nodes = Nodes{
				Ready: n.Ready, NotReady: n.NotReady, Excluded: n.Excluded, NoAddress: n.NoAddress,
				Panic: n.Panic, LastKnown: o.Step.StaleIn(name),
			}
			cluster.LeftOut = append(cluster.LeftOut, shownNodes(outcome.LeftOut(o.Nodes[name], name, origins))...)
		}
		r.Clusters = append(r.Clusters, cluster)
	}
}

// shownFailure is a failure in the form of a report; nil for none.
func shownFailure(f *outcome.Failure) *Failure {
	if f == nil {
		return nil
	}
	return &Failure{
		Provider: f.Provider, Action: string(f.Verb), Object: f.Place.Object(),
		Error: f.Error, Times: f.Times, Since: f.Since, Next: f.Next,
	}
}

// shownIngresses are those of which there is something to show, the worst first.
func shownIngresses(o *outcome.Overview, ingresses map[model.IngressID]*outcome.Ingress) []Ingress {
	all := make([]Ingress, 0, len(ingresses))
	for id, in := range ingresses {
		shown := Ingress{Cluster: id.Cluster, Namespace: id.Namespace, Name: id.Name, LastSync: o.LastSync(id), Warnings: in.Warnings}
		shown.addRoutes(in.Routes)
		if len(shown.Routes)+len(shown.Warnings) > 0 {
			all = append(all, shown)
		}
	}
	slices.SortFunc(all, func(a, b Ingress) int {
		return cmp.Or(cmp.Compare(rank(a.State), rank(b.State)), a.ID().Compare(b.ID()))
	})
	return all
}
