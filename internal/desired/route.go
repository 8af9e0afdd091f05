package desired

import (
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// Route is what shall become of one host and path. It is not changed once made.
type Route struct {
	Key model.RuleKey
	// Rule is what to publish, for Ingress. It is the zero Rule where no candidate can
	// be published.
	Rule    model.Rule
	Ingress model.IngressID
	Set     string // the zone name of the address set that is the rule's origin
	// Unsettled says that Set may be another one once the CDN was read. Until then no
	// addresses are made for it.
	Unsettled bool
	Adopt     bool // a rule that nobody labelled may be taken over
	// Release says that a rule which stands for Ingress shall lose its label and be
	// left alone from then on. There is nothing to publish then.
	Release bool
	// Retained are the live rules that may stay for the sake of Ingresses that go
	// before but cannot be understood.
	Retained []Retention

	precedence precedence // among the candidates for Key
	created    time.Time  // of the Ingress
}

// Wanted reports whether there is a rule to publish. There is none where there is no
// route.
func (r *Route) Wanted() bool { return r != nil && r.Rule.Host != "" }

// Where returns the key of the route without a copy.
func (r *Route) Where() *model.RuleKey { return &r.Key }
