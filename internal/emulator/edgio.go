package emulator

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
)

// edgioBase is where the API begins, as at https://apis.llnw.com.
const edgioBase = "/config-api/v1/"

// EdgioOptions say what an emulated Edgio account is like.
type EdgioOptions struct {
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

	Limit   int              // calls a minute; 0: no limit
	Latency time.Duration    // of each call
	Now     func() time.Time // nil: time.Now
	Changes *Changes         // nil: its own
	Faults  *Faults          // nil: none
}

// Edgio emulates the delivery part of Edgio's (formerly Limelight's)
// Configuration API below /config-api/v1/, as its SDKs know it. It is safe for
// concurrent use.
//
// Not emulated: certificates, chunked streaming.
type Edgio struct {
	callLog
	options EdgioOptions
	routes  routes
	handle  handler

	mu        sync.RWMutex // see package documentation for the order of locks
	key       []byte       // SharedKey, decoded
	instances []history    // in the order of their creation
	past      past[history]
}

// NewEdgio returns an account without rules. It panics if the shared key is not
// hexadecimal.
func NewEdgio(options EdgioOptions) *Edgio {
	key, err := hex.DecodeString(options.SharedKey)
	must(err)
	if len(options.Profiles) == 0 {
		options.Profiles = []string{"LLNW-Generic"}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Changes == nil {
		options.Changes = new(Changes)
	}
	options.PublicURL = strings.TrimSuffix(options.PublicURL, "/")
	e := &Edgio{options: options, key: key}
	e.routes = routes{base: edgioBase, list: e.endpoints(), refuse: refuseEdgio}
	calls := &window{limit: options.Limit, span: time.Minute, now: options.Now}
	e.handle = pipeline(dispatch,
		e.callLog.stage,
		e.describe,
		readBody(refuseEdgio),
		options.Faults.stage(refuseEdgio),
		delay(options.Latency),
		e.authenticate,
		limit(calls, func(*request) string { return options.Username }, refuseEdgio),
	)
	return e
}

// ServeHTTP answers one call of the API.
func (e *Edgio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve(w, r, e.routes, e.handle)
}

func (e *Edgio) endpoints() []route {
	return []route{
		{method: "GET", path: "health/check", handle: e.healthCheck},
		{method: "GET", path: "utils/status", handle: e.utilsStatus},
		{method: "GET", path: "svcinst/delivery/shortname/{shortname}", handle: e.ownAccount(e.listInstances)},
		{method: "GET", path: "svcinst/delivery/shortname/{shortname}/searchAuto", handle: e.ownAccount(e.searchInstances)},
		{method: "POST", path: "svcinst/delivery", handle: e.createInstance},
		{method: "POST", path: "svcinst/delivery/inheritance", handle: e.inheritInstance},
		{method: "POST", path: "svcinst/delivery/validate", handle: e.validateInstance, readOnly: true},
		{method: "GET", path: "svcinst/delivery/{uuid}", handle: e.getInstance},
		{method: "PUT", path: "svcinst/delivery/{uuid}", handle: e.updateInstance},
		{method: "DELETE", path: "svcinst/delivery/{uuid}", handle: e.deleteInstance},
		{method: "GET", path: "svcinst/delivery/{uuid}/versions", handle: e.listVersions},
		{method: "GET", path: "svcinst/delivery/{uuid}/versions/{version}", handle: e.getVersion},
		{method: "POST", path: "svcinst/delivery/{uuid}/rollbackTo/{version}", handle: e.rollbackInstance},
		{method: "GET", path: "svcprof/delivery/shortname/{shortname}", handle: e.ownAccount(e.listProfiles)},
		{method: "GET", path: "svcprof/delivery/shortname/{shortname}/search", handle: e.ownAccount(e.listProfiles)},
		{method: "GET", path: "svcprof/delivery/shortname/{shortname}/{uuid}", handle: e.ownAccount(e.getProfile)},
		{method: "GET", path: "configoption/shortname/{shortname}/svcProf/{profile}", handle: e.ownAccount(e.listOptions)},
	}
}

// edgioError is one fault in an error reply.
type edgioError struct {
	Message     string `json:"message"`
	Code        int    `json:"code"`
	Description string `json:"description"`
	Source      string `json:"source"` // the field or header at fault
}

// refusal is why an instance is not accepted, and the status that says so.
type refusal struct {
	status int
	errors []edgioError
}

// reply is the refusal as a reply. That the Configuration API answers errors in
// the shape of its sibling, the SmartPurge API, is a guess.
func (r refusal) reply() reply {
	return replyJSON(r.status, map[string]any{"errors": r.errors})
}

// refuseField is a refusal for one reason, with the field to blame, if any. That
// the code repeats the status is a guess.
func refuseField(status int, source, message string) *refusal {
	return &refusal{status, []edgioError{{Message: message, Code: status, Source: source}}}
}

// describe is the stage that moves what errors say, see EdgioOptions.Descriptions.
func (e *Edgio) describe(next handler) handler {
	if !e.options.Descriptions {
		return next
	}
	return func(r *request) reply {
		answer := next(r)
		var body struct{ Errors []edgioError }
		if answer.ok() || json.Unmarshal(answer.body, &body) != nil || len(body.Errors) == 0 {
			return answer
		}
		for i := range body.Errors {
			body.Errors[i].Description, body.Errors[i].Message = body.Errors[i].Message, http.StatusText(answer.status)
		}
		answer.body = refusal{answer.status, body.Errors}.reply().body
		return answer
	}
}

// refuseEdgio is refuseField's reply where no field is to blame.
func refuseEdgio(status int, message string) reply {
	return refuseField(status, "", message).reply()
}
