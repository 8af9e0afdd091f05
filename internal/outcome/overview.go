package outcome

import (
	"time"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
)

// Overview is what the last plan saw and found. Nothing in it ever changes but what
// LastSync answers, so it may be read at any time and kept. It must not be written to
// either, since the syncer goes on using most of it.
type Overview struct {
	At       time.Time // of the plan
	Settings model.Settings
	DryRun   bool
	Awaited  string // what the first comparison waits for; "": it was made

	Want desired.Want
	// Step is without its operations, which the syncer takes away as it begins them, and
	// without its memory.
	Step    plan.Step
	Rules   []*model.Rule   // all at the CDNs, ours or not, as far as known, in order
	Records []*model.Record // all in the zones, likewise
	// Found are the Ingresses that had rules when the CDNs were first read.
	Found map[model.IngressID]bool

	Nodes     map[string][]kube.Node // by cluster; of ready clusters
	Providers []Provider
	Failures  []Failure // in the order of provider and place
	// LastSync is when all providers last had what an Ingress wants that is published;
	// zero: it is not, or they have not had it since the start.
	LastSync func(model.IngressID) time.Time
}

// Provider is how things are with one provider.
type Provider struct {
	Name      model.Provider
	Reachable bool      // the last readings succeeded
	Read      time.Time // when the last complete reading began; zero: none yet
	NextRead  time.Time // when the next one is due
	ReadError string    // of the last readings; "": they succeeded
	Waiting   int       // operations to do, those under way included
}
