package plan

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/kube"
)

const testOwner, testDomain = "acme", "k8s.example.net"

// nodesHost is the origin of all rules of cluster main.
const nodesHost = "nodes.main." + testOwner + "." + testDomain

// start is when every test begins.
func start() time.Time { return time.Unix(1e9, 0).UTC() }

func testSettings() Settings {
	return Settings{
		Owner: testOwner, Domain: testDomain, TTL: 120, CDNs: []CDN{{Target: Edgio}}, ServiceProfile: "generic", PublishedProtocols: []string{"https"},
		SourcePath: "keep", Adopt: "never", DeletionGrace: 10 * time.Second, Linger: time.Minute, MaxDelete: 0.5,
	}
}

// raceDetector reports whether everything is some five times slower.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// cluster is a ready cluster with the given Ingresses, Services and Nodes.
func cluster(name string, objects ...any) Cluster {
	c := Cluster{Name: name, AddressTypes: []string{"ExternalIP"}, NotReadyDelay: 30 * time.Second, Ready: true, UID: "uid-" + name}
	for _, o := range objects {
		switch o := o.(type) {
		case kube.Ingress:
			c.Ingresses = append(c.Ingresses, &o)
		case kube.Service:
			c.Services = append(c.Services, o)
		case kube.Node:
			c.Nodes = append(c.Nodes, o)
		case kube.EndpointSlice:
			c.EndpointSlices = append(c.EndpointSlices, o)
		case kube.TLSSecret:
			c.TLSSecrets = append(c.TLSSecrets, o)
		case Allow:
			c.Allow = append(c.Allow, o)
		default:
			panic(fmt.Sprintf("plan: a cluster has no %T", o))
		}
	}
	return c
}

// ingress publishes one path of one host from port http of Service web.
func ingress(name, host, pathType, path string) kube.Ingress {
	return kube.Ingress{
		Meta: kube.Meta{Namespace: "default", Name: name}, Created: start(),
		Rules: []kube.IngressRule{{Host: host, Paths: []kube.IngressPath{{
			Path: path, Type: pathType, Backend: kube.Backend{Service: "web", PortName: "http"},
		}}}},
	}
}

// shop is the Ingress of most tests.
func shop() kube.Ingress { return ingress("shop", "www.example.com", "Exact", "/a") }

func shopID() IngressID { return IngressID{"main", "default", "shop"} }

func shopKey() RuleKey { return RuleKey{Edgio, "www.example.com", "/a"} }

// annotated is shop with one annotation.
func annotated(name, value string) kube.Ingress {
	ing := shop()
	ing.Annotations = map[string]string{name: value}
	return ing
}

// service is a Service of type NodePort with the port http.
func service(name string, nodePort int32) kube.Service {
	return kube.Service{Meta: kube.Meta{Namespace: "default", Name: name}, Type: "NodePort",
		Ports: []kube.ServicePort{{Name: "http", Protocol: "TCP", Port: 80, NodePort: nodePort}}}
}

func web() kube.Service { return service("web", 30080) }

// node is a ready node with one external address.
func node(name, address string) kube.Node {
	return kube.Node{Meta: kube.Meta{Name: name}, Ready: true, Changed: start().Add(-time.Hour),
		Addresses: []kube.NodeAddress{{Type: "ExternalIP", Address: address}}}
}

// notReady makes a node not ready since so long before start.
func notReady(n kube.Node, since time.Duration) kube.Node {
	n.Ready, n.Changed = false, start().Add(-since)
	return n
}

// ownClaim is the text of a cluster's claim that says at which CDNs it has rules.
func ownClaim(cluster string, cdns ...Target) string {
	return Ownership{Owner: testOwner, UID: "uid-" + cluster, CDNs: cdns}.String()
}

// usual are the objects that most tests begin with.
func usual() []any {
	return []any{shop(), web(), node("n1", "192.0.2.1"), node("n2", "192.0.2.2")}
}

