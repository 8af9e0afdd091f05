package desired

// State is what became of one route, which is a host and path that an Ingress
// claims, or of an Ingress that claims none that could be read.
type State string

const (
	Synced   State = "synced"   // the rule and its addresses stand
	Pending  State = "pending"  // on the way, or waiting for an object in the cluster
	Conflict State = "conflict" // another Ingress or somebody else's rule has it
	Invalid  State = "invalid"  // cannot be published as it is written
	Failed   State = "error"    // the provider refuses or does not answer
	Released State = "released" // the Ingress let go of its rule
)
