package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"time"
)

// The values of a pull zone's status.
const (
	zoneActive  = "active"
	zonePending = "pending"
)

// zoneDate is how pull zones show times: in UTC, without saying so.
const zoneDate = time.DateTime

// purgePause is how long a pull zone cannot be purged again.
const purgePause = 6 * time.Hour

// PullZone is one pull zone of the CDN, as the API shows it, and the
// certificate and key that it never shows.
type PullZone struct {
	ID           string `json:"id"`
	DateCreated  string `json:"date_created"` // as 2024-01-25 09:41:05
	Status       string `json:"status"`       // "active" or "pending"
	Label        string `json:"label"`
	OriginScheme string `json:"origin_scheme"` // "http" or "https"
	OriginDomain string `json:"origin_domain"`
	CDNURL       string `json:"cdn_url"`       // with its scheme
	VanityDomain string `json:"vanity_domain"` // empty: none
	CacheSize    int    `json:"cache_size"`
	// Counters or limits, the sources differ; null here, as in the example.
	Requests      *int     `json:"requests"`
	BytesIn       *int     `json:"in_bytes"`
	BytesOut      *int     `json:"out_bytes"`
	PacketsPerSec int      `json:"packets_per_sec"`
	LastPurge     string   `json:"last_purge"` // empty: never
	CORS          bool     `json:"cors"`
	GZIP          bool     `json:"gzip"`
	BlockAI       bool     `json:"block_ai"`
	BlockBadBots  bool     `json:"block_bad_bots"`
	Regions       []string `json:"regions"`

	Certificate string `json:"-"` // PEM
	Key         string `json:"-"` // PEM
}

// pullZone is a PullZone with its place in the order of creation.
type pullZone struct {
	seq    int
	active time.Time // when it stops being pending; zero: never by itself
	PullZone
}

// pullZoneReply is the shape of replies about one pull zone.
type pullZoneReply struct {
	PullZone PullZone `json:"pull_zone"`
}

func (v *Vultr) pullZoneEndpoints() []route {
	return []route{
		{method: "GET", path: "cdns/pull-zones", handle: v.listPullZones},
		{method: "POST", path: "cdns/pull-zones", handle: v.createPullZone},
		{method: "GET", path: "cdns/pull-zones/{id}", handle: v.getPullZone},
		{method: "PUT", path: "cdns/pull-zones/{id}", handle: v.updatePullZone},
		{method: "DELETE", path: "cdns/pull-zones/{id}", handle: v.deletePullZone},
		{method: "GET", path: "cdns/pull-zones/{id}/purge", handle: v.purgePullZone},
	}
}

// shown is the zone as it is now, with nothing shared.
func (z *pullZone) shown(now time.Time) PullZone {
	zone := z.PullZone
	if !z.active.IsZero() && !now.Before(z.active) {
		zone.Status = zoneActive
	}
	zone.Regions = slices.Clone(zone.Regions)
	return zone
}

// findPullZone returns the index of a pull zone, or -1. The caller holds v.mu.
func (v *Vultr) findPullZone(id string) int {
	return slices.IndexFunc(v.pullZones, func(z *pullZone) bool { return z.ID == id })
}

// addPullZone adds a zone, with what it lacks of an id, a date, a host name of
// the CDN and a region. The caller holds v.mu for writing.
func (v *Vultr) addPullZone(zone PullZone) *pullZone {
	if zone.ID == "" {
		zone.ID = newUUID()
	}
	if zone.DateCreated == "" {
		zone.DateCreated = v.options.Now().UTC().Format(zoneDate)
	}
	if zone.CDNURL == "" {
		zone.CDNURL = "https://cdn-" + newUUID()[24:] + ".vultrcdn.com"
	}
	if zone.Regions == nil {
		zone.Regions = []string{"ord"}
	}
	z := &pullZone{seq: v.nextSeq(), PullZone: zone}
	v.pullZones = append(v.pullZones, z)
	return z
}

// inPullZone answers with what f makes of the zone that r names, or 404. The
// caller holds v.mu.
func (v *Vultr) inPullZone(r *request, f func(i int) reply) reply {
	i := v.findPullZone(r.PathValue("id"))
	if i < 0 {
		return refuseVultr(http.StatusNotFound, "Invalid pull zone.") // the text is a guess
	}
	return f(i)
}

