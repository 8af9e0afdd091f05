package plan

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// FuzzNext asks about any state of both providers. Whatever stands, Next does
// not panic, touches nothing that is not its own, asks for one operation at a
// place, gives the same answer twice and leaves its input alone.
func FuzzNext(f *testing.F) {
	f.Add([]byte{})
	for seed := range uint64(8) {
		f.Add(randomBytes(seed))
	}
	f.Fuzz(checkState)
}

// TestNextAnywhere is FuzzNext without a fuzzer.
func TestNextAnywhere(t *testing.T) {
	states := 4_000
	if testing.Short() || raceDetector() {
		states = 500
	}
	for seed := range uint64(states) {
		if data := randomBytes(seed); !t.Run("", func(t *testing.T) { checkState(t, data) }) {
			t.Fatalf("seed %d", seed)
		}
	}
}

func randomBytes(seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 2))
	data := make([]byte, 400)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}

func checkState(t *testing.T, data []byte) {
	build := func() Input {
		lot := lots(data)
		return lot.input()
	}
	in := build()
	step := next(in)
	checkOps(t, in, step)
	private := privateFields()
	if diff := cmp.Diff(step, next(in), private); diff != "" {
		t.Errorf("the second answer is another one (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(build(), in, private); diff != "" {
		t.Errorf("the input was changed (-before +after):\n%s", diff)
	}
}

// lots draws from fuzz data; once they are used up, always 0.
type lots []byte

func (l *lots) draw(n int) int {
	if len(*l) == 0 {
		return 0
	}
	b := (*l)[0]
	*l = (*l)[1:]
	return int(b) % n
}

// input draws clusters, two of which are in the configuration, and anything
// that may stand or be under way at the providers.
func (l *lots) input() Input {
	set := fixture.Settings()
	set.TTL = []int{120, 60}[l.draw(2)]
	set.MaxDelete = []float64{0, 0.5, 1}[l.draw(3)]
	set.Adopt = []string{"never", "always"}[l.draw(2)]
	set.DeletionGrace, set.Linger = time.Duration(l.draw(3))*time.Second, time.Duration(l.draw(3))*time.Second
	var before, after []desired.Cluster
	for _, name := range []string{"main", "west"} {
		before = append(before, l.cluster(name))
		after = append(after, l.cluster(name))
	}
	in := Input{Settings: set, Now: fixture.Start().Add(time.Minute), AllowDelete: l.draw(3) == 0}
	in.Rules = drawView(l, l.rule)
	in.Records = drawView(l, l.record)
	in.Want = desired.Desired(onStanding(after, in.Rules, in.Records), set, fixture.Start())
	for _, c := range after {
		if l.draw(8) > 0 {
			in.Records.Objects = append(in.Records.Objects, &model.Record{
				ID: "claim-" + c.Name, Name: model.OwnershipName(c.Name, fixture.Owner), Type: "TXT", Data: model.Ownership{Owner: fixture.Owner, UID: c.UID}.String(), TTL: []int{120, 60}[l.draw(2)],
			})
		}
	}
	old := Input{Settings: set, Now: fixture.Start(), Want: desired.Desired(before, set, fixture.Start()), Rules: in.Rules, Records: in.Records}
	if l.draw(2) == 0 {
		in.Memory = next(old).Memory.Follow(old.Want, in.Want, l.draw(2) == 0)
	}
	return in
}

func (l *lots) cluster(name string) desired.Cluster {
	c := fixture.Cluster(name)
	c.Ready = l.draw(8) > 0
	for i := range l.draw(4) {
		ing := fixture.Ingress(fmt.Sprint("ing", i), l.host(), []string{"Exact", "Prefix"}[l.draw(2)], l.path())
		if l.draw(8) == 0 {
			ing.Annotations = map[string]string{desired.AnnotationPath: "nonsense"}
		}
		c.Ingresses = append(c.Ingresses, &ing)
	}
	if l.draw(8) > 0 {
		s := fixture.Service("web", int32(30080+l.draw(2)))
		s.Families = []kube.Families{{}, {OnlyIPv4: true}, {OnlyIPv6: true}}[l.draw(3)]
		c.Services = append(c.Services, s)
	}
	for i := range l.draw(4) {
		n := fixture.Node(fmt.Sprint("n", i), l.address())
		if l.draw(4) == 0 {
			n = fixture.NotReady(n, time.Duration(l.draw(60))*time.Second)
		}
		c.Nodes = append(c.Nodes, n)
	}
	return c
}

func (l *lots) host() string { return []string{"a.example.com", "b.example.com"}[l.draw(2)] }

func (l *lots) path() string { return []string{"/", "/a", "/a/"}[l.draw(3)] }

func (l *lots) address() string {
	return fmt.Sprint([]string{"192.0.2.", "192.0.2.", "2001:db8::"}[l.draw(3)], 1+l.draw(4))
}

func (l *lots) rule() model.Rule {
	r := model.Rule{RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: l.host(), Path: l.path()}, SourcePath: l.path(), Profile: "generic"}
	r.SourceHost = []string{"nodes.main", "nodes.west", "old.main", "nodes.gone", "nodes-v4.main"}[l.draw(5)] + "." + fixture.Owner + "." + fixture.Domain
	key := r.RuleKey
	if l.draw(6) == 0 {
		key.Path += "copied"
	}
	m := model.OwnerLabel{Owner: []string{fixture.Owner, fixture.Owner, fixture.Owner, "other"}[l.draw(4)], IngressID: model.IngressID{Cluster: []string{"main", "west", "gone"}[l.draw(3)], Namespace: "default", Name: fmt.Sprint("ing", l.draw(3))}}
	for _, published := range []string{"http", "https"}[l.draw(2):] {
		p := model.Protocol{Published: published, Source: "http", SourcePort: 30080 + l.draw(2), Label: m.String(key)}
		if l.draw(5) == 0 {
			p.Label = ""
		}
		r.Protocols = append(r.Protocols, p)
	}
	return r
}

