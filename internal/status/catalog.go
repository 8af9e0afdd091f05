package status

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/owned"
	"github.com/edgeward/edgeward/internal/syncer"
)

// catalog is a report before any filter, with what helps to make it.
type catalog struct {
	Report
	o        *syncer.Overview
	live     map[model.RuleKey][]liveRule
	failures map[model.Place]*Failure
	ofName   map[string]*Failure // the first of the records of a name
	rank     map[desired.State]int
}

// liveRule is a rule of ours that stands.
type liveRule struct {
	model.Rule
	ingress model.IngressID
}

// newCatalog puts all that an overview holds into the words of a report.
func newCatalog(o *syncer.Overview, version string) *catalog {
	c := &catalog{
		Report: Report{
			Version: version, Owner: o.Settings.Owner, Zone: o.Settings.Domain, At: o.At, DryRun: o.DryRun, Awaited: o.Awaited,
			Notices: notices(o), Failures: []Failure{}, Clusters: []Cluster{},
		},
		o: o, live: make(map[model.RuleKey][]liveRule), failures: make(map[model.Place]*Failure), ofName: make(map[string]*Failure), rank: make(map[desired.State]int),
	}
	for i, s := range states() {
		c.rank[s] = i
	}
	failing := c.addFailures()
	for _, t := range o.Targets {
		c.Providers = append(c.Providers, Provider{
			Name: t.Target, Reachable: t.Reachable, LastRead: t.Read, NextRead: t.NextRead,
			Error: t.ReadError, Waiting: t.Waiting, Failing: failing[t.Target],
		})
	}
	holdings := owned.All(o.Rules, observed.View[model.Record]{Objects: o.Records}, o.Settings)
	for _, h := range holdings {
		for _, r := range h.Rules {
			m, _ := r.OwnerLabel()
			c.live[r.RuleKey] = append(c.live[r.RuleKey], liveRule{r, m.IngressID})
		}
	}
	c.addIngresses()
	c.addOrigins(holdings)
	c.addClusters()
	return c
}

// notices are what concerns no single Ingress, the grave first.
func notices(o *syncer.Overview) []Notice {
	list := []Notice{}
	for _, b := range o.Step.Blocked {
		list = append(list, Notice{true, b.String()})
	}
	for _, name := range slices.Sorted(maps.Keys(o.Step.Stale)) {
		list = append(list, Notice{true, o.Step.Stale[name].String()})
	}
	for _, name := range slices.Sorted(maps.Keys(o.Want.Clusters)) {
		if c := o.Want.Clusters[name]; c != nil && c.Nodes.Panic {
			list = append(list, Notice{false, fmt.Sprintf("cluster %s: fewer than half of its nodes are ready; all of them stand in DNS", name)})
		}
	}
	for _, n := range o.Step.Notices {
		list = append(list, Notice{n.Fatal, n.Text})
	}
	slices.SortStableFunc(list, func(a, b Notice) int {
		switch {
		case a.Fatal == b.Fatal:
			return 0
		case a.Fatal:
			return -1
		}
		return 1
	})
	return list
}

// addFailures lists what fails, makes it findable, and returns how many fail
// at each provider.
func (c *catalog) addFailures() map[model.Provider]int {
	count := make(map[model.Provider]int)
	for _, f := range c.o.Failures {
		count[f.Target]++
		c.Failures = append(c.Failures, Failure{
			Provider: f.Target, Action: string(f.Verb), Object: f.Place.Object(),
			Error: f.Error, Times: f.Times, Since: f.Since, Next: f.Next,
		})
	}
	for i, f := range c.o.Failures {
		if c.failures[f.Place] == nil {
			c.failures[f.Place] = &c.Failures[i]
		}
		if f.Place.IsRecord() && c.ofName[f.Place.Name] == nil {
			c.ofName[f.Place.Name] = &c.Failures[i]
		}
	}
	return count
}

// addClusters is for when Ingresses and origins are known.
func (c *catalog) addClusters() {
	index := make(map[string]int)
	for _, name := range slices.Sorted(maps.Keys(c.o.Want.Clusters)) {
		cluster := Cluster{Name: name, LeftOut: []Node{}, Counts: zeros()}
		if want := c.o.Want.Clusters[name]; want != nil {
			n := want.Nodes
			cluster.Ready = true
			cluster.Nodes = Nodes{
				Ready: n.Ready, NotReady: n.NotReady, Excluded: n.Excluded, NoAddress: n.NoAddress,
				Panic: n.Panic, LastKnown: c.o.Step.StaleIn(name),
			}
			cluster.LeftOut = c.leftOut(name)
		}
		index[name] = len(c.Clusters)
		c.Clusters = append(c.Clusters, cluster)
	}
	for _, ing := range c.Ingresses {
		if i, ok := index[ing.Cluster]; ok {
			c.Clusters[i].Counts[ing.State]++
		}
	}
}

// leftOut are the nodes of a cluster none of whose addresses any origin has.
func (c *catalog) leftOut(cluster string) []Node {
	in := make(map[string]bool)
	for _, o := range c.Origins {
		if o.Cluster == cluster {
			for _, a := range o.Addresses {
				in[a.Address] = in[a.Address] || a.State != Removing
			}
		}
	}
	list := []Node{}
	for _, n := range c.o.Nodes[cluster] {
		if slices.ContainsFunc(n.Addresses, func(a kube.NodeAddress) bool { return in[canonical(a.Address)] }) {
			continue
		}
		list = append(list, Node{n.Name, cmp.Or(trouble(n), "no address of the configured types")})
	}
	slices.SortFunc(list, func(a, b Node) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// trouble is why a node should take no traffic; "" if it may.
func trouble(n kube.Node) string {
	if n.Excluded == "" && !n.Ready {
		return "not ready"
	}
	return n.Excluded
}
