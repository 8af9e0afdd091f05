// Package owned sorts out what of an owner stands at the providers, and what of it has to
// stay, since something else may rest on it.
package owned

import (
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// Objects are the objects of one cluster at the providers that are ours, whether or not
// the configuration still names the cluster.
type Objects struct {
	Rules     []model.Rule
	Ownership []model.Record // the record of ownership; only duplicates make it more
	// Addresses are all records below the cluster's name in the zone, but for the record of
	// ownership. Where that is missing they are not ours.
	Addresses []model.Record
	// CNAMEs of published hosts, and Labels, which say that these are ours.
	CNAMEs, Labels []model.Record
	// Unlabelled are rules that nobody labelled and whose origin is a name of the cluster:
	// they were let go of, or made by others, and hold these names. Only an adoption makes
	// them ours.
	Unlabelled []model.Rule
	// Kept are those of all these that cannot go, by their IDs, each with what rests on it.
	Kept map[string]string
}

// All sorts out what of an owner stands at the providers, by cluster.
func All(rules []*model.Rule, records observed.View[model.Record], set model.Settings) map[string]*Objects {
	s := &sorter{
		rules: rules, records: records, Settings: set,
		clusters: make(map[string]*Objects), says: make(map[string]model.Ownership), used: make(map[string]string),
	}
	s.sortRules()
	s.sortOwnership()
	s.sortHosts()
	for cluster, objects := range s.clusters {
		if len(s.says[cluster].CDNs) == 0 && s.restsOnUnread(cluster, objects) {
			says := s.says[cluster]
			says.CDNs = set.UnknownCDNs()
			s.says[cluster] = says
		}
		s.keepRules(s.says[cluster], objects)
		s.keepHosts(s.says[cluster], objects)
	}
	s.sortUnlabelled()
	s.sortAddresses()
	for _, objects := range s.clusters {
		objects.finish()
	}
	return s.clusters
}

// sorter has what was sorted out so far.
type sorter struct {
	model.Settings
	rules    []*model.Rule
	records  observed.View[model.Record]
	clusters map[string]*Objects
	says     map[string]model.Ownership // what the records of ownership of a cluster say together
	used     map[string]string          // names of addresses that have to stay, with what uses them
}

func (s *sorter) of(cluster string) *Objects {
	if s.clusters[cluster] == nil {
		s.clusters[cluster] = &Objects{Kept: make(map[string]string)}
	}
	return s.clusters[cluster]
}

func (s *sorter) sortRules() {
	for _, r := range s.rules {
		if label, ok := r.OwnerLabel(); ok && label.Owner == s.Owner {
			objects := s.of(label.Cluster)
			objects.Rules = append(objects.Rules, *r)
		} else if name, ok := model.Relative(r.SourceHost, s.Domain); ok {
			s.used[name] = "rules of others use them"
		}
	}
}

func (s *sorter) sortOwnership() {
	for _, r := range s.records.Objects {
		if cluster, ok := model.ClusterOf(r, s.Owner); ok && model.IsOwnership(r, cluster, s.Owner) {
			said, _ := model.ParseOwnership(r.Data)
			s.says[cluster] = said.And(s.says[cluster])
			objects := s.of(cluster)
			objects.Ownership = append(objects.Ownership, *r)
		}
	}
}

func (s *sorter) sortHosts() {
	clusters := make(map[model.RecordName]string) // for which a name is labelled
	for _, r := range s.records.Objects {
		if cluster, ours := model.ParseAliasLabel(r, s.Owner); ours {
			clusters[model.RecordName{Zone: r.Zone, Name: strings.TrimPrefix(r.Name, model.OwnerPrefix)}] = cluster
			objects := s.of(cluster)
			objects.Labels = append(objects.Labels, *r)
		}
	}
	for _, r := range s.records.Objects {
		if cluster, ours := clusters[model.RecordName{Zone: r.Zone, Name: r.Name}]; ours && r.Type == "CNAME" {
			objects := s.of(cluster)
			objects.CNAMEs = append(objects.CNAMEs, *r)
		}
	}
}

// owns reports whether a cluster has a record of ownership.
func (s *sorter) owns(cluster string) bool {
	return s.clusters[cluster] != nil && len(s.clusters[cluster].Ownership) > 0
}

func (s *sorter) sortUnlabelled() {
	for _, r := range s.rules {
		name, _ := model.Relative(r.SourceHost, s.Domain)
		if cluster, ok := model.ClusterOf(&model.Record{Name: name}, s.Owner); ok && !r.Labelled() && s.owns(cluster) {
			objects := s.of(cluster)
			objects.Unlabelled = append(objects.Unlabelled, *r)
			objects.Kept[r.ID] = "nobody marked them: edgeward let go of them, or somebody else made them"
		}
	}
}

func (s *sorter) sortAddresses() {
	for _, r := range s.records.Objects {
		cluster, ok := model.ClusterOf(r, s.Owner)
		_, label := model.ParseAliasLabel(r, s.Owner)
		if !ok || !s.owns(cluster) || label || model.IsOwnership(r, cluster, s.Owner) {
			continue
		}
		objects := s.of(cluster)
		objects.Addresses = append(objects.Addresses, *r)
		if why, ok := s.used[r.Name]; ok {
			objects.Kept[r.ID] = why
		} else if unread := s.Unread(s.says[cluster]); len(unread) > 0 {
			objects.Kept[r.ID] = unreadCDN(unread)
		}
	}
}

// finish keeps the record of ownership where anything else is kept, and sorts the lists.
func (o *Objects) finish() {
	if len(o.Kept) > 0 {
		for _, r := range o.Ownership {
			o.Kept[r.ID] = "it protects what is kept"
		}
	}
	for _, list := range [][]model.Rule{o.Rules, o.Unlabelled} {
		slices.SortFunc(list, func(a, b model.Rule) int { return a.RuleKey.Compare(b.RuleKey) })
	}
	for _, list := range [][]model.Record{o.Addresses, o.Ownership, o.CNAMEs, o.Labels} {
		slices.SortFunc(list, func(a, b model.Record) int { return a.Key().Compare(b.Key()) })
	}
}