// published describes what a Want publishes, a line for each protocol, as
// "https://www.example.com/a from http://nodes.main:30080/a".
func published(w Want) []string {
	var lines []string
	for _, r := range w.Routes {
		for _, p := range r.Rule.Protocols {
			line := fmt.Sprintf("%s://%s from %s://%s:%d%s", p.Published, r.Rule.RuleKey, p.Source,
				strings.TrimSuffix(r.Rule.SourceHost, "."+testOwner+"."+testDomain), p.SourcePort, r.Rule.SourcePath)
			if r.Rule.Profile != "generic" {
				line += " with " + r.Rule.Profile
			}
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// stage is a kind model of both providers: every operation succeeds at once,
// and the picture is always right.
type stage struct {
	Input
	step   Step
	serial int
}

// newStage has empty providers that were read, and the given clusters.
func newStage(settings Settings, clusters ...Cluster) *stage {
	s := &stage{Input: Input{Settings: settings, Now: start(), Want: Desired(clusters, settings, start())}}
	s.Rules.Known, s.Records.Known = true, true
	return s
}

// settled is a stage on which all that the clusters want stands, and whose
// memory is that of a start.
func settled(settings Settings, clusters ...Cluster) *stage {
	s := newStage(settings, clusters...)
	s.run()
	s.Memory = Memory{}
	return s
}

// change gives the clusters new objects, as the watch reported, or, with
// reported false, as a new snapshot showed.
func (s *stage) change(reported bool, clusters ...Cluster) {
	want := Desired(onStanding(clusters, s.Rules, s.Records), s.Settings, s.Now)
	s.Memory = s.Memory.Follow(s.Want, want, reported)
	s.Want = want
}

// restart has a new process take over what stands, and returns what it does.
func (s *stage) restart(clusters ...Cluster) []string {
	s.Memory, s.Want = Memory{}, Desired(onStanding(clusters, s.Rules, s.Records), s.Settings, s.Now)
	return s.run()
}

// onStanding are the clusters as they are mapped when this stands.
func onStanding(clusters []Cluster, rules View[Rule], records View[Record]) []Cluster {
	clusters = slices.Clone(clusters)
	for i := range clusters {
		clusters[i].Standing = NewStanding(rules.Objects, records.Objects)
	}
	return clusters
}

// ask calls Next and describes the operations, most urgent first.
func (s *stage) ask() []string {
	s.Rules.Read, s.Records.Read = s.Now, s.Now
	s.step = next(s.Input)
	s.Memory = s.step.Memory
	var lines []string
	for _, op := range s.step.Rules {
		lines = append(lines, line(op))
	}
	for _, op := range s.step.Records {
		lines = append(lines, line(op))
	}
	return lines
}

// do carries out what the last call allowed.
func (s *stage) do() {
	for _, op := range s.step.Rules {
		carryOut(&s.Rules, op, s.id())
	}
	for _, op := range s.step.Records {
		carryOut(&s.Records, op, s.id())
	}
}

func (s *stage) id() string { s.serial++; return fmt.Sprintf("id-%03d", s.serial) }

// run goes on until nothing is left to do or to wait for. It returns what was
// done, a line for each call of Next with its time since start.
func (s *stage) run() []string {
	var history []string
	for range 100 {
		ops := s.ask()
		if len(ops) > 0 {
			history = append(history, fmt.Sprintf("%s: %s", s.Now.Sub(start()), strings.Join(ops, ", ")))
			s.do()
			continue
		}
		if s.step.Wake.IsZero() {
			return history
		}
		s.Now = s.step.Wake
	}
	return append(history, "and it does not come to an end")
}

// next is Next, of rules and records in any order.
func next(in Input) Step {
	in.Records.Objects = slices.SortedFunc(slices.Values(in.Records.Objects), func(a, b *Record) int { return a.Compare(*b) })
	in.Rules.Objects = slices.SortedFunc(slices.Values(in.Rules.Objects), func(a, b *Rule) int { return a.Compare(*b) })
	return Next(in)
}

// carryOut does to the view what op does to the provider.
func carryOut[T Object[T]](v *View[T], op Op[T], id string) {
	i := slices.IndexFunc(v.Objects, func(o *T) bool { return (*o).Identity() == op.Old().Identity() })
	switch op.Verb {
	case Create:
		v.Objects = append(slices.Clone(v.Objects), new(kept(op.New().WithIdentity(id))))
	case Update:
		v.Objects = slices.Clone(v.Objects)
		v.Objects[i] = new(kept(op.New().WithIdentity(op.Old().Identity())))
	case Delete:
		v.Objects = slices.Delete(slices.Clone(v.Objects), i, i+1)
	}
}

// kept is an object as the provider keeps it: a whole-host CDN gives a rule a
// name of its own.
func kept[T Object[T]](o T) T {
	if r, ok := any(o).(Rule); ok && r.CDN == VultrCDN {
		r.Published = "cdn-" + r.ID + ".vultrcdn.com"
		return any(r).(T)
	}
	return o
}

// line describes an operation: "create rule www.example.com/a for shop",
// "delete nodes.main 192.0.2.1", "update claim main to 60".
func line[T Object[T]](op Op[T]) string {
	if op.Verb == LookUp {
		return strings.TrimSpace(op.Key())
	}
	o := op.New()
	if op.Verb == Delete {
		o = op.Old()
	}
	text := string(op.Verb)
	switch o := any(o).(type) {
	case Rule:
		text += " rule " + o.RuleKey.String()
		if op.Verb == Delete {
			return text
		}
		m, _ := o.Mark()
		text += " for " + m.Name
		if op.Adopt {
			text += " by adoption"
		}
	case Record:
		name, address := strings.TrimSuffix(o.Name, "."+testOwner), o.Data
		if o.Type == "TXT" {
			name, address = "claim", strings.TrimPrefix(name, "_edgeward.")
		}
		text += " " + name + " " + address
		if op.Verb != Delete && o.TTL != 120 {
			text += fmt.Sprintf(" at %d", o.TTL)
		}
	}
	return text
}

// standing describes what stands, sorted; rules with whom they serve.
func (s *stage) standing() []string {
	var lines []string
	for _, r := range s.Rules.Objects {
		lines = append(lines, strings.TrimPrefix(line(Op[Rule]{Verb: Create, To: r}), "create "))
	}
	for _, r := range s.Records.Objects {
		lines = append(lines, strings.TrimPrefix(line(Op[Record]{Verb: Create, To: r}), "create "))
	}
	slices.Sort(lines)
	return lines
}

// states describes what became of the routes after the last call: "pending
// www.example.com/a: why".
func (s *stage) states() []string {
	var lines []string
	for _, r := range s.step.Routes {
		text := string(r.State) + " " + r.Key.String()
		if r.Reason != "" {
			text += ": " + r.Reason
		}
		lines = append(lines, text)
	}
	for _, p := range s.step.Problems {
		lines = append(lines, string(p.State)+" "+p.Key.String()+": "+p.Reason)
	}
	slices.Sort(lines)
	return lines
}

// rule returns the only rule at key that stands, to be changed.
func (s *stage) rule(t *testing.T, key RuleKey) *Rule {
	t.Helper()
	i := slices.IndexFunc(s.Rules.Objects, func(r *Rule) bool { return r.RuleKey == key })
	if i < 0 {
		t.Fatalf("no rule %s stands, only %q", key, s.standing())
	}
	s.Rules.Objects = slices.Clone(s.Rules.Objects)
	s.Rules.Objects[i] = new(*s.Rules.Objects[i])
	return s.Rules.Objects[i]
}

// record returns the only record with the data that stands, to be changed.
func (s *stage) record(t *testing.T, data string) *Record {
	t.Helper()
	i := slices.IndexFunc(s.Records.Objects, func(r *Record) bool { return r.Data == data })
	if i < 0 {
		t.Fatalf("no record %s stands, only %q", data, s.standing())
	}
	s.Records.Objects = slices.Clone(s.Records.Objects)
	s.Records.Objects[i] = new(*s.Records.Objects[i])
	return s.Records.Objects[i]
}

// only returns the single one of some routes.
func only(t *testing.T, routes []*Route) *Route {
	t.Helper()
	if len(routes) != 1 {
		t.Fatalf("%d routes, want one: %v", len(routes), routes)
	}
	return routes[0]
}
