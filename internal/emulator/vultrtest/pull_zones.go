package vultrtest

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/edgeward/edgeward/internal/emulator"
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

func (a *Account) pullZoneRoutes() []emulator.Route {
	return []emulator.Route{
		{Method: "GET", Path: "cdns/pull-zones", Handle: a.listPullZones},
		{Method: "POST", Path: "cdns/pull-zones", Handle: a.createPullZone},
		{Method: "GET", Path: "cdns/pull-zones/{id}", Handle: a.getPullZone},
		{Method: "PUT", Path: "cdns/pull-zones/{id}", Handle: a.updatePullZone},
		{Method: "DELETE", Path: "cdns/pull-zones/{id}", Handle: a.deletePullZone},
		{Method: "GET", Path: "cdns/pull-zones/{id}/purge", Handle: a.purgePullZone},
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

// findPullZone returns the index of a pull zone, or -1. The caller holds the state.
func (a *Account) findPullZone(id string) int {
	return slices.IndexFunc(a.pullZones, func(z *pullZone) bool { return z.ID == id })
}

// addPullZone adds a zone, with what it lacks of an id, a date, a host name of
// the CDN and a region. The caller holds the state for writing.
func (a *Account) addPullZone(zone PullZone) *pullZone {
	if zone.ID == "" {
		zone.ID = uuid.NewString()
	}
	if zone.DateCreated == "" {
		zone.DateCreated = a.options.Now().UTC().Format(zoneDate)
	}
	if zone.CDNURL == "" {
		zone.CDNURL = "https://cdn-" + uuid.NewString()[24:] + ".vultrcdn.com"
	}
	if zone.Regions == nil {
		zone.Regions = []string{"ord"}
	}
	z := &pullZone{seq: a.nextSeq(), PullZone: zone}
	a.pullZones = append(a.pullZones, z)
	return z
}

// inPullZone answers with what f makes of the zone that r names, or 404. The
// caller holds the state.
func (a *Account) inPullZone(r *emulator.Request, f func(i int) emulator.Reply) emulator.Reply {
	i := a.findPullZone(r.PathValue("id"))
	if i < 0 {
		return refuse(http.StatusNotFound, "Invalid pull zone.") // the text is a guess
	}
	return f(i)
}

// listPullZones answers pages, though the API declares no parameters for them:
// their size is not the client's to choose.
func (a *Account) listPullZones(r *emulator.Request) emulator.Reply {
	a.state.RLock()
	defer a.state.RUnlock()
	if a.options.ListWithoutMeta {
		return emulator.ReplyJSON(http.StatusOK, map[string]any{"pull_zones": a.showPullZones(a.pullZones)})
	}
	query := url.Values{"cursor": r.URL.Query()["cursor"]}
	page, meta, err := paginate(a.pullZones, func(z *pullZone) int { return z.seq }, query)
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	return emulator.ReplyJSON(http.StatusOK, map[string]any{"pull_zones": a.showPullZones(page), "meta": meta})
}

// showPullZones is a list as the API shows it, never null.
func (a *Account) showPullZones(list []*pullZone) []PullZone {
	zones := []PullZone{}
	for _, z := range list {
		zones = append(zones, z.shown(a.options.Now()))
	}
	return zones
}

func (a *Account) getPullZone(r *emulator.Request) emulator.Reply {
	a.state.RLock()
	defer a.state.RUnlock()
	return a.inPullZone(r, func(i int) emulator.Reply { return a.replyPullZone(http.StatusOK, a.pullZones[i]) })
}

func (a *Account) replyPullZone(status int, z *pullZone) emulator.Reply {
	return emulator.ReplyJSON(status, pullZoneReply{z.shown(a.options.Now())})
}

func (a *Account) createPullZone(r *emulator.Request) emulator.Reply {
	return a.state.Call(func() emulator.Reply {
		sent, err := a.pullZoneRules().create(r.Body, a.otherPullZones(""))
		if err != nil {
			return refuse(http.StatusBadRequest, "Unable to create pull zone: "+err.Error())
		}
		z := a.addPullZone(sent)
		if wait := a.options.PullZonePending; wait > 0 {
			z.Status, z.active = zonePending, a.options.Now().Add(wait)
		}
		return a.replyPullZone(http.StatusCreated, z)
	})
}

func (a *Account) updatePullZone(r *emulator.Request) emulator.Reply {
	return a.state.Call(func() emulator.Reply {
		return a.inPullZone(r, func(i int) emulator.Reply {
			z := a.pullZones[i]
			changed, err := a.pullZoneRules().update(z.PullZone, r.Body, a.otherPullZones(z.ID))
			if err != nil {
				return refuse(http.StatusBadRequest, "Unable to update pull zone: "+err.Error())
			}
			z.PullZone = changed
			return a.replyPullZone(http.StatusOK, z)
		})
	})
}

func (a *Account) pullZoneRules() pullZoneRules {
	return pullZoneRules{
		anyOrigin: a.options.AnyOriginDomain, uniqueVanity: a.options.UniqueVanityDomains,
		maxLabel: a.options.MaxLabel, cutLabels: a.options.CutLabels,
	}
}

// otherPullZones returns all zones but that with an id. The caller holds the
// state.
func (a *Account) otherPullZones(id string) []PullZone {
	var others []PullZone
	for _, z := range a.pullZones {
		if z.ID != id {
			others = append(others, z.PullZone)
		}
	}
	return others
}

// deletePullZone deletes a pending zone as well; whether the API does is not
// known.
func (a *Account) deletePullZone(r *emulator.Request) emulator.Reply {
	return a.state.Call(func() emulator.Reply {
		return a.inPullZone(r, func(i int) emulator.Reply {
			a.pullZones = slices.Delete(a.pullZones, i, i+1)
			return noContent()
		})
	})
}

// purgePullZone notes the purge; there is no cache here. How the API refuses
// one that comes too early is a guess.
func (a *Account) purgePullZone(r *emulator.Request) emulator.Reply {
	return a.state.Call(func() emulator.Reply {
		return a.inPullZone(r, func(i int) emulator.Reply {
			z, now := a.pullZones[i], a.options.Now()
			if last, err := time.Parse(zoneDate, z.LastPurge); err == nil && now.Sub(last) < purgePause {
				return refuse(http.StatusBadRequest, "Unable to purge pull zone: only once every six hours")
			}
			z.LastPurge = now.UTC().Format(zoneDate)
			return emulator.ReplyJSON(http.StatusAccepted, []string{})
		})
	})
}
