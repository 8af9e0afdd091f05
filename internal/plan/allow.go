package plan

import (
	"path"
	"slices"
)

// Allow says what the Ingresses of some namespaces may claim (in the
// configuration, clusters[].allow). An empty list does not restrict, except Origins, which
// then are those on by default. Namespaces and Hosts may be patterns, in which *
// stands for any number of any characters.
type Allow struct {
	Namespaces  []string
	Hosts       []string
	Origins     []string // of the kinds below
	Annotations []string // full names
}

// Kinds of origins, in the words of clusters[].allow.
const (
	OriginNodePort     = "NodePort"
	OriginLoadBalancer = "LoadBalancer"
	OriginStatus       = "status"
	OriginNodes        = "nodes"
	OriginExternalIPs  = "externalIPs"
	OriginExternalName = "ExternalName"
)

// defaultOrigins are those that a list need not name: what leads only to the
// cluster's own machines. The others let whoever may write a Service aim the
// CDN anywhere.
var defaultOrigins = []string{OriginNodePort, OriginLoadBalancer, OriginStatus, OriginNodes}

// allowed returns the entry that decides about a namespace; it is not ok if
// there are entries and none is for it.
func allowed(list []Allow, namespace string) (entry Allow, ok bool) {
	if len(list) == 0 {
		return Allow{}, true
	}
	i := slices.IndexFunc(list, func(a Allow) bool { return fits(a.Namespaces, namespace) })
	if i < 0 {
		return Allow{}, false
	}
	return list[i], true
}

func (a Allow) host(host string) bool { return fits(a.Hosts, host) }

func (a Allow) annotation(name string) bool { return fits(a.Annotations, name) }

func (a Allow) origin(kind string) bool {
	if len(a.Origins) == 0 {
		return slices.Contains(defaultOrigins, kind)
	}
	return slices.Contains(a.Origins, kind)
}

// fits reports whether a pattern of the list matches; an empty list matches
// all. The configuration has checked the patterns. Neither names nor hosts hold
// a slash, which * would not match; annotations are taken to the letter.
func fits(patterns []string, s string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		matched, err := path.Match(p, s)
		return p == s || matched && err == nil
	})
}
