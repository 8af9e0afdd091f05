package e2e

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/test/lab"
)

// TestChurn has a fifth of all calls fail, in every way at random, while
// Ingresses, node ports and nodes change at random: for 20 seconds, in the long
// form for ten minutes. When the faults end it becomes exact within one resync.
func TestChurn(t *testing.T) {
	const seed, resync = 1, 10 * time.Second
	length := 20 * time.Second
	if *thorough {
		length = 10 * time.Minute
	}
	b := newBed(t, lab.Options{AllowDuplicates: true})
	w := &churn{bed: b, rng: rand.New(rand.NewPCG(seed, 0)), port: 30080, ingresses: map[string]string{}, nodes: map[string]bool{}}
	w.toggleNode("192.0.2.1")
	w.toggleNode("192.0.2.2")
	b.apply(service(w.port))
	d := b.start(b.config(sections{"sync": fmt.Sprint("resync_interval: ", resync)}))
	b.until(d.ready)

	faults := slices.Collect(maps.Values(emulator.CommonFaults()))
	slices.SortFunc(faults, func(a, b emulator.Fault) int { return strings.Compare(fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b)) })
	b.Faults.Set(emulator.Random(seed, 0.2, faults...))
	for end := time.Now().Add(length); time.Now().Before(end); {
		w.change()
		b.stays(time.Duration(w.rng.IntN(100))*time.Millisecond, d.running)
	}
	calls := b.Faults.Count()
	b.Faults.Set(nil)

	ended := time.Now()
	exact := func() error {
		return errors.Join(lab.Same("rules", b.Rules(), w.rules()...), lab.Same("addresses", b.Addresses(), slices.Collect(maps.Keys(w.nodes))...))
	}
	for exact() != nil && time.Since(ended) < 10*time.Minute {
		b.stays(100*time.Millisecond, d.running)
	}
	must(t, exact())
	took := time.Since(ended)
	b.idle(d)
	b.resync(d)
	must(t, exact())
	if n := len(b.Records()); n != len(w.nodes)+1 {
		t.Errorf("there are %d records for %d addresses and a claim: %q", n, len(w.nodes), b.Records())
	}
	t.Logf("%d changes and %d calls in %s; exact %s after the faults ended", w.changes, calls, length, took.Round(time.Millisecond))
	// The last failure of an operation may have been just before the end.
	if limit := resync + 30*time.Second; !*thorough && took > limit {
		t.Errorf("that is more than %s", limit)
	}
}

// churn changes the cluster at random and knows what it has.
type churn struct {
	*bed
	rng       *rand.Rand
	port      int
	ingresses map[string]string // by name: the rule's line, but for the port
	nodes     map[string]bool   // addresses
	changes   int
}

func (w *churn) change() {
	w.changes++
	switch n := w.rng.IntN(10); {
	case n < 7:
		w.changeIngress(fmt.Sprint("web-", w.rng.IntN(8)))
	case n < 8:
		w.port = 30080 + w.rng.IntN(4)
		w.apply(service(w.port))
	default:
		w.toggleNode(fmt.Sprint("192.0.2.", 1+w.rng.IntN(4)))
	}
}

func (w *churn) changeIngress(name string) {
	url := fmt.Sprintf("www.example.com/%s%d", name, w.rng.IntN(2))
	manifest, line := ingress(name, url), rule(url, 0)
	if w.ingresses[name] != "" && w.rng.IntN(3) == 0 {
		w.delete(manifest)
		delete(w.ingresses, name)
		return
	}
	if w.rng.IntN(2) == 0 {
		manifest = annotated(manifest, "edgeward/source-path", "strip")
		line = line[:strings.LastIndexByte(line, '/')+1]
	}
	w.apply(manifest)
	w.ingresses[name] = line
}

// toggleNode makes a node or deletes it, unless it is the last.
func (w *churn) toggleNode(address string) {
	switch {
	case !w.nodes[address]:
		w.bed.nodes(address)
		w.nodes[address] = true
	case len(w.nodes) > 1:
		must(w.t, server.DeleteNode(w.t.Context(), "node-"+address[strings.LastIndexByte(address, '.')+1:]))
		delete(w.nodes, address)
	}
}

