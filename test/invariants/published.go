package invariants

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
)

// zone is a pull zone.
type zone struct {
	vultrtest.PullZone
	ours bool
}

// lookAtZones takes down the pull zones that stand. Their label says whose they
// are: "edgeward <mark>", with a fingerprint after it if there is a certificate.
func (g *Guard) lookAtZones() map[string]zone {
	zones := make(map[string]zone)
	for _, z := range g.Vultr.PullZones() {
		text, _, _ := strings.Cut(strings.TrimPrefix(z.Label, "edgeward "), " cert=")
		part, valid := mark(text, z.VanityDomain+"/")
		zones[z.ID] = zone{z, valid && strings.HasPrefix(z.Label, "edgeward ") && g.ours[part]}
	}
	return zones
}

// lookAtPublished adds the records of published hosts. Ours is a TXT record that
// says so, and the CNAME of the host that it is for.
func (g *Guard) lookAtPublished(records map[string]record) {
	if g.PublishZone == "" || g.PublishZone == g.Domain {
		return
	}
	all, marked := g.Vultr.Records(g.PublishZone), make(map[string]bool)
	isMark := func(r vultrtest.Record) bool {
		for p := range g.ours {
			if r.Type == "TXT" && r.Data == fmt.Sprintf(`"heritage=edgeward,edgeward/owner=%s,edgeward/publisher=%s"`, p.Owner, p.Cluster) {
				return true
			}
		}
		return false
	}
	for _, r := range all {
		if host, ok := strings.CutPrefix(r.Name, "_edgeward."); ok && isMark(r) {
			marked[host] = true
		}
	}
	for _, r := range all {
		host, below := strings.CutPrefix(r.Name, "_edgeward.")
		records[r.ID] = record{r, g.PublishZone, r.Type == "CNAME" && marked[r.Name] || below && marked[host] && isMark(r)}
	}
}

// foreignZones: those of others stay as they are, and none is made without our
// mark.
func (g *Guard) foreignZones(now map[string]zone) {
	for id, before := range g.zones {
		after, stands := now[id]
		switch {
		case before.ours && stands && !after.ours && !g.frees:
			g.report(fmt.Sprintf("our pull zone of %s lost its mark: %q", before.VanityDomain, after.Label))
		case before.ours, stands && said(before) == said(after):
		case stands && after.ours && g.adopts && !strings.HasPrefix(before.Label, "edgeward "):
		default:
			g.report(fmt.Sprintf("the pull zone %q of others was touched:\n%s\n%s", before.Label, said(before), said(after)))
		}
	}
	for id, z := range now {
		if _, known := g.zones[id]; !known && !z.ours {
			g.report("a pull zone was made without our mark: " + said(z))
		}
	}
}

// said is a pull zone as the API shows it, but for its status, which becomes
// active by itself.
func said(z zone) string {
	z.Status = ""
	text, _ := json.Marshal(z.PullZone) // it has nothing that cannot be encoded
	return string(text)
}

// led: no CNAME of ours leads to a pull zone that is not there, and it comes only
// when that is active.
func (g *Guard) led(zones map[string]zone, records map[string]record) {
	status := make(map[string]string)
	for _, z := range zones {
		status[strings.TrimPrefix(z.CDNURL, "https://")] = z.Status
	}
	for id, r := range records {
		if !r.ours || r.zone != g.PublishZone || r.Type != "CNAME" || !strings.HasSuffix(r.Data, ".vultrcdn.com") {
			continue
		}
		switch s, stands := status[r.Data]; {
		case !stands:
			g.report(fmt.Sprintf("%s leads to %s, where no pull zone is", r.Name, r.Data))
		case s != "active" && g.records[id].Data != r.Data:
			g.report(fmt.Sprintf("%s leads to %s, which is %s still", r.Name, r.Data, s))
		}
	}
}
