package syncer

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"iter"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/plan"
	"github.com/edgeward/edgeward/internal/syncer/target"
)

var (
	simulations = flag.Int("simulations", 0, "how many weeks TestSimulation simulates; 0: as many as take some seconds")
	firstSeed   = flag.Uint64("first-seed", 1, "the seed of the first of them; each has the next number")
	simulateOne = flag.Uint64("seed", 0, "the only seed that TestSimulation simulates, and says what happened")
)

// TestSimulation has a simulated week for each seed: Ingresses, Services and
// nodes come and go, others meddle, providers fail in every way they know, for
// minutes at a time, watches miss things, and the daemon is killed and started
// again, or reloaded. The guard is on. In one week of five there is Vultr CDN beside Edgio, and sections and zones
// of the configuration come and go. The invariants of sim.check hold at every change,
// and when the week is over it becomes exact.
//
//	go test ./internal/syncer -run TestSimulation -seed 42 -v
//
// shows what happened in one of them.
func TestSimulation(t *testing.T) {
	runs := cmp.Or(*simulations, 100)
	if *simulations == 0 && raceDetector() {
		runs = 10
	}
	first, last := *firstSeed, *firstSeed+uint64(runs)-1
	if *simulateOne > 0 {
		first, last = *simulateOne, *simulateOne
	}
	const shards = 4
	for shard := range uint64(shards) {
		t.Run(fmt.Sprint(shard), func(t *testing.T) {
			t.Parallel()
			for seed := first + shard; seed <= last && !t.Failed(); seed += shards {
				synctest.Test(t, func(t *testing.T) { newSim(t, seed).week() })
			}
		})
	}
	t.Logf("seeds %d to %d", first, last)
}

// raceDetector reports whether everything is some five times slower.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// sim is one simulated week.
type sim struct {
	*rig
	vultr *fake[model.Rule] // Vultr CDN; nil in most weeks
	all   Options           // with every section and zone that there is
	gone  bool              // the zone of published hosts cannot be read; with the providers' mutex
	seed  uint64
	rng   *rand.Rand // of what the simulation itself does

	// What the cluster has, whoever knows of it.
	ingresses map[string]*kube.Ingress
	services  map[string]kube.Service
	nodes     map[string]kube.Node
	unseen    []func() // changes that no watch has reported yet

	alive  bool
	kill   context.CancelFunc
	memory plan.Memory   // of the daemon before, at a reload
	renew  chan struct{} // has an element when the daemon wants the cluster listed anew
	storm  time.Time     // until when calls fail; with both providers' mutex
	share  float64       // of the calls that fail in a storm; likewise
	serial int           // of what others make

	foreignRules   map[string]model.Rule // by ID, as others left them
	foreignSince   map[string]time.Time
	foreignRecords map[string]model.Record
	// excused are zone names of which others took addresses away, and until
	// when the daemon cannot be blamed for that.
	excused map[string]time.Time

	mu    sync.Mutex
	steps []string // what happened
}

func newSim(t *testing.T, seed uint64) *sim {
	s := &sim{
		rig: newRig(t), seed: seed, renew: make(chan struct{}, 1), rng: rand.New(rand.NewPCG(seed, 1)),
		ingresses: map[string]*kube.Ingress{}, services: map[string]kube.Service{}, nodes: map[string]kube.Node{},
		foreignRules: map[string]model.Rule{}, foreignRecords: map[string]model.Record{}, foreignSince: map[string]time.Time{}, excused: map[string]time.Time{},
	}
	s.cdn.mu = s.dns.mu // so that check sees both as they are at one moment
	s.cdn.changed, s.dns.changed = s.check, s.check
	s.cdn.mine, s.dns.mine = s.ourRule, s.ourRecord
	s.cdn.answer(func(call string, n int) reply { return s.fault("cdn "+call, n) })
	s.dns.answer(func(call string, n int) reply { return s.fault("dns "+call, n) })
	s.opts.Log = slog.New(slog.DiscardHandler)
	s.tune = func(syncer *Syncer) {
		syncer.heartbeat = time.Hour
		syncer.Remember(s.memory)
		syncer.Cluster("main").Renew = func() {
			select {
			case s.renew <- struct{}{}:
			default:
			}
		}
	}
	s.opts.ResyncInterval = []time.Duration{10 * time.Minute, time.Hour, 3 * time.Hour}[seed%3]
	s.opts.Settings.ConfirmAfter = time.Hour
	for i := range 2 {
		svc := service(int32(30080 + i))
		svc.Name = fmt.Sprint("svc", i)
		s.services[svc.Name] = svc
	}
	for i := range 3 {
		s.nodes[fmt.Sprint("n", i)] = node(i)
	}
	if seed%5 == 0 {
		s.addVultrCDN()
	}
	return s
}

