package plan

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/edgeward/edgeward/internal/kube"
)

// FuzzDesired maps any Ingress, given as the JSON of a kube.Ingress. Whatever
// it says, what is published is well formed, and what is not has its reason.
func FuzzDesired(f *testing.F) {
	for _, ing := range []kube.Ingress{
		shop(), ingress("shop", "www.example.com", "Prefix", "/a/%20b"), ingress("", "*.example.com", "ImplementationSpecific", ""),
		annotated(annotationPublished, "https,http"), annotated(annotationPath, "strip"), annotated("edgeward/x", "y"), {},
	} {
		data, err := json.Marshal(ing)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var ing kube.Ingress
		if json.Unmarshal(data, &ing) != nil || !hostname(ing.Namespace) || !hostname(ing.Name) {
			t.Skip("not an Ingress that Kubernetes would accept")
		}
		svc := web()
		svc.Namespace = ing.Namespace
		want := Desired([]Cluster{cluster("main", ing, svc, shop(), web(), node("n1", "192.0.2.1"))}, testSettings(), start())
		for _, route := range want.Routes {
			key := route.Key
			if !hostname(key.Host) || !strings.HasPrefix(key.Path, "/") || strings.ContainsFunc(key.Path, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q is not a place that can be published", key.String())
			}
			if route.Wanted() {
				checkPublished(t, key, route)
			} else if len(route.Holds) == 0 {
				t.Errorf("nothing is published at %s, and nobody says why", key)
			}
		}
		for _, p := range want.Problems {
			if p.Reason == "" || p.State != Invalid && p.State != Pending && p.State != Conflict {
				t.Errorf("problem %+v", p)
			}
		}
		if len(ing.Rules) == 0 && len(want.Problems) == 0 {
			t.Error("an Ingress without rules is no problem")
		}
	})
}

func checkPublished(t *testing.T, key RuleKey, route *Route) {
	t.Helper()
	r := route.Rule
	m, ok := r.Mark()
	if !ok || m != (Mark{testOwner, route.Ingress}) {
		t.Errorf("the mark of %s reads as %+v, %v; want one of %s", key, m, ok, route.Ingress)
	}
	published := func(p Protocol) string { return p.Published }
	if r.RuleKey != key || r.SourceHost != nodesHost || len(r.Protocols) == 0 || !slices.IsSortedFunc(r.Protocols, func(a, b Protocol) int {
		return strings.Compare(published(a), published(b))
	}) {
		t.Errorf("rule %+v at %s", r, key)
	}
	for _, p := range r.Protocols {
		if p.SourcePort != 30080 || p.PublishedPort == 0 || len(p.Mark) > maxMark {
			t.Errorf("protocol %+v at %s", p, key)
		}
	}
}

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
	private := cmp.Options{cmp.AllowUnexported(Memory{}, absence{}, Route{}, Op[Rule]{}, Op[Record]{}), cmpopts.IgnoreUnexported(Want{}, sites{}, directory{})}
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
	set := testSettings()
	set.TTL = []int{120, 60}[l.draw(2)]
	set.MaxDelete = []float64{0, 0.5, 1}[l.draw(3)]
	set.Adopt = []string{"never", "always"}[l.draw(2)]
	set.DeletionGrace, set.Linger = time.Duration(l.draw(3))*time.Second, time.Duration(l.draw(3))*time.Second
	var before, after []Cluster
	for _, name := range []string{"main", "west"} {
		before = append(before, l.cluster(name))
		after = append(after, l.cluster(name))
	}
	in := Input{Settings: set, Now: start().Add(time.Minute), AllowDelete: l.draw(3) == 0}
	in.Rules = drawView(l, l.rule)
	in.Records = drawView(l, l.record)
	in.Want = Desired(onStanding(after, in.Rules, in.Records), set, start())
	for _, c := range after {
		if l.draw(8) > 0 {
			in.Records.Objects = append(in.Records.Objects, &Record{
				ID: "claim-" + c.Name, Name: ClaimName(c.Name, testOwner), Type: "TXT", Data: Ownership{Owner: testOwner, UID: c.UID}.String(), TTL: []int{120, 60}[l.draw(2)],
			})
		}
	}
	old := Input{Settings: set, Now: start(), Want: Desired(before, set, start()), Rules: in.Rules, Records: in.Records}
	if l.draw(2) == 0 {
		in.Memory = next(old).Memory.Follow(old.Want, in.Want, l.draw(2) == 0)
	}
	return in
}

