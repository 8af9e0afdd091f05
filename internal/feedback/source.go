package feedback

import (
	"iter"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
)

// originAnnotation with the value "status" makes the Ingress's own status the
// origin: the address there is another controller's to write.
const originAnnotation = "edgeward/origin"

// Source is where the reports for one cluster come from.
type Source struct {
	Cluster string
	// Ours reports whether the Ingress's class is ours. Of one that is selected
	// by its label another controller writes the status.
	Ours func(*kube.Ingress) bool
}

// Known reports whether an overview knows what stands for the cluster. Before
// that there are no reports: nothing was compared yet.
func (s Source) Known(o *outcome.Overview) bool {
	return o != nil && o.Want.Clusters[s.Cluster] != nil &&
		!slices.ContainsFunc(o.Providers, func(p outcome.Provider) bool { return p.Read.IsZero() })
}

// Reports yields what is to be told of each of the cluster's Ingresses, in no particular
// order: of those that are watched, and of others for which a rule stands or stood.
// The outcomes are those of the overview. The reports of ten thousand, all at once, would
// be megabytes.
func (s Source) Reports(o *outcome.Overview, outcomes map[model.IngressID]*outcome.Ingress, watched []*kube.Ingress) iter.Seq[Report] {
	return func(yield func(Report) bool) {
		present := make(map[model.IngressID]bool, len(watched))
		for _, in := range watched {
			id := model.IngressID{Cluster: s.Cluster, Namespace: in.Namespace, Name: in.Name}
			present[id] = true
			if r, ok := s.report(o, in, id, outcomes[id]); ok && !yield(r) {
				return
			}
		}
		for id, became := range outcomes {
			if id.Cluster == s.Cluster && !present[id] && (became.Stands || o.Found[id]) &&
				!yield(Report{Ingress: id, Absent: true, Hostnames: became.Hostnames}) {
				return
			}
		}
		for id := range o.Found { // by now its rule may be gone
			if id.Cluster == s.Cluster && !present[id] && outcomes[id] == nil &&
				!yield(Report{Ingress: id, Absent: true}) {
				return
			}
		}
	}
}

// report is what is to be told of an Ingress that is watched, of which the last plan found
// something, or nil: then it has nothing to say of it yet. It is not ok if its class
// is unknown and nothing was ever published of it.
func (s Source) report(o *outcome.Overview, in *kube.Ingress, id model.IngressID, became *outcome.Ingress) (r Report, ok bool) {
	r = Report{Ingress: id, UID: in.UID, Found: o.Found[id]}
	if in.ClassUnknown {
		r.Undecided = true
		return r, became != nil || r.Found
	}
	r.Version, r.Published = in.ResourceVersion, in.Published
	if became == nil {
		return r, true
	}
	r.Messages = messages(o, became)
	if s.Ours(in) && strings.TrimSpace(in.Annotations[originAnnotation]) != "status" {
		r.Hostnames = became.Hostnames
	}
	return r, true
}