// week is what happens in a week, and afterwards.
func (s *sim) week() {
	s.boot()
	for end := time.Now().Add(7 * 24 * time.Hour); time.Now().Before(end); {
		// Things come in clusters: that is when they meet.
		s.pass(s.while([]time.Duration{time.Second, 20 * time.Second, time.Hour}[s.rng.IntN(3)]))
		s.happens()
	}
	s.say("the week is over")
	s.dns.mu.Lock()
	s.storm = time.Time{}
	s.dns.mu.Unlock()
	if s.vultr != nil {
		s.crash()
		s.configure(s.all.CDNs, s.all.Settings.PublishZones)
	}
	s.peace()
	s.boot()
	s.pass(2*s.opts.ResyncInterval + s.opts.Settings.Linger + time.Minute)
	if s.blocked() {
		s.pass(s.opts.Settings.ConfirmAfter + time.Minute)
		s.pass(s.opts.Settings.ConfirmAfter + s.opts.Settings.Linger + s.opts.ResyncInterval + time.Minute)
	}
	if s.blocked() {
		if !s.selectsByCDN() {
			s.fail("the configuration selects what it always did, and yet waits for ever")
		}
		s.say("--allow-delete")
		s.crash()
		s.opts.AllowDelete = true
		s.boot()
		s.pass(s.opts.Settings.Linger + s.opts.ResyncInterval)
	}
	s.exact()
	s.journal.take()
	s.pass(s.opts.ResyncInterval + time.Minute)
	if writes := s.writes(); len(writes) > 0 {
		s.fail("exact, it goes on writing: %q", writes)
	}
	s.crash()
	if *simulateOne > 0 {
		s.t.Log(strings.Join(s.steps, "\n"))
	}
}

// selectsByCDN reports whether what the configuration selects depends on its CDNs.
func (s *sim) selectsByCDN() bool { return s.seed%4 == 0 }

// pass lets time go by, in which the daemon may want the cluster listed anew.
func (s *sim) pass(d time.Duration) {
	end := time.NewTimer(d)
	defer end.Stop()
	for {
		select {
		case <-s.renew:
			if s.alive {
				s.say("the cluster is listed anew")
				s.catchUp()
			}
			continue
		case <-end.C:
		}
		break
	}
	synctest.Wait()
}

// while is a random span of time around mean.
func (s *sim) while(mean time.Duration) time.Duration {
	return time.Duration(s.rng.ExpFloat64() * float64(mean))
}

// happens is one thing that happens.
func (s *sim) happens() {
	switch n := s.rng.IntN(100); {
	case n < 60:
		s.churn()
	case n < 75:
		s.meddle()
	case n < 85:
		until, share := time.Now().Add(s.while(5*time.Minute)), s.rng.Float64()
		s.dns.mu.Lock()
		s.storm, s.share = until, share
		s.dns.mu.Unlock()
		s.say("a storm until %s", until.Format(time.TimeOnly))
	case n < 92 && s.rng.IntN(3) == 0:
		s.reload()
	case n < 92:
		s.crash()
		s.pass(5*time.Second + s.while(30*time.Second))
		if s.rng.IntN(5) == 0 {
			s.pass(s.while(time.Hour))
		}
		if s.rng.IntN(4) == 0 {
			s.opts.Settings.TTL = []int{60, 120, 300}[s.rng.IntN(3)]
			s.say("the TTL shall be %d", s.opts.Settings.TTL)
		}
		if s.vultr != nil && s.rng.IntN(2) == 0 {
			s.reconfigure()
		}
		s.boot()
	default:
		s.catchUp()
	}
}

// boot starts a daemon, if none runs, which finds the cluster as it is.
func (s *sim) boot() {
	if s.alive {
		s.catchUp()
		return
	}
	s.say("start")
	s.alive = true
	s.opts.Clusters[0].Selection = "all"
	if s.selectsByCDN() {
		s.opts.Clusters[0].Selection = fmt.Sprint(len(s.opts.CDNs), s.opts.CDNs[0].Target)
	}
	var life context.Context
	life, s.kill = context.WithCancel(s.t.Context())
	for i, cdn := range s.opts.CDNs {
		provider := s.cdn
		if cdn.Target == fixture.VultrCDN {
			provider = s.vultr
		}
		s.opts.CDNs[i].Provider = mortal[model.Rule]{provider, life}
	}
	s.opts.DNS = mortal[model.Record]{s.dns, life}
	rng := rand.New(rand.NewPCG(s.seed, uint64(time.Now().UnixNano())))
	s.opts.jitter = func(delay time.Duration) time.Duration { return delay + time.Duration(rng.Int64N(int64(delay/5))) }
	s.start()
	s.unseen = nil
	for _, o := range slices.Concat(objects(s.ingresses), objects(s.services), objects(s.nodes)) {
		s.add(o)
	}
	s.Cluster("main").Listed(time.Now())
	s.Cluster("main").Ready("uid-main")
}

// reload has the daemon take another configuration: its calls may end, and it remembers.
func (s *sim) reload() {
	if !s.alive {
		return
	}
	s.say("reload")
	if err := s.stop(); err != nil {
		s.fail("the daemon ended with %v", err)
	}
	s.alive, s.memory = false, s.Memory()
	if s.vultr != nil && s.rng.IntN(2) == 0 {
		s.reconfigure()
	}
	s.boot()
	s.memory = plan.Memory{}
}