func (l *lots) cluster(name string) Cluster {
	c := cluster(name)
	c.Ready = l.draw(8) > 0
	for i := range l.draw(4) {
		ing := ingress(fmt.Sprint("ing", i), l.host(), []string{"Exact", "Prefix"}[l.draw(2)], l.path())
		if l.draw(8) == 0 {
			ing.Annotations = map[string]string{annotationPath: "nonsense"}
		}
		c.Ingresses = append(c.Ingresses, &ing)
	}
	if l.draw(8) > 0 {
		s := service("web", int32(30080+l.draw(2)))
		s.Families = []kube.Families{{}, {OnlyIPv4: true}, {OnlyIPv6: true}}[l.draw(3)]
		c.Services = append(c.Services, s)
	}
	for i := range l.draw(4) {
		n := node(fmt.Sprint("n", i), l.address())
		if l.draw(4) == 0 {
			n = notReady(n, time.Duration(l.draw(60))*time.Second)
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

func (l *lots) rule() Rule {
	r := Rule{RuleKey: RuleKey{Edgio, l.host(), l.path()}, SourcePath: l.path(), Profile: "generic"}
	r.SourceHost = []string{"nodes.main", "nodes.west", "old.main", "nodes.gone", "nodes-v4.main"}[l.draw(5)] + "." + testOwner + "." + testDomain
	key := r.RuleKey
	if l.draw(6) == 0 {
		key.Path += "copied"
	}
	m := Mark{[]string{testOwner, testOwner, testOwner, "other"}[l.draw(4)], IngressID{[]string{"main", "west", "gone"}[l.draw(3)], "default", fmt.Sprint("ing", l.draw(3))}}
	for _, published := range []string{"http", "https"}[l.draw(2):] {
		p := Protocol{Published: published, Source: "http", SourcePort: 30080 + l.draw(2), Mark: m.String(key)}
		if l.draw(5) == 0 {
			p.Mark = ""
		}
		r.Protocols = append(r.Protocols, p)
	}
	return r
}

func (l *lots) record() Record {
	owner := []string{testOwner, testOwner, testOwner, "other"}[l.draw(4)]
	cluster := []string{"main", "west", "gone"}[l.draw(3)]
	ttl := []int{120, 60}[l.draw(2)]
	switch l.draw(16) {
	case 0:
		return Record{Name: ClaimName(cluster, owner), Type: "TXT", Data: Ownership{Owner: owner, UID: []string{"uid-" + cluster, "uid-" + cluster, "uid-x"}[l.draw(3)]}.String(), TTL: ttl}
	case 1, 2:
		return Record{Name: []string{"", "www", "acme", "main"}[l.draw(4)], Type: "A", Data: l.address(), TTL: ttl}
	case 3:
		return Record{Name: SetName(NodesSet, cluster, owner), Type: []string{"AAAA", "CNAME", "TXT"}[l.draw(3)], Data: "x", TTL: ttl}
	}
	return address(SetName([]string{NodesSet, NodesSet, "old"}[l.draw(3)], cluster, owner), l.address(), ttl)
}

// drawView draws up to 16 objects, some missing from the last list or not proven,
// and some attempts at them or at others.
func drawView[T Object[T]](l *lots, object func() T) View[T] {
	v := View[T]{Known: l.draw(8) > 0, Missing: make(map[string]bool), Unproven: make(map[string]bool)}
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
		op := Op[T]{Verb: []Verb{Create, Update, Delete, LookUp}[l.draw(4)], To: new(object())}
		if len(v.Objects) > 0 && (op.Verb == Update || op.Verb == Delete) {
			op.From = v.Objects[l.draw(len(v.Objects))]
		}
		status := Status(l.draw(3))
		if op.Verb == LookUp && status == Unsure {
			status = Parked // a search has no effect that could be unsure
		}
		v.Attempts = append(v.Attempts, Attempt[T]{op, status})
	}
	v.Refused = l.draw(8) == 0
	return v
}
