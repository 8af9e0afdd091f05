// Package edgiotest emulates the delivery part of Edgio's (formerly Limelight's)
// Configuration API, as its SDKs know it, and the edge of its CDN.
package edgiotest

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
)

// base is where the API begins, as at https://apis.llnw.com.
const base = "/config-api/v1/"

// Options say what an emulated account is like.
type Options struct {
	Username  string // the security principal
	SharedKey string // of that user, hexadecimal
	Shortname string // of the account
	// Profiles are the service profiles of the account; none: LLNW-Generic.
	Profiles []string
	// PublicURL is scheme and host as clients see them, if another program
	// accepts TLS for the emulator: signatures cover the URL that the client
	// used. Empty: what the request itself says.
	PublicURL string
	// RefuseDuplicates makes two rules on the same host and path an error.
	// Whether the real API has such a rule is not known.
	RefuseDuplicates bool
	// FixedProfiles refuses a PUT that gives an instance another service profile.
	// Whether the real API does is not known.
	FixedProfiles bool
	// Pending is how long the status of an instance is another than COMPLETED after
	// each of its versions. That there is such a time is known, which states it has
	// is not. The edge takes no notice of it.
	Pending time.Duration
	// Masked are fields, at any depth of an instance, of which the user may not see
	// the strings: asterisks stand for them in every reply. That restricted users get
	// such replies is known, not for which fields. A PUT is taken as it comes.
	Masked []string
	// OmitDefaultPorts leaves a published port that is the protocol's own out of the
	// replies, as the API does with some instances.
	OmitDefaultPorts bool
	// Descriptions has errors say what is wrong in their field description, and no
	// more than the status in message. Which of both the API does is not known.
	Descriptions bool

	Limit   int               // calls a minute; 0: no limit
	Latency time.Duration     // of each call
	Now     func() time.Time  // nil: time.Now
	Changes *emulator.Changes // nil: its own
	Faults  *emulator.Faults  // nil: none
}

// Account is an emulated account: an http.Handler that answers below
// /config-api/v1/. It is safe for concurrent use.
//
// Not emulated: certificates, chunked streaming.
type Account struct {
	*emulator.Server
	options Options
	key     atomic.Pointer[[]byte] // the shared key, decoded

	state     *emulator.State // the lock of what follows
	instances []versions      // in the order of their creation
	history   emulator.History[versions]
}

// NewAccount returns an account without rules. It panics if the shared key is not
// hexadecimal.
func NewAccount(options Options) *Account {
	if len(options.Profiles) == 0 {
		options.Profiles = []string{"LLNW-Generic"}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	options.PublicURL = strings.TrimSuffix(options.PublicURL, "/")
	a := &Account{options: options}
	a.ReplaceKey(options.SharedKey)
	a.state = emulator.NewState(options.Changes, a.keepHistory)
	a.Server = emulator.NewServer(emulator.API{
		Base: base, Routes: a.routes(), Refuse: a.refuse, Authenticate: a.authenticate,
		Limit:   emulator.Limit{Calls: options.Limit, Span: time.Minute},
		Latency: options.Latency, Now: options.Now, Faults: options.Faults,
	})
	return a
}

// keepHistory notes what stands after a change, for a fault to show later on.
func (a *Account) keepHistory() {
	if a.options.Faults != nil {
		a.history.Keep(a.instances, a.options.Now())
	}
}

func (a *Account) routes() []emulator.Route {
	return []emulator.Route{
		{Method: "GET", Path: "health/check", Handle: a.healthCheck},
		{Method: "GET", Path: "utils/status", Handle: a.utilsStatus},
		{Method: "GET", Path: "svcinst/delivery/shortname/{shortname}", Handle: a.ownAccount(a.listInstances)},
		{Method: "GET", Path: "svcinst/delivery/shortname/{shortname}/searchAuto", Handle: a.ownAccount(a.searchInstances)},
		{Method: "POST", Path: "svcinst/delivery", Handle: a.createInstance},
		{Method: "POST", Path: "svcinst/delivery/inheritance", Handle: a.inheritInstance},
		{Method: "POST", Path: "svcinst/delivery/validate", Handle: a.validateInstance, ReadOnly: true},
		{Method: "GET", Path: "svcinst/delivery/{uuid}", Handle: a.getInstance},
		{Method: "PUT", Path: "svcinst/delivery/{uuid}", Handle: a.updateInstance},
		{Method: "DELETE", Path: "svcinst/delivery/{uuid}", Handle: a.deleteInstance},
		{Method: "GET", Path: "svcinst/delivery/{uuid}/versions", Handle: a.listVersions},
		{Method: "GET", Path: "svcinst/delivery/{uuid}/versions/{version}", Handle: a.getVersion},
		{Method: "POST", Path: "svcinst/delivery/{uuid}/rollbackTo/{version}", Handle: a.rollbackInstance},
		{Method: "GET", Path: "svcprof/delivery/shortname/{shortname}", Handle: a.ownAccount(a.listProfiles)},
		{Method: "GET", Path: "svcprof/delivery/shortname/{shortname}/search", Handle: a.ownAccount(a.listProfiles)},
		{Method: "GET", Path: "svcprof/delivery/shortname/{shortname}/{uuid}", Handle: a.ownAccount(a.getProfile)},
		{Method: "GET", Path: "configoption/shortname/{shortname}/svcProf/{profile}", Handle: a.ownAccount(a.listOptions)},
	}
}

func (a *Account) healthCheck(*emulator.Request) emulator.Reply {
	return emulator.ReplyJSON(http.StatusOK, []string{"OK"})
}

func (a *Account) utilsStatus(*emulator.Request) emulator.Reply {
	return emulator.ReplyJSON(http.StatusOK, map[string]string{"version": "v1", "status": "OK"})
}

// ownAccount refuses with 403 a call whose path names another account.
func (a *Account) ownAccount(next emulator.Handler) emulator.Handler {
	return func(r *emulator.Request) emulator.Reply {
		if name := r.PathValue("shortname"); name != a.options.Shortname {
			return a.reply(foreignAccount(name))
		}
		return next(r)
	}
}
