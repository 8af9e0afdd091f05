// Package vultrtest emulates Vultr's API, version 2, as far as it concerns DNS and
// the CDN's pull zones, its name servers, and the edge of its CDN.
package vultrtest

import (
	"net/http"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
)

// base is where the API begins, as at https://api.vultr.com.
const base = "/v2/"

// Options say what an emulated account is like.
type Options struct {
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

	Limit   int               // calls a second from one address; Vultr has 30; 0: no limit
	Latency time.Duration     // of each call
	Now     func() time.Time  // nil: time.Now
	Changes *emulator.Changes // nil: its own
	Faults  *emulator.Faults  // nil: none
}

// Account is an emulated account: an http.Handler that answers below /v2/. It is
// safe for concurrent use.
type Account struct {
	*emulator.Server
	options Options
	key     atomic.Pointer[string] // the API key

	state     *emulator.State // the lock of what follows
	zones     []*zone         // of DNS, in the order of their creation
	pullZones []*pullZone     // of the CDN, likewise
	seq       int             // of the newest zone or record; numbers their creation
}

// NewAccount returns an account with the zones of the options.
func NewAccount(options Options) *Account {
	if options.Now == nil {
		options.Now = time.Now
	}
	a := &Account{options: options}
	a.key.Store(&options.Key)
	a.state = emulator.NewState(options.Changes, a.keepHistory)
	for _, name := range options.Domains {
		a.addZone(name, dnssecDisabled)
	}
	a.Server = emulator.NewServer(emulator.API{
		Base: base, Routes: slices.Concat(a.domainRoutes(), a.pullZoneRoutes()), Refuse: refuse, Authenticate: a.authenticate,
		Limit:   emulator.Limit{Calls: options.Limit, Span: time.Second, Key: clientAddress},
		Latency: options.Latency, Now: options.Now, Faults: options.Faults,
	})
	return a
}

// keepHistory notes what stands after a change, for a fault to show later on.
func (a *Account) keepHistory() {
	if a.options.Faults == nil {
		return
	}
	for _, z := range a.zones {
		z.history.Keep(z.records, a.options.Now())
	}
}

// nextSeq numbers a new zone or record. The caller holds the state for writing.
func (a *Account) nextSeq() int {
	a.seq++
	return a.seq
}

// violation is why something is refused, worded as Vultr words it to its users.
type violation string

func (v violation) Error() string { return string(v) }

// refuse is an error reply in the shape seen in recordings, which repeat the
// status. What stands before the API and limits the rate has words of its own.
func refuse(status int, message string) emulator.Reply {
	if status == http.StatusTooManyRequests {
		return emulator.Reply{
			Status: status, Header: http.Header{"Content-Type": {"application/json"}},
			Body: []byte(`{"status":429,"error":"rate limit exceeded"}`),
		}
	}
	return emulator.ReplyJSON(status, struct {
		Error  string `json:"error"`
		Status int    `json:"status"`
	}{message, status})
}

// noContent is a 204 as recorded: empty, and called HTML.
func noContent() emulator.Reply {
	return emulator.Reply{Status: http.StatusNoContent, Header: http.Header{"Content-Type": {"text/html; charset=UTF-8"}}}
}

// readFields decodes the fields of a JSON object that a request sent into
// pointers; others are left out of account.
func readFields(body []byte, fields map[string]any) error {
	sent, err := emulator.ParseDocument(body)
	if err != nil {
		return err
	}
	for key, v := range fields {
		if err := sent.Read(key, v); err != nil {
			return err
		}
	}
	return nil
}
