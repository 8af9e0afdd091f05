package syncer

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
)

// BenchmarkEvent changes one of 10,000 Ingresses after the other, alone and beside
// 100,000 rules and records of somebody else: from the event to the call, and to the
// next event, when all that follows from the call is done.
func BenchmarkEvent(b *testing.B) {
	for _, others := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("beside %d of others", others), func(b *testing.B) {
			j := new(journal)
			cdn, dns := newFake[model.Rule]("cdn", j), newFake[model.Record]("dns", j)
			for i := range others {
				id := fmt.Sprint("other-", i)
				cdn.objects[id] = model.Rule{ID: id, RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: fmt.Sprintf("o%d.example.org", i), Path: "/"}, SourceHost: "elsewhere.example.org"}
				dns.objects[id] = model.Record{ID: id, Name: fmt.Sprint("o", i), Type: "A", Data: "198.51.100.7", TTL: 300}
			}
			o := usualOptions(cdn, dns)
			o.Log, o.Metrics = slog.New(slog.DiscardHandler), metrics.New(prometheus.NewRegistry(), metrics.Build{})
			s := New(o)
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx) }()
			c := s.Cluster("main")
			c.Services.Added(web())
			c.Nodes.Added(node(1))
			const ingresses = 10_000
			for i := range ingresses {
				c.Ingresses.Added(ingress(fmt.Sprint("i", i)))
			}
			c.Ready("uid-main")
			stand := func(n int) {
				for len(cdn.standing()) < n {
					<-s.Planned()
				}
			}
			stand(others + ingresses)

			called := make(chan time.Time, 1)
			cdn.mu.Lock()
			cdn.changed = func(string) { called <- time.Now() }
			cdn.mu.Unlock()
			var waits []time.Duration
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				name, value := fmt.Sprint("i", i%ingresses), []string{"strip", "keep"}[i/ingresses%2]
				begun := time.Now()
				ing := stripped(ingress(name), value)
				c.Ingresses.Modified(ing, ing, true)
				waits = append(waits, (<-called).Sub(begun))
				for queued := true; queued; {
					<-s.Planned()
					queued = s.Overview().Providers[0].Waiting > 0
				}
			}
			slices.Sort(waits)
			b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms/call")
			cancel()
			if err := <-ended; err != nil {
				b.Fatal(err)
			}
		})
	}
}
