package plan

import (
	"fmt"
	"slices"
	"testing"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
)

// BenchmarkPlan maps and compares Ingresses of one path each on 20 Services and
// 3 nodes: after a start with nothing standing yet, after one with all of it, and
// after an event, when one Ingress has changed. Time and memory are per Ingress.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		c := fixture.Cluster("main", fixture.Node("n1", "192.0.2.1"), fixture.Node("n2", "192.0.2.2"), fixture.Node("n3", "192.0.2.3"))
		for i := range 20 {
			c.Services = append(c.Services, fixture.Service(fmt.Sprint("svc", i), int32(30000+i)))
		}
		for i := range n {
			ing := fixture.Ingress(fmt.Sprint("ing", i), fmt.Sprintf("h%d.example.com", i), "Exact", "/a")
			ing.Rules[0].Paths[0].Backend = kube.Backend{Service: fmt.Sprint("svc", i%20), PortName: "http"}
			c.Ingresses = append(c.Ingresses, &ing)
		}
		var step Step
		plan := func(name string, prepare func(i int) Input) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					step = Next(prepare(i))
					if len(step.Routes) != n {
						b.Fatalf("%d routes, want %d", len(step.Routes), n)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/Ingress")
			})
		}
		first, steady := standing(c, false), standing(c, true)
		fresh := func(in Input) func(int) Input {
			return func(int) Input {
				in.Want = desired.Desired([]desired.Cluster{c}, in.Settings, in.Now)
				return in
			}
		}
		plan("first", fresh(first))
		plan("steady", fresh(steady))
		in := fresh(steady)(0)
		for _, r := range in.Rules.Objects {
			*r = in.Want.Route(r.RuleKey).Rule.Observed(*r) // one text for both, as in a picture
		}
		for i := range 5 {
			in.Rules.Attempts = append(in.Rules.Attempts, observed.Attempt[model.Rule]{Op: model.Op[model.Rule]{Verb: model.Create, To: &in.Want.Routes[i].Rule}, Status: observed.InFlight})
		}
		event := func(i int) Input {
			changed := *c.Ingresses[i%n]
			c.Ingresses[i%n] = &changed
			before := in.Want
			in.Want = desired.DesiredAfter(before, []desired.Cluster{c}, in.Settings, in.Now)
			in.Memory = step.Memory.Follow(before, in.Want, true)
			return in
		}
		plan("event", event)
		in.Rules.Objects, in.Records.Objects = append(in.Rules.Objects, othersRules(100_000)...), append(in.Records.Objects, othersRecords(100_000)...)
		slices.SortFunc(in.Rules.Objects, func(a, b *model.Rule) int { return a.Compare(*b) })
		slices.SortFunc(in.Records.Objects, func(a, b *model.Record) int { return a.Compare(*b) })
		in.Settings.PublishZones = []string{"example.org"}
		in.Memory = Memory{}
		step = Next(in)
		plan("event beside 100,000 of others", event)
	}
}

// othersRules are rules that somebody else made, at hosts of their own.
func othersRules(n int) (list []*model.Rule) {
	for i := range n {
		list = append(list, &model.Rule{
			ID: fmt.Sprint("other-", i), RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: fmt.Sprintf("o%d.example.org", i), Path: "/"}, SourceHost: fmt.Sprintf("o%d.example.net", i%1000), SourcePath: "/",
			Protocols: []model.Protocol{{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 80}},
		})
	}
	return list
}

// othersRecords are records that somebody else made, half of them in the zone of the
// origins, half in one of published hosts.
func othersRecords(n int) (list []*model.Record) {
	for i := range n {
		list = append(list, &model.Record{ID: fmt.Sprint("other-", i), Zone: []string{"", "example.org"}[i%2], Name: fmt.Sprint("o", i), Type: "A", Data: "198.51.100.7", TTL: 300})
	}
	return list
}

// standing is the state in which all records of a cluster stand and, with
// rules, its rules.
func standing(c desired.Cluster, rules bool) Input {
	in := settled(fixture.Settings(), fixture.Cluster("main", fixture.Usual()...)).Input
	in.Records.Objects = in.Records.Objects[:1] // the claim
	for _, n := range c.Nodes {
		r := model.AddressRecord(model.SetName(model.NodesSet, c.Name, fixture.Owner), n.Addresses[0].Address, in.Settings.TTL)
		in.Records.Objects = append(in.Records.Objects, new(r.WithIdentity(n.Name)))
	}
	in.Rules.Objects = nil
	for _, route := range desired.Desired([]desired.Cluster{c}, in.Settings, in.Now).Routes {
		if rules {
			in.Rules.Objects = append(in.Rules.Objects, new(route.Rule.WithIdentity(route.Key.String())))
		}
	}
	return in
}

// BenchmarkNodeEvent has one of many nodes go or come back, behind Ingresses of one
// path each: the time of mapping and comparing, and the writes to DNS.
func BenchmarkNodeEvent(b *testing.B) {
	for _, n := range []int{200, 5_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			objects := append(manyNodes(n, fixture.PublicIPv4), fixture.Web())
			for i := range 1_000 {
				objects = append(objects, fixture.Ingress(fmt.Sprint("ing", i), fmt.Sprintf("h%d.example.com", i), "Exact", "/a"))
			}
			all := fixture.Cluster("main", objects...)
			s := newStage(fixture.Settings(), all)
			s.run()
			writes := 0
			for i := 0; b.Loop(); i++ {
				now := all
				if i%2 == 0 { // one goes; then it is back
					gone := i / 2 % n
					now.Nodes = slices.Concat(all.Nodes[:gone], all.Nodes[gone+1:])
				}
				now.Standing = desired.NewStanding(s.Rules.Objects, s.Records.Objects)
				want := desired.DesiredAfter(s.Want, []desired.Cluster{now}, s.Settings, s.Now)
				s.Memory, s.Want = s.Memory.Follow(s.Want, want, true), want
				for {
					s.Rules.Read, s.Records.Read = s.Now, s.Now
					s.step = Next(s.Input)
					s.Memory = s.step.Memory
					if len(s.step.Records) == 0 {
						break
					}
					writes += len(s.step.Records)
					b.StopTimer()
					s.do()
					slices.SortFunc(s.Records.Objects, func(a, b *model.Record) int { return a.Compare(*b) })
					b.StartTimer()
				}
			}
			b.ReportMetric(float64(writes)/float64(b.N), "writes/event")
		})
	}
}