// listPullZones answers pages, though the API declares no parameters for them:
// their size is not the client's to choose.
func (v *Vultr) listPullZones(r *request) reply {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.options.ListWithoutMeta {
		return replyJSON(http.StatusOK, map[string]any{"pull_zones": v.showPullZones(v.pullZones)})
	}
	query := url.Values{"cursor": r.URL.Query()["cursor"]}
	page, meta, err := paginate(v.pullZones, func(z *pullZone) int { return z.seq }, query)
	if err != nil {
		return refuseVultr(http.StatusBadRequest, err.Error())
	}
	return replyJSON(http.StatusOK, map[string]any{"pull_zones": v.showPullZones(page), "meta": meta})
}

// showPullZones is a list as the API shows it, never null.
func (v *Vultr) showPullZones(list []*pullZone) []PullZone {
	zones := []PullZone{}
	for _, z := range list {
		zones = append(zones, z.shown(v.options.Now()))
	}
	return zones
}

func (v *Vultr) getPullZone(r *request) reply {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.inPullZone(r, func(i int) reply { return v.replyPullZone(http.StatusOK, v.pullZones[i]) })
}

func (v *Vultr) replyPullZone(status int, z *pullZone) reply {
	return replyJSON(status, pullZoneReply{z.shown(v.options.Now())})
}

func (v *Vultr) createPullZone(r *request) reply {
	return v.change(func() reply {
		sent, err := v.pullZoneRules().create(r.body, v.otherPullZones(-1))
		if err != nil {
			return refuseVultr(http.StatusBadRequest, "Unable to create pull zone: "+err.Error())
		}
		z := v.addPullZone(sent)
		if wait := v.options.PullZonePending; wait > 0 {
			z.Status, z.active = zonePending, v.options.Now().Add(wait)
		}
		return v.replyPullZone(http.StatusCreated, z)
	})
}

func (v *Vultr) updatePullZone(r *request) reply {
	return v.change(func() reply {
		return v.inPullZone(r, func(i int) reply {
			z := v.pullZones[i]
			changed, err := v.pullZoneRules().update(z.PullZone, r.body, v.otherPullZones(i))
			if err != nil {
				return refuseVultr(http.StatusBadRequest, "Unable to update pull zone: "+err.Error())
			}
			z.PullZone = changed
			return v.replyPullZone(http.StatusOK, z)
		})
	})
}

func (v *Vultr) pullZoneRules() pullZoneRules {
	return pullZoneRules{
		anyOrigin: v.options.AnyOriginDomain, uniqueVanity: v.options.UniqueVanityDomains,
		maxLabel: v.options.MaxLabel, cutLabels: v.options.CutLabels,
	}
}

// otherPullZones returns all zones but that of index i. The caller holds v.mu.
func (v *Vultr) otherPullZones(i int) []PullZone {
	var others []PullZone
	for j, z := range v.pullZones {
		if j != i {
			others = append(others, z.PullZone)
		}
	}
	return others
}

// deletePullZone deletes a pending zone as well; whether the API does is not
// known.
func (v *Vultr) deletePullZone(r *request) reply {
	return v.change(func() reply {
		return v.inPullZone(r, func(i int) reply {
			v.pullZones = slices.Delete(v.pullZones, i, i+1)
			return noContent()
		})
	})
}

// purgePullZone notes the purge; there is no cache here. How the API refuses
// one that comes too early is a guess.
func (v *Vultr) purgePullZone(r *request) reply {
	return v.change(func() reply {
		return v.inPullZone(r, func(i int) reply {
			z, now := v.pullZones[i], v.options.Now()
			if last, err := time.Parse(zoneDate, z.LastPurge); err == nil && now.Sub(last) < purgePause {
				return refuseVultr(http.StatusBadRequest, "Unable to purge pull zone: only once every six hours")
			}
			z.LastPurge = now.UTC().Format(zoneDate)
			return replyJSON(http.StatusAccepted, []string{})
		})
	})
}
