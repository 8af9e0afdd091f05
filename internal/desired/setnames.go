package desired

import (
	"github.com/edgeward/edgeward/internal/addresses"
	"github.com/edgeward/edgeward/internal/model"
)

// nodeSetNames are the zone names of the sets that all usable nodes of a cluster make.
type nodeSetNames struct{ all, v4, v6 string }

func nodeSetNamesOf(cluster, owner string) nodeSetNames {
	return nodeSetNames{
		all: model.SetName(model.NodesSet, cluster, owner),
		v4:  model.SetName(model.NodesIPv4Set, cluster, owner),
		v6:  model.SetName(model.NodesIPv6Set, cluster, owner),
	}
}

// include reports whether a zone name is one of them.
func (n nodeSetNames) include(set string) bool { return set == n.all || set == n.v4 || set == n.v6 }

// only returns the name of the set with the addresses of one family.
func (n nodeSetNames) only(f addresses.Families) string {
	if f.V4 {
		return n.v4
	}
	return n.v6
}

// objectSetName is the zone name of the set of a kind for one object.
func (m *mapper) objectSetName(kind, namespace, object string) string {
	room := model.MaxName - len("."+model.Subtree(m.Name, m.settings.Owner)+"."+m.settings.Domain)
	return model.SetName(model.ObjectSet(kind, namespace, object, room), m.Name, m.settings.Owner)
}

// setKinds returns the kinds of sets that a Service may have for an origin of a kind: of
// addresses now and of a host name a moment ago, or the other way round.
func setKinds(origin string) []string {
	switch origin {
	case OriginLoadBalancer:
		return []string{model.KindBalancer, model.KindBalancer + model.CNAMEKind}
	case OriginExternalIPs, OriginExternalName:
		return []string{model.KindExternal, model.KindExternal + model.CNAMEKind}
	}
	return nil
}

// originKind returns the kind of origin to which the sets of a kind lead; "" if they are
// not for one object.
func originKind(setKind string) string {
	switch setKind {
	case model.KindLocal:
		return OriginNodePort
	case model.KindBalancer, model.KindBalancer + model.CNAMEKind:
		return OriginLoadBalancer
	case model.KindExternal:
		return OriginExternalIPs
	case model.KindExternal + model.CNAMEKind:
		return OriginExternalName
	case model.KindStatus, model.KindStatus + model.CNAMEKind:
		return OriginStatus
	}
	return ""
}