// crash kills the daemon: what it has sent may happen, no reply reaches it.
func (s *sim) crash() {
	if !s.alive {
		return
	}
	s.say("kill -9")
	s.alive = false
	s.kill()
	if err := s.stop(); err != nil {
		s.fail("the daemon ended with %v", err)
	}
}

// objects lists what a map holds, in the order of names.
func objects[T any](all map[string]T) (list []any) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[name])
	}
	return list
}

// mortal is a provider as one daemon sees it, until that is killed.
type mortal[T model.Object[T]] struct {
	*fake[T]
	life context.Context // of the daemon
}

// until is the context of one call.
func (m mortal[T]) until(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(m.life, cancel)
	return ctx
}

func (m mortal[T]) List(ctx context.Context) ([]T, error) { return m.fake.List(m.until(ctx)) }

func (m mortal[T]) Find(ctx context.Context, o T) ([]T, error) { return m.fake.Find(m.until(ctx), o) }

func (m mortal[T]) Get(ctx context.Context, o T) (T, error) { return m.fake.Get(m.until(ctx), o) }

func (m mortal[T]) Create(ctx context.Context, o T) (T, error) {
	return m.fake.Create(m.until(ctx), o)
}

func (m mortal[T]) Update(ctx context.Context, old, o T, adopt bool) (T, error) {
	return m.fake.Update(m.until(ctx), old, o, adopt)
}

func (m mortal[T]) Delete(ctx context.Context, o T) error { return m.fake.Delete(m.until(ctx), o) }

// fault is how the nth call of a text ends. It depends on nothing but that and
// the seed, since calls at the same time come in no certain order.
func (s *sim) fault(call string, n int) reply {
	sum := fnv.New64a()
	fmt.Fprint(sum, call, n)
	rng := rand.New(rand.NewPCG(s.seed, sum.Sum64()))
	upTo := func(most time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(most))) }
	r := reply{after: time.Millisecond + upTo(200*time.Millisecond)}
	if s.gone && call == "dns find "+publishZone {
		r.err = refusal(http.StatusNotFound)
		return r
	}
	if !time.Now().Before(s.storm) || rng.Float64() >= s.share {
		return r
	}
	r.effect = rng.IntN(2) == 0
	switch rng.IntN(8) {
	case 0:
		r.err = refusal(http.StatusInternalServerError)
	case 1, 2:
		r.err = errors.New("connection reset")
	case 3:
		r.err, r.effect = refusal(http.StatusTooManyRequests), false
	case 4:
		r.err, r.effect = refusal([]int{400, 401, 403}[rng.IntN(3)]), false
	case 5:
		r.after = upTo(time.Minute)
	case 6:
		r.twice = strings.Contains(call, " create ")
	case 7:
		r.lag = upTo(target.MaxLag)
	}
	return r
}

// say notes what happened, for the report of a failure.
func (s *sim) say(format string, a ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = append(s.steps, time.Now().Format("Mon 15:04:05.000 ")+fmt.Sprintf(format, a...))
}

// fail tells of a broken promise and what led to it.
func (s *sim) fail(format string, a ...any) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.t.Errorf("seed %d: %s\nafter:\n%s", s.seed, fmt.Sprintf(format, a...), strings.Join(s.steps[max(0, len(s.steps)-80):], "\n"))
}

// blocked reports whether max_delete keeps something that is not wanted.
func (s *sim) blocked() bool {
	for _, line := range s.metrics("edgeward_deletions_blocked") {
		if !strings.HasSuffix(line, " 0") {
			return true
		}
	}
	return false
}

// ourRule and ourRecord say what the daemon may change.
func (s *sim) ourRule(r model.Rule) bool {
	m, ok := r.OwnerLabel()
	return ok && m.Owner == "acme" && m.Cluster == "main"
}

func (s *sim) ourRecord(r model.Record) bool {
	_, foreign := s.foreignRecords[r.ID]
	return !foreign && (r.Zone != "" || strings.HasSuffix(r.Name, ".main.acme"))
}

// cdns are the CDNs there are.
func (s *sim) cdns() []*fake[model.Rule] {
	if s.vultr == nil {
		return []*fake[model.Rule]{s.cdn}
	}
	return []*fake[model.Rule]{s.cdn, s.vultr}
}

// rules are those of all CDNs. The mutex is held.
func (s *sim) rules() iter.Seq[model.Rule] {
	return func(yield func(model.Rule) bool) {
		for _, cdn := range s.cdns() {
			for _, r := range cdn.objects {
				if !yield(r) {
					return
				}
			}
		}
	}
}

// remember keeps what stands at all providers for lists that lag. The mutex is
// held.
func (s *sim) remember() {
	for _, cdn := range s.cdns() {
		cdn.remember()
	}
	s.dns.remember()
}
