package e2e

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/test/lab"
)

// thorough is set by make test-faults.
var thorough = flag.Bool("thorough", false, "take the long form of the tests that have one")

// transition leads from one state that is exact to another.
type transition struct {
	name      string
	do        func()
	config    string   // what the daemon runs with from then on; "": as before
	rules     []string // that stand afterwards
	addresses []string
	ttl       int
	exact     func() error // returns nil in the state it leads to; nil: by the three above
}

// TestCrashAnywhere kills the daemon by SIGKILL at every call that it makes to
// a provider while it adds, modifies, moves, adopts and removes rules, follows
// nodes and changes the TTL: once before the call has its effect and once after
// it. Started again, it becomes exact and leaves nothing behind, and at no
// moment an invariant is broken.
//
// The transitions lead round in a circle. The first round counts their calls;
// in the following ones the nth point of each is where the daemon dies. In the
// long form it also dies once more, at each of the first calls that it makes
// when it was started again.
func TestCrashAnywhere(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.guard.Adopts()
	c := &crasher{bed: b}
	circle := c.circle()
	c.start()
	c.rounds(circle)
}

// rounds goes round the circle until the daemon has died at every point.
func (c *crasher) rounds(circle []transition) {
	c.t.Helper()
	calls := make([]int, len(circle))
	most := 0
	for i, tr := range circle {
		c.pass(tr, nil)
		calls[i] = c.Faults.Count()
		most = max(most, calls[i])
	}
	again := []int{0}
	if *thorough {
		again = []int{0, 1, 2, 3, 4, 5, 6, 7}
	}
	started, points := time.Now(), make([]int, len(circle))
	for _, again := range again {
		for n := 1; n <= most; n++ {
			for _, after := range []bool{false, true} {
				for i, tr := range circle {
					if n > calls[i] {
						c.pass(tr, nil)
						continue
					}
					deaths := []point{{n, after}}
					if again > 0 {
						deaths = append(deaths, point{again, after})
					}
					if c.pass(tr, deaths) > 0 {
						points[i]++
					}
				}
			}
		}
	}
	total := 0
	for i, tr := range circle {
		c.t.Logf("%-28s %2d calls, killed at %2d points", tr.name, calls[i], points[i])
		if want := 2 * calls[i] * len(again); points[i] != want {
			c.t.Errorf("%s: %d points instead of %d", tr.name, points[i], want)
		}
		total += points[i]
	}
	c.t.Logf("killed at %d points in %s", total, time.Since(started).Round(time.Second))
}

// point is where the daemon is killed: before or after the effect of the nth
// call, from 1.
type point struct {
	n     int
	after bool
}

// crasher runs one daemon after the other.
type crasher struct {
	*bed
	config string

	mu     sync.Mutex
	daemon *daemon
}

// start starts a daemon. It may make its first call before start returns.
func (c *crasher) start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.daemon = c.bed.start(c.config)
}

// current is the daemon that was started last.
func (c *crasher) current() *daemon {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.daemon
}

// kill ends a daemon as a power cut would.
func kill(d *daemon) {
	_ = d.Signal(syscall.SIGKILL) // it may be dead already
	<-d.Done()
}

// pass goes through a transition, and through the deaths of the daemon: the
// first at a call that it makes then, each further one at a call that it makes
// when it was started again. It returns how many there were.
func (c *crasher) pass(tr transition, deaths []point) (died int) {
	c.t.Helper()
	armed := len(deaths) > 0
	c.arm(deaths)
	if tr.config != "" && tr.config != c.config {
		c.daemon.stop()
		c.config = tr.config
		tr.do()
		c.start()
	} else {
		tr.do()
	}
	exact := tr.exact
	if exact == nil {
		exact = func() error {
			return errors.Join(lab.Same("rules", c.marked(), tr.rules...), lab.Same("records", c.Records(), c.records(tr)...))
		}
	}
	for ; len(deaths) > 0; deaths = deaths[1:] {
		c.until(func() error {
			if c.dead() || exact() == nil && c.quiet() == nil {
				return nil
			}
			return errors.New("neither dead nor exact")
		})
		if !c.dead() {
			break // it had less to do than the last time
		}
		died++
		c.arm(deaths[1:])
		c.start()
	}
	if armed {
		c.Faults.Set(nil)
	}
	c.until(exact)
	c.until(func() error {
		return errors.Join(c.quiet(), c.daemon.atLeast(1, "edgeward_last_success_timestamp_seconds", `target="vultr"`))
	})
	if err := exact(); err != nil {
		c.t.Fatalf("%s: once idle: %v", tr.name, err)
	}
	return died
}

// arm has the daemon die at the first of the points, if there is one.
func (c *crasher) arm(deaths []point) {
	if len(deaths) == 0 {
		c.Faults.Set(nil)
		return
	}
	fatal := deaths[0]
	c.Faults.Set(func(n int, _ emulator.Call) emulator.Fault {
		switch {
		case n < fatal.n:
			return emulator.Fault{}
		case n == fatal.n && fatal.after:
			victim := c.current()
			return emulator.Fault{Reset: true, After: true, Then: func() { kill(victim) }}
		}
		kill(c.current()) // at the latest
		return emulator.Fault{Reset: true}
	})
}

// quiet returns nil once the daemon has nothing left to do.
func (c *crasher) quiet() error {
	return errors.Join(c.daemon.ready(), c.daemon.shows(0, "edgeward_queue_depth"))
}

// dead reports whether the daemon has ended.
func (c *crasher) dead() bool {
	select {
	case <-c.daemon.Done():
		return true
	default:
		return false
	}
}