func (w *churn) rules() []string {
	var lines []string
	for _, line := range w.ingresses {
		lines = append(lines, strings.Replace(line, ":0/", fmt.Sprintf(":%d/", w.port), 1))
	}
	return lines
}

// TestRapidChanges changes one Ingress as fast as the API server takes it: the
// daemon skips what it cannot follow, keeps nothing of it, and ends exact.
func TestRapidChanges(t *testing.T) {
	changes := 1000
	if *thorough {
		changes = 10000
	}
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	one := ingress("one", "www.example.com/one")
	b.apply(service(30080), one)
	d := b.start(b.config(sections{"edgio": "requests_per_minute: 300"}))
	b.exact(rule("www.example.com/one", 30080))
	b.idle(d)
	b.forgetCalls()
	memory, err := d.metric("process_resident_memory_bytes")
	must(t, err)
	before, started, deepest := len(d.Log()), time.Now(), 0.0
	for i := range changes {
		b.apply(annotated(one, "edgeward/source-path", []string{"strip", "keep"}[i%2]))
		if i%100 == 0 {
			depth, err := d.metric("edgeward_queue_depth")
			must(t, err)
			deepest = max(deepest, depth)
		}
	}
	took := time.Since(started)
	b.idle(d)
	b.exact(rule("www.example.com/one", 30080))
	after, err := d.metric("process_resident_memory_bytes")
	must(t, err)
	writes, logged := b.Edgio.Writes(), len(d.Log())-before
	t.Logf("%d changes in %s: %d writes, %d bytes of log, at most %v in the queue, %.1f MiB more memory",
		changes, took.Round(time.Millisecond), writes, logged, deepest, (after-memory)/(1<<20))
	// Five calls a second, two for an update.
	if most := int(took.Seconds()*2.5) + 5; writes > most {
		t.Errorf("%d writes, more than %d", writes, most)
	}
	if deepest > 1 {
		t.Errorf("%v operations in the queue for one rule", deepest)
	}
	if logged > 1000*(writes+5) {
		t.Errorf("%d bytes were logged for %d writes", logged, writes)
	}
	if after-memory > 32<<20 {
		t.Errorf("memory went from %v to %v bytes", memory, after)
	}
}

// TestOutage has a provider fail for a while with much to do there: what it is
// asked and what is logged grows ever more slowly. The hour's figures follow
// from the pauses that TestPauses in internal/httpapi has.
func TestOutage(t *testing.T) {
	length := 5 * time.Second
	if *thorough {
		length = 3 * time.Minute
	}
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("before", "www.example.com/before"))
	d := b.start(b.config(nil))
	b.exact(rule("www.example.com/before", 30080))
	b.idle(d)
	b.forgetCalls()
	before := strings.Count(d.Log(), "\n")
	b.Faults.Set(emulator.Only(func(c emulator.Call) bool { return strings.HasPrefix(c.Path, "svcinst") },
		emulator.Always(emulator.Fault{Status: http.StatusServiceUnavailable})))
	want := []string{rule("www.example.com/before", 30080)}
	var manifests []string
	for i := range 200 {
		url := fmt.Sprintf("www.example.com/%d", i)
		manifests, want = append(manifests, ingress(fmt.Sprint("web-", i), url)), append(want, rule(url, 30080))
	}
	b.atOnce(manifests, server.Apply)
	b.stays(length, d.running)
	calls, lines := len(b.Edgio.Calls()), strings.Count(d.Log(), "\n")-before
	b.Faults.Set(nil)
	ended := time.Now()
	for lab.Same("", b.Rules(), want...) != nil && time.Since(ended) < 10*time.Minute {
		b.stays(100*time.Millisecond, d.running)
	}
	b.exact(want...)
	took := time.Since(ended)
	t.Logf("%s without the CDN, 200 rules to make: %d calls, %d lines of log; exact %s later", length, calls, lines, took.Round(time.Millisecond))
	// Ten under way when it begins, then after pauses of 1, 2, 4 … 120 seconds.
	most := 20 + int(length/(2*time.Minute))
	if calls > most || lines > most+10 {
		t.Errorf("more than %d calls, or than %d lines", most, most+10)
	}
}
