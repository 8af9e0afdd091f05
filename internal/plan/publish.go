package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/hostalias"
	"github.com/edgeward/edgeward/internal/model"
)

// publish leads a host to the CDN: first the label, then the CNAME. Each has the TTL
// of the cluster's other records, and nothing waits for a TTL to change: that may
// be refused.
func (a *aliases) publish(alias *hostalias.Alias, leads []lead) {
	slices.SortFunc(leads, func(x, y lead) int { return strings.Compare(x.cdnName, y.cdnName) })
	to := leads[0]
	a.ingress[alias.Host] = to.ingress
	for _, l := range leads {
		if l.cdnName != to.cdnName {
			a.warn(l.ingress, "%s is published at several CDNs; its DNS name leads to %s", alias.Host, to.cdnName)
		}
	}
	c := a.clusters[to.ingress.Cluster]
	ttl := a.Settings.TTL
	if c.owned {
		ttl = c.ttl
	}
	cname := model.Record{Zone: alias.At.Zone, Name: alias.At.Name, Type: "CNAME", Data: to.cdnName, TTL: ttl}
	label := model.Record{Zone: alias.At.Zone, Name: alias.At.OwnerName().Name, Type: "TXT", Data: model.AliasLabel(a.Settings.Owner, to.ingress.Cluster), TTL: ttl}
	switch {
	case alias.Foreign != nil && !(to.adopt && sameCNAME(*alias.Foreign, cname)):
		a.warn(to.ingress, "%s", a.inTheWay(alias, to.cdnName))
		return
	case alias.Busy:
	case !alias.SurelyLeadsTo(cname.Data) && !c.says.ListsZone(a.Settings.ZoneName(alias.At.Zone)): // first the record of ownership says so
	case !alias.Labelled() && a.tooEarly(alias):
		a.askAgain(a.refused[alias.Host].Add(retryAlias))
	case !alias.Labelled():
		a.records.Create(label, model.UrgentCreate)
	case alias.CNAME == nil:
		a.makeCNAME(alias, cname)
	case alias.CNAME.Data != cname.Data:
		a.records.Change(alias.CNAME, alias.CNAME.WithData(cname.Data), model.UrgentChange)
	case alias.Labels[0].Data != label.Data: // the host has come from another cluster
		a.records.Change(alias.Labels[0], alias.Labels[0].WithData(label.Data), model.UrgentTidy)
		return
	default:
		a.records.RemoveOthers(alias.Labels, alias.Labels[0])
		a.records.ChangeTTL(alias.CNAME, ttl)
		if len(alias.Labels) == 1 {
			a.records.ChangeTTL(alias.Labels[0], ttl)
		}
		return
	}
	a.unfinished(alias, cname, label)
}

// A label makes its host exist in DNS, so that a wildcard does not answer for it any
// more: without the CNAME nothing does. Where there is a wildcard the label does not stand
// without the CNAME for longer than the two calls take. When the CNAME is refused the label
// goes, and both are tried again after this time.
const retryAlias = 10 * time.Minute

// makeCNAME makes the CNAME of a host that is labelled, or takes the label away where the
// CNAME was refused and a wildcard would answer for the host.
func (a *aliases) makeCNAME(alias *hostalias.Alias, cname model.Record) {
	if alias.Shadowed && a.Records.Rejected[cname.Key()] {
		a.refused[alias.Host] = a.Now
	}
	switch unproven := a.records.Unproven(alias.Labels); {
	case a.tooEarly(alias):
		a.records.Remove(alias.Labels[0], model.UrgentChange)
	case unproven != nil:
		a.records.Verify(alias.Labels[0]) // without its label the CNAME would be nobody's
	default:
		a.records.Create(cname, model.UrgentCreate)
	}
}

// tooEarly reports whether the CNAME of a host was refused a moment ago, while a wildcard
// would answer for the host.
func (a *aliases) tooEarly(alias *hostalias.Alias) bool {
	_, refused := a.refused[alias.Host]
	return refused && alias.Shadowed
}

// sameCNAME reports whether a record is the CNAME that is wanted, whatever its TTL.
func sameCNAME(r, want model.Record) bool {
	r.ID, r.TTL = want.ID, want.TTL
	return r == want
}

// inTheWay says which record that edgeward did not make keeps it from leading a
// host to the CDN, and what helps.
func (a *aliases) inTheWay(alias *hostalias.Alias, cdnName string) string {
	full := alias.Foreign.Name + "." + a.Settings.ZoneName(alias.Foreign.Zone)
	if cluster, ours := model.ParseAliasLabel(alias.Foreign, a.Settings.Owner); ours {
		return fmt.Sprintf("the TXT record %s marks %s for cluster %s, which is not in the configuration: it is left alone. "+
			"Bring that cluster back, or remove what is its own by edgeward uninstall --cluster %[3]s", full, alias.Host, cluster)
	}
	return fmt.Sprintf("%s has DNS records that edgeward did not make (%s), which are left alone: delete them, or lead %s to %s yourself",
		full, alias.Foreign.Type, alias.Host, cdnName)
}
