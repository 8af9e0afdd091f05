// Package feedback tells a cluster what became of its Ingresses, as far as RBAC
// allows: it keeps status.loadBalancer true and records Events. It works beside
// the syncer, which does not wait for it:
//
//	Source.Reports   the outcomes of the last plan -> a Report for each Ingress
//	queue            reports, time                 -> what there is to write
//	Reporter         writes it, one after the other, at a limited rate
//
// A restart with nothing changed writes nothing: which entries of a status are
// ours the API server knows (watcher.StatusManager), and an Event has a name that
// follows from what it says.
package feedback

// kind is what a job writes.
type kind int

const (
	status kind = iota // an Ingress's status
	events             // an Event about it
	kinds
)
