package monitoring

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/providers"
)

// seriesSet are the series of one edgeward as Prometheus keeps them.
type seriesSet []labels.Labels

// exported returns every series that an edgeward with one cluster, main, can
// export, scraped as scrape.yaml says.
func exported(t *testing.T) seriesSet {
	t.Helper()
	registry := prometheus.NewRegistry()
	touch(metrics.New(registry, metrics.Build{Version: "1.0.0", Revision: "0123456", GoVersion: "go1.26"}))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	job, instance := scrapeJob(t)
	set := seriesSet{labels.FromStrings(model.MetricNameLabel, "up", "job", job, "instance", instance)}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			for _, s := range series(family.GetName(), m) {
				set = append(set, labels.NewBuilder(s).Set("job", job).Set("instance", instance).Labels())
			}
		}
	}
	return set
}

// touch sets each metric once for each value of its labels.
func touch(m *metrics.Metrics) {
	var (
		clusters  = []string{"main"}
		targets   []string
		events    = []string{"added", "modified", "deleted", "resync"}
		resources = []string{"ingresses", "services", "nodes", "secrets"}
	)
	for _, name := range providers.All().Names() {
		targets = append(targets, string(name))
	}
	each(func(v ...string) { m.Syncs.WithLabelValues(v...).Inc() }, clusters, targets, events, []string{"success", "error"})
	each(func(v ...string) { m.SyncDuration.WithLabelValues(v...).Observe(1) }, targets, events)
	each(func(v ...string) { m.Events.WithLabelValues(v...).Inc() }, clusters, resources,
		[]string{"added", "modified", "deleted", "bookmark"})
	each(func(v ...string) { m.WatchRestarts.WithLabelValues(v...).Inc() }, clusters, resources,
		[]string{"closed", "expired", "timeout", "unauthorized", "forbidden", "throttled", "error"})
	each(func(v ...string) { m.Request(v[0])(v[1], v[2], time.Second) }, targets, []string{"GET", "POST", "PUT", "PATCH", "DELETE"},
		[]string{"200", "201", "204", "400", "401", "403", "404", "429", "500", "502", "503", "error"})
	each(func(v ...string) { m.Routes.WithLabelValues(v...).Set(1) }, clusters,
		[]string{string(desired.Synced), string(desired.Pending), string(desired.Conflict), string(desired.Invalid), string(desired.Failed)})
	each(func(v ...string) { m.LastSuccess.WithLabelValues(v...).Set(1) }, targets)
	each(func(v ...string) { m.OwnedObjects.WithLabelValues(v...).Set(1) }, targets, []string{"rule", "address", "claim"})
	each(func(v ...string) { m.DriftRepaired.WithLabelValues(v...).Inc() }, targets)
	each(func(v ...string) { m.DeletionsBlocked.WithLabelValues(v...).Set(1) }, targets)
	each(func(v ...string) { m.Nodes.WithLabelValues(v...).Set(1) }, clusters, []string{"ready", "not_ready", "excluded", "no_address"})
	each(func(v ...string) { m.NodePanic.WithLabelValues(v...).Set(1) }, clusters)
	each(func(v ...string) { m.LastKnownAddress.WithLabelValues(v...).Set(1) }, clusters)
	each(func(v ...string) { m.ProviderReachable.WithLabelValues(v...).Set(1) }, targets)
}

// each calls f with every combination of one value of each list.
func each(f func(values ...string), lists ...[]string) {
	if len(lists) == 0 {
		f()
		return
	}
	for _, v := range lists[0] {
		each(func(values ...string) { f(append([]string{v}, values...)...) }, lists[1:]...)
	}
}

// series are those that one metric of the client library is scraped as: one,
// or for a histogram its buckets, sum and count.
func series(name string, m *dto.Metric) []labels.Labels {
	own := labels.NewScratchBuilder(len(m.GetLabel()) + 2)
	with := func(name string, extra ...string) labels.Labels {
		own.Reset()
		own.Add(model.MetricNameLabel, name)
		for _, l := range m.GetLabel() {
			own.Add(l.GetName(), l.GetValue())
		}
		if len(extra) == 2 {
			own.Add(extra[0], extra[1])
		}
		own.Sort()
		return own.Labels()
	}
	if m.GetHistogram() == nil {
		return []labels.Labels{with(name)}
	}
	list := []labels.Labels{with(name + "_sum"), with(name + "_count"), with(name+"_bucket", labels.BucketLabel, "+Inf")}
	for _, b := range m.GetHistogram().GetBucket() {
		if !math.IsInf(b.GetUpperBound(), 1) {
			le := strconv.FormatFloat(b.GetUpperBound(), 'g', -1, 64)
			list = append(list, with(name+"_bucket", labels.BucketLabel, le))
		}
	}
	return list
}