func (l *lots) record() model.Record {
	owner := []string{fixture.Owner, fixture.Owner, fixture.Owner, "other"}[l.draw(4)]
	cluster := []string{"main", "west", "gone"}[l.draw(3)]
	ttl := []int{120, 60}[l.draw(2)]
	switch l.draw(16) {
	case 0:
		return model.Record{Name: model.OwnershipName(cluster, owner), Type: "TXT", Data: model.Ownership{Owner: owner, UID: []string{"uid-" + cluster, "uid-" + cluster, "uid-x"}[l.draw(3)]}.String(), TTL: ttl}
	case 1, 2:
		return model.Record{Name: []string{"", "www", "acme", "main"}[l.draw(4)], Type: "A", Data: l.address(), TTL: ttl}
	case 3:
		return model.Record{Name: model.SetName(model.NodesSet, cluster, owner), Type: []string{"AAAA", "CNAME", "TXT"}[l.draw(3)], Data: "x", TTL: ttl}
	}
	return model.AddressRecord(model.SetName([]string{model.NodesSet, model.NodesSet, "old"}[l.draw(3)], cluster, owner), l.address(), ttl)
}

// drawView draws up to 16 objects, some missing from the last list or not proven,
// and some attempts at them or at others.
func drawView[T model.Object[T]](l *lots, object func() T) observed.View[T] {
	v := observed.View[T]{Known: l.draw(8) > 0, Missing: make(map[string]bool), Unproven: make(map[string]bool)}
	for i := range l.draw(16) {
		o := object().WithIdentity(fmt.Sprintf("%T-%d", *new(T), i))
		v.Objects = append(v.Objects, new(o))
		if l.draw(8) == 0 {
			v.Missing[o.Identity()] = true
		}
		if l.draw(3) == 0 {
			v.Unproven[o.Identity()] = true
		}
	}
	for range l.draw(4) {
		op := model.Op[T]{Verb: []model.Verb{model.Create, model.Update, model.Delete, model.LookUp}[l.draw(4)], To: new(object())}
		if len(v.Objects) > 0 && (op.Verb == model.Update || op.Verb == model.Delete) {
			op.From = v.Objects[l.draw(len(v.Objects))]
		}
		status := observed.Status(l.draw(3))
		if op.Verb == model.LookUp && status == observed.Unknown {
			status = observed.BackingOff // a search has no effect that could be unsure
		}
		v.Attempts = append(v.Attempts, observed.Attempt[T]{Op: op, Status: status})
	}
	v.Refused = l.draw(8) == 0
	return v
}
