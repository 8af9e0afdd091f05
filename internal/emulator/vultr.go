package emulator

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// vultrBase is where the API begins, as at https://api.vultr.com.
const vultrBase = "/v2/"

// VultrOptions say what an emulated Vultr account is like.
type VultrOptions struct {
	Key string // the API key
	// Sources are the addresses that the key may be used from; none: all.
	Sources []netip.Prefix
	// Domains are zones that exist from the start, without records.
	Domains []string
	// MinTTL, in seconds, is what a lower TTL is raised to, silently. Whether
	// the real API has a minimum is not known. 0: none.
	MinTTL int
	// AllowDuplicates admits records equal in name, type, data and priority.
	// Whether the real API does is not known.
	AllowDuplicates bool
	// RefuseTTLPatch refuses a PATCH of a record's TTL without its data, and
	// RefuseTTLWithData one of both. Clients of Vultr report either; whether they
	// are right is not known.
	RefuseTTLPatch    bool
	RefuseTTLWithData bool
	// LongIPv6 shows AAAA data in full and in upper case, and WholeNames names,
	// and targets of records, in upper case with a dot at the end, the names with
	// their zone. Recordings show neither; Vultr's own example has whole names.
	LongIPv6   bool
	WholeNames bool
	// Hang is how long a CNAME with a Unicode target keeps its caller waiting. Then
	// the answer is 504, as reported of the real API; how long that takes is not known.
	Hang time.Duration

	// PullZonePending is how long a new pull zone of the CDN is pending before
	// it becomes active. 0: it is active at once.
	PullZonePending time.Duration
	// AnyOriginDomain admits pull zones whose origin_domain is an IP address or
	// has a port. Whether the real API does is not known.
	AnyOriginDomain bool
	// UniqueVanityDomains refuses a second pull zone with the vanity_domain of
	// another. Whether the real API does is not known.
	UniqueVanityDomains bool
	// MaxLabel is how many bytes the label of a pull zone may have; a longer one is
	// refused or, with CutLabels, silently cut. Whether the real API has a limit,
	// and which, is not known. 0: none.
	MaxLabel  int
	CutLabels bool
	// ListWithoutMeta lists the pull zones without the key meta, all on one page.
	// The real API's list is documented with it, but declares no pages.
	ListWithoutMeta bool

	Limit   int              // calls a second from one address; Vultr has 30; 0: no limit
	Latency time.Duration    // of each call
	Now     func() time.Time // nil: time.Now
	Changes *Changes         // nil: its own
	Faults  *Faults          // nil: none
}

// Vultr emulates Vultr's API, version 2, below /v2/, as far as it concerns DNS
// and the CDN's pull zones. It is safe for concurrent use.
type Vultr struct {
	callLog
	options VultrOptions
	routes  routes
	handle  handler

	mu        sync.RWMutex // see package documentation for the order of locks
	zones     []*zone      // of DNS, in the order of their creation
	pullZones []*pullZone  // of the CDN, likewise
	seq       int          // of the newest zone or record; numbers their creation
}

// NewVultr returns an account with the zones of the options.
func NewVultr(options VultrOptions) *Vultr {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Changes == nil {
		options.Changes = new(Changes)
	}
	v := &Vultr{options: options}
	for _, name := range options.Domains {
		v.addZone(name, dnssecDisabled)
	}
	v.routes = routes{base: vultrBase, list: slices.Concat(v.endpoints(), v.pullZoneEndpoints()), refuse: refuseVultr}
	calls := &window{limit: options.Limit, span: time.Second, now: options.Now}
	v.handle = pipeline(dispatch,
		v.callLog.stage,
		readBody(refuseVultr),
		options.Faults.stage(refuseVultr),
		delay(options.Latency),
		v.authenticate,
		limit(calls, clientAddress, refuseVultr),
	)
	return v
}

// ServeHTTP answers one call of the API.
func (v *Vultr) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve(w, r, v.routes, v.handle)
}

func (v *Vultr) endpoints() []route {
	return []route{
		{method: "GET", path: "domains", handle: v.listDomains},
		{method: "POST", path: "domains", handle: v.createDomain},
		{method: "GET", path: "domains/{domain}", handle: v.getDomain},
		{method: "PUT", path: "domains/{domain}", handle: v.updateDomain},
		{method: "DELETE", path: "domains/{domain}", handle: v.deleteDomain},
		{method: "GET", path: "domains/{domain}/dnssec", handle: v.getDNSSEC},
		{method: "GET", path: "domains/{domain}/soa", handle: v.getSOA},
		{method: "PATCH", path: "domains/{domain}/soa", handle: v.updateSOA},
		{method: "GET", path: "domains/{domain}/records", handle: v.listRecords},
		{method: "POST", path: "domains/{domain}/records", handle: v.createRecord},
		{method: "GET", path: "domains/{domain}/records/{id}", handle: v.getRecord},
		{method: "PATCH", path: "domains/{domain}/records/{id}", handle: v.updateRecord},
		{method: "DELETE", path: "domains/{domain}/records/{id}", handle: v.deleteRecord},
	}
}

// authenticate is the stage that refuses calls without the key, or from an
// address it may not be used from. Both are 401; only the text differs.
func (v *Vultr) authenticate(next handler) handler {
	return func(r *request) reply {
		if r.Header.Get("Authorization") != "Bearer "+v.key() {
			return refuseVultr(http.StatusUnauthorized, "Invalid API token.")
		}
		address := clientAddress(r)
		if len(v.options.Sources) > 0 && !inPrefixes(address, v.options.Sources) {
			return refuseVultr(http.StatusUnauthorized, "Unauthorized IP address: "+address)
		}
		return next(r)
	}
}

// clientAddress is the IP address a call comes from.
func clientAddress(r *request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func inPrefixes(address string, prefixes []netip.Prefix) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(ip.Unmap()) })
}

// refuseVultr is an error reply in the shape seen in recordings, which repeat
// the status. What stands before the API and limits the rate has words of its own.
func refuseVultr(status int, message string) reply {
	if status == http.StatusTooManyRequests {
		return reply{
			status: status, header: http.Header{"Content-Type": {"application/json"}},
			body: []byte(`{"status":429,"error":"rate limit exceeded"}`),
		}
	}
	return replyJSON(status, struct {
		Error  string `json:"error"`
		Status int    `json:"status"`
	}{message, status})
}

// noContent is a 204 as recorded: empty, and called HTML.
func noContent() reply {
	return reply{status: http.StatusNoContent, header: http.Header{"Content-Type": {"text/html; charset=UTF-8"}}}
}

// change answers with what f, which may change the state, does; hooks run if it
// succeeded.
func (v *Vultr) change(f func() reply) (answer reply) {
	v.apply(true, func() bool {
		answer = f()
		return answer.ok()
	})
	return answer
}

// apply changes the state by f, which says whether it did, for the sake of a
// call or, as a test wants it, behind the client's back.
func (v *Vultr) apply(byCall bool, f func() bool) (changed bool) {
	return v.options.Changes.apply(&v.mu, byCall, func() bool {
		changed := f()
		if changed && v.options.Faults != nil {
			for _, z := range v.zones {
				z.past.keep(z.records, v.options.Now())
			}
		}
		return changed
	})
}
