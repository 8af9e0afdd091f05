package guard

import (
	"fmt"
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// Loss is what one group of objects loses by inference.
type Loss struct {
	// Had is how many the group had, without those that were said to go.
	Had int
	// Left is how many of these stay, and in a set those that have come instead.
	Left int
}

// Exceeds reports whether the loss is more than the share (sync.max_delete, 0 to 1) of
// what the group had, or all of it.
func (l Loss) Exceeds(share float64) bool {
	lost := l.Had - l.Left
	return lost > 0 && (l.Left == 0 || float64(lost) > share*float64(l.Had))
}

// Blocked is a loss that the guard does not believe.
type Blocked struct {
	Provider model.Provider
	Cluster  string
	Set      string // the full name of an address set; "": rules, or the records of hosts
	// Count objects stay, of Total that the group had without those that were said to go.
	Count, Total int
	// Until is when they go if the cluster still says the same; zero: that does not help.
	Until time.Time
	// Changed: it is not believed in time, as the configuration selects otherwise than
	// when all was well.
	Changed bool
}

// String says what is refused and what to do.
func (b Blocked) String() string {
	what := "objects"
	if b.Set != "" {
		what = "records of " + b.Set
	}
	text := fmt.Sprintf("refusing to delete %d of %d %s of cluster %s at %s that no Ingress wants any more (sync.max_delete); ",
		b.Count, b.Total, what, b.Cluster, b.Provider)
	switch {
	case b.Changed:
		text += "the configuration selects otherwise than when the cluster was last in sync: correct it if that is a mistake; "
	case !b.Until.IsZero():
		text += fmt.Sprintf("they go at %s if the cluster still says so then (sync.confirm_after); ", b.Until.UTC().Format(time.RFC3339))
	}
	return text + "if that is right, restart once with --allow-delete"
}
