package desired

import (
	"github.com/edgeward/edgeward/internal/model"
)

// setKinds are the kinds that the set of a Service may have which leads to an origin
// of this kind. It may have had another a moment ago.
func setKinds(origin string) []string {
	switch origin {
	case OriginLoadBalancer:
		return []string{model.KindBalancer, model.KindBalancer + model.CNAMEKind}
	case OriginExternalIPs, OriginExternalName:
		return []string{model.KindExternal, model.KindExternal + model.CNAMEKind}
	}
	return nil
}

// originOf is the kind of origin to which the sets of a kind lead; "" if it is none
// of one object.
func originOf(setKind string) string {
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
