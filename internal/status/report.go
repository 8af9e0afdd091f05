// Package status shows what the daemon does: as a page for people, plain HTML
// that needs no JavaScript, and as JSON for scripts. It works on what the
// syncer's last plan saw and found, and calls nobody.
package status

import (
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/outcome"
)

// Report is what /status.json holds and the page shows.
type Report struct {
	Version string    `json:"version"`
	Owner   string    `json:"owner"`
	Zone    string    `json:"zone"`
	At      time.Time `json:"at"` // of the plan that it tells of
	DryRun  bool      `json:"dry_run"`
	// Awaited is what the first comparison waits for; empty once it was made.
	Awaited   string     `json:"awaited,omitempty"`
	Providers []Provider `json:"providers"`
	Clusters  []Cluster  `json:"clusters"`
	Notices   []Notice   `json:"notices"`
	Failures  []Failure  `json:"failures"`
	// Counts are the Ingresses in each state that fit the filter, were it not
	// for its state. Matching is how many fit all of it.
	Counts    Counts    `json:"counts"`
	Matching  int       `json:"matching"`
	Ingresses []Ingress `json:"ingresses"` // what is worse goes first
	Origins   []Origin  `json:"origins"`   // all of them, by name
}

// Provider is a CDN or DNS provider as the daemon last met it.
type Provider struct {
	Name      model.Provider `json:"name"`
	Reachable bool           `json:"reachable"` // the last reading succeeded
	LastRead  time.Time      `json:"last_read,omitzero"`
	NextRead  time.Time      `json:"next_read,omitzero"`
	Error     string         `json:"error,omitempty"` // of the last reading
	Waiting   int            `json:"waiting"`         // operations to do
	Failing   int            `json:"failing"`         // of these, failed when last tried
}

// Cluster is one cluster of the configuration.
type Cluster struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"` // each resource has had a complete snapshot
	Nodes Nodes  `json:"nodes"`
	// LeftOut are the nodes that have no address in DNS and shall have none.
	LeftOut []Node `json:"nodes_left_out"`
	Counts  Counts `json:"counts"` // of its Ingresses
}

// Nodes says what became of a cluster's nodes.
type Nodes struct {
	Ready     int  `json:"ready"`
	NotReady  int  `json:"not_ready"`
	Excluded  int  `json:"excluded"`
	NoAddress int  `json:"no_address"`
	Panic     bool `json:"panic"`      // fewer than half are ready, so all stand in DNS
	LastKnown bool `json:"last_known"` // none is left, the last known addresses stay in DNS
}

// Notice is something that an operator should look at. Fatal says that
// something is not served because of it.
type Notice struct {
	Fatal bool   `json:"fatal"`
	Text  string `json:"text"`
}

// Failure is an operation that failed when it was last tried.
type Failure struct {
	Provider model.Provider `json:"provider"`
	Action   string         `json:"action"` // create, update, delete or look up
	Object   string         `json:"object"`
	Error    string         `json:"error"`
	Times    int            `json:"times"` // one after the other
	Since    time.Time      `json:"since"`
	Next     time.Time      `json:"next,omitzero"` // zero: it is being tried
}

// Ingress is one that edgeward publishes, or would if it could, or did and has
// not cleared away yet. Its state is the worst of its routes'.
type Ingress struct {
	Cluster   string        `json:"cluster"`
	Namespace string        `json:"namespace"`
	Name      string        `json:"name"`
	State     desired.State `json:"state"`
	LastSync  time.Time     `json:"last_sync,omitzero"` // when all providers last had what it wants
	Warnings  []string      `json:"warnings,omitempty"`
	Routes    []Route       `json:"routes"`
}

// Route is one host and path of an Ingress. Both are empty for what concerns
// none that could be read.
type Route struct {
	Host   string         `json:"host,omitempty"`
	Path   string         `json:"path,omitempty"`
	URLs   []string       `json:"urls,omitempty"` // as they are published, or shall be
	State  desired.State  `json:"state"`
	Reason string         `json:"reason,omitempty"`
	CDN    model.Provider `json:"cdn,omitempty"`    // where it is published, or shall be
	Rule   string         `json:"rule,omitempty"`   // the CDN's ID of the rule that stands
	Origin string         `json:"origin,omitempty"` // the name that the CDN asks; see Report.Origins
	// OriginURLs are what it asks there.
	OriginURLs []string `json:"origin_urls,omitempty"`
	Failure    *Failure `json:"failure,omitempty"` // what keeps it from its place
}

// Origin is a name in the zone with its addresses.
type Origin struct {
	Name      string    `json:"name"`
	Cluster   string    `json:"cluster"`
	Used      bool      `json:"used"` // a route names it
	Addresses []Address `json:"addresses"`
}

// Address is one address of an origin.
type Address struct {
	Type    string               `json:"type"` // of the record: "A", …
	Address string               `json:"address"`
	State   outcome.AddressState `json:"state"`
	Nodes   []Node               `json:"nodes"` // that have it
	Failure *Failure             `json:"failure,omitempty"`
}

// Node is a node with why it takes no traffic; "" if it does.
type Node struct {
	Name    string `json:"name"`
	Trouble string `json:"trouble,omitempty"`
}

// ID is the Ingress's name as in the log.
func (i Ingress) ID() model.IngressID {
	return model.IngressID{Cluster: i.Cluster, Namespace: i.Namespace, Name: i.Name}
}

// states are all states, the worst first.
func states() []desired.State {
	return []desired.State{desired.Failed, desired.Invalid, desired.Conflict, desired.Pending, desired.Synced}
}

// rank orders states, the worst first.
func rank(s desired.State) int { return slices.Index(states(), s) }

// Counts are how many are in each state.
type Counts map[desired.State]int

// zeros are counts of nothing.
func zeros() Counts {
	counts := make(Counts)
	for _, s := range states() {
		counts[s] = 0
	}
	return counts
}