// faults says what an expression names that does not exist: a metric, a label
// of a metric that it selects by, each value of such a label ("a|b" is two), and
// a label that it matches or groups by. An expression that cannot be parsed is
// a fault, too.
func (set seriesSet) faults(expr string) []string {
	root, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return []string{err.Error()}
	}
	var faults []string
	known := make(map[string]bool) // labels of the metrics that are named
	for _, selector := range selectors(root) {
		found := set.named(selector.Name)
		if found == nil {
			faults = append(faults, "no metric "+selector.Name)
		}
		for _, s := range found {
			s.Range(func(l labels.Label) { known[l.Name] = true })
		}
		for _, m := range selector.LabelMatchers {
			for _, value := range alternatives(m) {
				if found != nil && !slices.ContainsFunc(found, func(s labels.Labels) bool { return value.Matches(s.Get(m.Name)) }) {
					faults = append(faults, fmt.Sprintf("no series %s{%s}", selector.Name, value))
				}
			}
		}
	}
	for _, name := range labelsNamed(root) {
		if !known[name] {
			faults = append(faults, fmt.Sprintf("no metric in %q has the label %s", strings.Join(strings.Fields(expr), " "), name))
		}
	}
	return faults
}

// unfiltered says which metrics of an expression have one of the labels and are
// not selected by Grafana's variable of that name.
func (set seriesSet) unfiltered(expr string, names ...string) []string {
	root, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		return []string{err.Error()}
	}
	var faults []string
	for _, selector := range selectors(root) {
		for _, name := range names {
			has := slices.ContainsFunc(set.named(selector.Name), func(s labels.Labels) bool { return s.Has(name) })
			if has && !slices.ContainsFunc(selector.LabelMatchers, func(m *labels.Matcher) bool { return m.Name == name && m.Value == "$"+name }) {
				faults = append(faults, selector.String()+" is not selected by $"+name)
			}
		}
	}
	return faults
}

// named returns the series of one metric.
func (set seriesSet) named(name string) seriesSet {
	var list seriesSet
	for _, s := range set {
		if s.Get(model.MetricNameLabel) == name {
			list = append(list, s)
		}
	}
	return list
}

// growing is an hour of all series, one sample a minute, in PromQL's test
// language.
func (set seriesSet) growing() string {
	input := "load 1m\n"
	for _, s := range set {
		input += fmt.Sprintf("  %s 1+1x60\n", s)
	}
	return input
}

// selectors returns what an expression selects.
func selectors(root parser.Expr) []*parser.VectorSelector {
	var list []*parser.VectorSelector
	parser.Inspect(root, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			list = append(list, s)
		}
		return nil
	})
	return list
}

// alternatives returns what a matcher matches, or excludes, as matchers that
// must each find something.
func alternatives(m *labels.Matcher) []*labels.Matcher {
	kind, values := labels.MatchEqual, []string{m.Value}
	if m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp {
		kind, values = labels.MatchRegexp, strings.Split(m.Value, "|")
	}
	var list []*labels.Matcher
	for _, v := range values {
		list = append(list, labels.MustNewMatcher(kind, m.Name, v))
	}
	return list
}

// labelsNamed returns the labels by which an expression groups or matches.
func labelsNamed(root parser.Expr) []string {
	var names []string
	parser.Inspect(root, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.AggregateExpr:
			names = append(names, n.Grouping...)
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				names = append(names, n.VectorMatching.MatchingLabels...)
				names = append(names, n.VectorMatching.Include...)
			}
		}
		return nil
	})
	return names
}

// seriesFault says in what a series that a test feeds to the rules could not
// come from edgeward: another name, other labels, or a value that a label never
// has. "": in nothing. The clusters, the job and the instance are free.
func (set seriesSet) seriesFault(desc string) string {
	got, _, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(desc + " 0")
	if err != nil {
		return err.Error()
	}
	free := []string{"cluster", "job", "instance"}
	for _, s := range set {
		same := s.Len() == got.Len()
		s.Range(func(l labels.Label) {
			same = same && (l.Value == got.Get(l.Name) || slices.Contains(free, l.Name) && got.Has(l.Name))
		})
		if same {
			return ""
		}
	}
	return "edgeward exports no " + desc
}
