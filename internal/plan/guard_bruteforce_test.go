package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/guard"
)

// guardWorld is a cluster that changes by chance, and a daemon that sees it well or not.
type guardWorld struct {
	*guardStage
	t     *testing.T
	seed  uint64
	rng   *rand.Rand
	paths []int // of Ingresses that there really are
	nodes []int
	steps []string
}

// TestGuardBruteForce has Ingresses and nodes come and go, while the daemon watches, is
// down, or is reloaded, and now and then a wrong view of the cluster: another selection, an
// empty list, one in part. While the view is wrong no group loses more than its share. When
// it was right for long enough, all is as a first start would make it.
func TestGuardBruteForce(t *testing.T) {
	histories := 2000
	if testing.Short() || raceDetector() {
		histories = 300
	}
	for seed := range histories {
		set := fixture.TwoCDNs()
		set.CDNs[0].Host, set.ConfirmAfter = "acme.cdn.example.net", time.Hour
		w := &guardWorld{guardStage: &guardStage{stage: newStage(set), selection: "right"}, t: t, seed: uint64(seed), rng: rand.New(rand.NewPCG(uint64(seed), 2))}
		for i := range 2 + w.rng.IntN(6) {
			w.paths, w.nodes = append(w.paths, i), append(w.nodes, i)
		}
		w.history()
	}
}

func (w *guardWorld) history() {
	w.started(w.truth())
	w.run()
	for range 25 {
		switch w.rng.IntN(8) {
		case 0, 1:
			w.chance()
			w.log("the watch reports %v on %v", w.paths, w.nodes)
			w.reported(w.truth())
		case 2:
			w.chance()
			w.log("started: %v on %v", w.paths, w.nodes)
			w.started(w.truth())
		case 3:
			w.chance()
			w.log("reloaded: %v on %v", w.paths, w.nodes)
			w.reloaded(w.selection, w.truth())
		case 4:
			w.chance()
			w.log("listed: %v on %v", w.paths, w.nodes)
			w.listed(w.truth())
		case 5:
			w.wrongView()
		default:
			d := time.Duration(w.rng.IntN(120)) * time.Second
			w.log("%s pass", d)
			w.later(d)
		}
	}
	w.log("started at last: %v on %v", w.paths, w.nodes)
	w.started(w.truth())
	w.run()
	w.confirm()
	fresh := newStage(w.Settings, w.truth())
	fresh.run()
	if diff := cmp.Diff((&guardStage{stage: fresh}).names(), w.names()); diff != "" {
		w.fail("blocked %v; at the end (-a first start would make +stands):\n%s", w.step.Blocked, diff)
	}
}

func (w *guardWorld) log(format string, a ...any) {
	w.steps = append(w.steps, fmt.Sprintf(format, a...))
}

func (w *guardWorld) fail(format string, a ...any) {
	w.t.Helper()
	w.t.Fatalf("seed %d: %s\nafter:\n%s", w.seed, fmt.Sprintf(format, a...), fmt.Sprint(w.steps))
}

// chance has Ingresses and nodes come and go.
func (w *guardWorld) chance() {
	turn := func(list []int) []int {
		for i := range 8 {
			switch at := slices.Index(list, i); {
			case w.rng.IntN(3) > 0:
			case at < 0:
				list = append(list, i)
			case len(list) > 1:
				list = slices.Delete(slices.Clone(list), at, at+1)
			}
		}
		return list
	}
	w.paths, w.nodes = turn(w.paths), turn(w.nodes)
}

// of is a cluster with these Ingresses and nodes.
func (w *guardWorld) of(paths, nodes []int) desired.Cluster {
	objects := []any{fixture.Web()}
	for _, i := range paths {
		objects = append(objects, fixture.Ingress(fmt.Sprint("ing", i), fmt.Sprintf("www%d.example.com", i%3), "Exact", fmt.Sprint("/", i)))
	}
	for _, i := range nodes {
		objects = append(objects, fixture.Node(fmt.Sprint("n", i), fmt.Sprintf("192.0.2.%d", 1+i)))
	}
	return fixture.Cluster("main", objects...)
}

func (w *guardWorld) truth() desired.Cluster { return w.of(w.paths, w.nodes) }

// wrongView has the daemon see too little for less than an hour, once all is well.
func (w *guardWorld) wrongView() {
	w.run()
	w.confirm()
	rules, hosts, addresses := w.count()
	view := w.of(w.few(w.paths), w.few(w.nodes))
	switch w.rng.IntN(3) {
	case 0:
		w.log("a list shows only %v", w.now)
		w.listed(view)
	case 1:
		w.log("another selection, by reload")
		w.reloaded("wrong", view)
	case 2:
		w.log("another selection, by a start")
		w.selection = "wrong"
		w.started(view)
	}
	w.run()
	w.later(time.Duration(w.rng.IntN(40)) * time.Minute)
	r, h, a := w.count()
	for what, loss := range map[string]guard.Loss{"rules": {Had: rules, Left: r}, "addresses": {Had: addresses, Left: a}} {
		if loss.Exceeds(w.Settings.MaxDelete) {
			w.fail("a wrong view has taken %d of %d %s away", loss.Had-loss.Left, loss.Had, what)
		}
	}
	if rules == r && hosts != h {
		w.fail("all rules stand, but of %d hosts %d are led to them", hosts, h)
	}
	w.log("the view is right again")
	w.reloaded("right", w.truth())
	w.run()
	if w.step.Blocked != nil {
		w.fail("with the right view %v", w.step.Blocked)
	}
}

// few is some of a list, perhaps none of it.
func (w *guardWorld) few(list []int) (some []int) {
	keep := w.rng.IntN(4)
	for _, i := range list {
		if w.rng.IntN(4) < keep {
			some = append(some, i)
		}
	}
	return some
}

// count is how many rules, hosts in DNS and addresses stand.
func (w *guardWorld) count() (rules, hosts, addresses int) {
	for _, r := range w.Records.Objects {
		switch r.Type {
		case "CNAME":
			hosts++
		case "A":
			addresses++
		}
	}
	return len(w.Rules.Objects), hosts, addresses
}
