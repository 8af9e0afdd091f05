package status

import (
	"fmt"
	"html/template"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/desired"
)

// What the page shows at most, so that it stays quick and readable. The JSON
// has all.
const (
	ingressesAPage = 50
	routesAmong    = 10  // of an Ingress among others
	routesAlone    = 500 // of an Ingress that alone fits the filter
	addressesInRow = 2
	originsShown   = 30
	addressesShown = 50 // of an origin
	linesShown     = 20 // of notices, failures, warnings and nodes left out
)

// page is what the template page.html works on.
type page struct {
	Report
	CSS    template.CSS
	Filter filter
	Now    time.Time
	Pages  int
}

// newPage shows one page of a report.
func newPage(r Report, f filter, css template.CSS, now time.Time) page {
	p := page{Report: r, CSS: css, Filter: f, Now: now, Pages: max(1, (r.Matching+ingressesAPage-1)/ingressesAPage)}
	p.Filter.Page = min(f.Page, p.Pages)
	first := (p.Filter.Page - 1) * ingressesAPage
	p.Ingresses = r.Ingresses[first:min(first+ingressesAPage, r.Matching)]
	return p
}

// row is an Ingress as far as the page shows it.
type row struct {
	Ingress
	Routes []routeRow
	More   int // routes that are not shown
}

// routeRow is a route with the first addresses of its origin.
type routeRow struct {
	Route
	Addresses []Address
	More      int // addresses that are not shown
}

// Rows are the page's Ingresses.
func (p page) Rows() []row {
	addresses := make(map[string][]Address, len(p.Origins))
	for _, o := range p.Origins {
		addresses[o.Name] = o.Addresses
	}
	most := routesAmong
	if p.Matching == 1 {
		most = routesAlone
	}
	var rows []row
	for _, i := range p.Ingresses {
		i.Warnings = first(i.Warnings, linesShown)
		r := row{Ingress: i, More: len(i.Routes) - len(first(i.Routes, most))}
		for _, route := range first(i.Routes, most) {
			all := addresses[route.Origin]
			shown := first(all, addressesInRow)
			r.Routes = append(r.Routes, routeRow{route, shown, len(all) - len(shown)})
		}
		rows = append(rows, r)
	}
	return rows
}

// originRow is an origin as far as the page shows it.
type originRow struct {
	Origin
	More int // addresses that are not shown
}

// OriginRows are the origins of the page's Ingresses, and those that none uses.
func (p page) OriginRows() []originRow {
	named := make(map[string]bool)
	for _, i := range p.Ingresses {
		for _, r := range i.Routes {
			named[r.Origin] = true
		}
	}
	var rows []originRow
	for _, o := range p.Origins {
		if named[o.Name] || !o.Used && (p.Filter.Cluster == "" || p.Filter.Cluster == o.Cluster) {
			r := originRow{o, len(o.Addresses) - len(first(o.Addresses, addressesShown))}
			r.Addresses = first(o.Addresses, addressesShown)
			rows = append(rows, r)
		}
	}
	return first(rows, originsShown)
}

// first returns the first n elements at most.
func first[T any](list []T, n int) []T { return list[:min(n, len(list))] }

// Lines are as many of a list as are shown one below the other.
func (p page) Lines(list any) any {
	switch list := list.(type) {
	case []Notice:
		return first(list, linesShown)
	case []Failure:
		return first(list, linesShown)
	case []Node:
		return first(list, linesShown)
	}
	return list
}

// Beyond says how many of n lines are not shown; 0: all are.
func (p page) Beyond(n int) int { return max(0, n-linesShown) }

// choice is one of the links that narrow the view to a state.
type choice struct {
	Name    string
	Count   int
	Link    template.URL
	Current bool
}

// Choices are links to each state, and to all.
func (p page) Choices() []choice {
	link := func(s desired.State) template.URL {
		f := p.Filter
		f.State, f.Page = s, 1
		return link(f)
	}
	all := choice{"all", 0, link(""), p.Filter.State == ""}
	list := []choice{}
	for _, s := range states() {
		all.Count += p.Counts[s]
		list = append(list, choice{string(s), p.Counts[s], link(s), p.Filter.State == s})
	}
	return slices.Insert(list, 0, all)
}

// link is a URL of this page for another filter. Its query is encoded.
func link(f filter) template.URL { return template.URL("?" + f.query()) }

// Previous and Next are links to the neighbouring pages; "" where there is none.
func (p page) Previous() template.URL { return p.turn(-1) }

// Next is described at Previous.
func (p page) Next() template.URL { return p.turn(1) }

func (p page) turn(by int) template.URL {
	f := p.Filter
	if f.Page += by; f.Page < 1 || f.Page > p.Pages {
		return ""
	}
	return link(f)
}

// Alone is a link to a single Ingress.
func (p page) Alone(i Ingress) template.URL {
	return link(filter{Cluster: i.Cluster, Namespace: i.Namespace, Ingress: i.Name})
}

// JSON is a link to the same as JSON.
func (p page) JSON() template.URL {
	f := p.Filter
	f.Page = 1
	if q := f.query(); q != "" {
		return template.URL("status.json?" + q)
	}
	return "status.json"
}

// Filtered reports whether the filter hides anything.
func (p page) Filtered() bool {
	f := p.Filter
	f.Page = 0
	return f != filter{}
}

// Total is how many Ingresses there are.
func (p page) Total() int {
	n := 0
	for _, c := range p.Clusters {
		for _, count := range c.Counts {
			n += count
		}
	}
	return n
}

// States are all states, the worst first.
func (p page) States() []desired.State { return states() }

// moment is a time, for machines, for who wants it exact, and as seen from now.
type moment struct{ RFC, Stamp, When string }

// Moment puts a time into words: "12 s ago", "in 3 min".
func (p page) Moment(t time.Time) moment {
	m := moment{t.UTC().Format(time.RFC3339), t.UTC().Format("2006-01-02 15:04:05 UTC"), "just now"}
	switch d := p.Now.Sub(t).Round(time.Second); {
	case d < 0:
		m.When = "in " + roughly(-d)
	case d > 0:
		m.When = roughly(d) + " ago"
	}
	return m
}

// failing is a failure with its times in words.
type failing struct {
	Failure
	First moment
	Again *moment // nil: it is being tried
}

// Failing puts a failure's times into words.
func (p page) Failing(f Failure) failing {
	v := failing{Failure: f, First: p.Moment(f.Since)}
	if !f.Next.IsZero() {
		again := p.Moment(f.Next)
		v.Again = &again
	}
	return v
}

// Present are the states that any Ingress is in, the worst first.
func (p page) Present(counts Counts) []desired.State {
	return slices.DeleteFunc(states(), func(s desired.State) bool { return counts[s] == 0 })
}

func roughly(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return fmt.Sprintf("%d days", d/(24*time.Hour))
}