// marked are the rules that stand, see lab.Rules, with the Ingress that each is
// marked for.
func (c *crasher) marked() []string {
	lines := c.Rules()
	for i, line := range lines {
		for _, r := range c.Edgio.Instances() {
			if !strings.HasPrefix(line, "https://"+r.Host+r.Path+" ") {
				continue
			}
			for _, o := range r.ProtocolSets[0].Options {
				if len(o.Parameters) == 2 && o.Parameters[0] == "X-Edgeward" {
					mark := fmt.Sprint(o.Parameters[1])
					lines[i] += " for " + mark[:strings.LastIndex(mark, "/")]
				}
			}
		}
	}
	return lines
}

// records are those that stand after a transition.
func (c *crasher) records(tr transition) []string {
	lines := []string{fmt.Sprintf(`_edgeward.main.%s TXT "heritage=edgeward,edgeward/owner=%s,edgeward/cluster=%s,edgeward/cdns=edgio" ttl %d`,
		lab.Owner, lab.Owner, clusterUID(c.t, server), tr.ttl)}
	for _, a := range tr.addresses {
		lines = append(lines, fmt.Sprintf("nodes.main.%s A %s ttl %d", lab.Owner, a, tr.ttl))
	}
	return lines
}

// circle is all transitions. The last one leads to where the first begins.
func (c *crasher) circle() []transition {
	b := c.bed
	// The guard is on: what a daemon that died has left behind goes when it is confirmed.
	sync := "adopt: annotated\nconfirm_after: 200ms"
	slow, fast := b.config(sections{"sync": sync}), b.config(sections{"sync": sync, "vultr": "ttl: 60"})
	c.config = slow
	at := func(path, name string, port int) string {
		return fmt.Sprintf("%s for %s/main/default/%s", rule("www.example.com/"+path, port), lab.Owner, name)
	}
	stripped := func(line string) string { return strings.Replace(line, "/one for", "/ for", 1) }
	ing := func(name, path string) string { return ingress(name, "www.example.com/"+path) }
	one, two := ing("one", "one"), ing("two", "two")
	addresses := []string{"192.0.2.1", "192.0.2.2"}
	var list []transition
	add := func(name string, do func(), rules ...string) *transition {
		list = append(list, transition{name: name, do: do, rules: rules, addresses: slices.Clone(addresses), ttl: 120})
		return &list[len(list)-1]
	}
	b.nodes("192.0.2.1", "192.0.2.2")
	b.apply(service(30080))

	// At the beginning there are no Ingresses and nothing but the claim stands.
	add("a first start", func() {
		kill(c.daemon)
		for _, r := range b.Vultr.Records(lab.Domain) {
			b.Vultr.Remove(lab.Domain, r.ID)
		}
		b.apply(one, two)
		c.start()
	}, at("one", "one", 30080), at("two", "two", 30080))
	add("adding", func() { b.apply(ing("three", "three")) }, at("one", "one", 30080), at("two", "two", 30080), at("three", "three", 30080))
	add("modifying", func() { b.apply(annotated(one, "edgeward/source-path", "strip")) },
		stripped(at("one", "one", 30080)), at("two", "two", 30080), at("three", "three", 30080))
	add("moving to another path", func() { b.apply(ing("three", "drei")) },
		stripped(at("one", "one", 30080)), at("two", "two", 30080), at("drei", "three", 30080))
	add("moving to another Ingress", func() { b.apply(ing("younger", "two")); b.delete(two) },
		stripped(at("one", "one", 30080)), at("two", "younger", 30080), at("drei", "three", 30080))
	add("another node port", func() { b.apply(service(30081)) },
		stripped(at("one", "one", 30081)), at("two", "younger", 30081), at("drei", "three", 30081))
	addresses = []string{"192.0.2.2", "192.0.2.3"}
	add("a node comes, one goes", func() { b.nodes("192.0.2.3"); must(b.t, server.DeleteNode(b.t.Context(), "node-1")) },
		stripped(at("one", "one", 30081)), at("two", "younger", 30081), at("drei", "three", 30081))
	addresses = []string{"192.0.2.4", "192.0.2.5", "192.0.2.6"}
	add("all nodes are replaced", func() {
		b.nodes("192.0.2.4", "192.0.2.5", "192.0.2.6")
		for _, n := range []string{"node-2", "node-3"} {
			must(b.t, server.DeleteNode(b.t.Context(), n))
		}
	}, stripped(at("one", "one", 30081)), at("two", "younger", 30081), at("drei", "three", 30081))
	add("adoption", func() {
		b.Edgio.Seed(foreignRule("www.example.com", "/theirs"))
		c.daemon.stop() // it reads what stands at a start
		b.apply(annotated(ing("theirs", "theirs"), "edgeward/adopt", "true"))
		c.start()
	}, stripped(at("one", "one", 30081)), at("two", "younger", 30081), at("drei", "three", 30081), at("theirs", "theirs", 30081))
	for _, ttl := range []int{60, 120} {
		tr := add(fmt.Sprint("the TTL becomes ", ttl), func() {}, stripped(at("one", "one", 30081)), at("two", "younger", 30081), at("drei", "three", 30081), at("theirs", "theirs", 30081))
		tr.ttl, tr.config = ttl, map[int]string{60: fast, 120: slow}[ttl]
	}
	add("removing", func() { b.delete(ing("three", "drei"), ing("theirs", "theirs")) }, stripped(at("one", "one", 30081)), at("two", "younger", 30081))
	addresses = nil
	add("removing all", func() { b.delete(one, ing("younger", "two")) })
	add("the nodes of the beginning", func() {
		b.apply(service(30080))
		b.nodes("192.0.2.1", "192.0.2.2")
		for _, n := range []string{"node-4", "node-5", "node-6"} {
			must(b.t, server.DeleteNode(b.t.Context(), n))
		}
	})
	return list
}
