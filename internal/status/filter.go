package status

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/edgeward/edgeward/internal/desired"
)

// filter is what of the Ingresses is to be seen; what is empty does not
// restrict.
type filter struct {
	Cluster, Namespace, Ingress string
	State                       desired.State
	Q                           string // part of a name, URL, rule ID, origin or message; lower case
	Page                        int    // from 1; of the page only
}

// parseFilter reads the query of a URL. Unknown keys are ignored, as those that
// a proxy adds.
func parseFilter(query url.Values) (filter, error) {
	get := func(key string) string { return strings.TrimSpace(query.Get(key)) }
	f := filter{
		Cluster: get("cluster"), Namespace: get("namespace"), Ingress: get("ingress"),
		State: desired.State(get("state")), Q: strings.ToLower(get("q")), Page: 1,
	}
	if f.State != "" && !slices.Contains(states(), f.State) {
		return f, fmt.Errorf("state: %.40q is not one of %v", string(f.State), states())
	}
	if text := get("page"); text != "" {
		page, err := strconv.Atoi(text)
		if err != nil || page < 1 {
			return f, fmt.Errorf("page: %.40q is not a number from 1", text)
		}
		f.Page = page
	}
	return f, nil
}

// query is the filter as part of a URL.
func (f filter) query() string {
	q := url.Values{}
	set := func(key, value string) {
		if value != "" {
			q.Set(key, value)
		}
	}
	set("cluster", f.Cluster)
	set("namespace", f.Namespace)
	set("ingress", f.Ingress)
	set("state", string(f.State))
	set("q", f.Q)
	if f.Page > 1 {
		set("page", strconv.Itoa(f.Page))
	}
	return q.Encode()
}

// filtered returns the report of what fits a filter.
func (r Report) filtered(f filter) Report {
	all := r.Ingresses
	r.Counts, r.Ingresses = zeros(), make([]Ingress, 0, len(all))
	for _, i := range all {
		if !f.fits(i) {
			continue
		}
		r.Counts[i.State]++
		if f.State == "" || f.State == i.State {
			r.Ingresses = append(r.Ingresses, i)
		}
	}
	r.Matching = len(r.Ingresses)
	return r
}

// fits reports whether an Ingress fits the filter but for its state.
func (f filter) fits(i Ingress) bool {
	return (f.Cluster == "" || f.Cluster == i.Cluster) &&
		(f.Namespace == "" || f.Namespace == i.Namespace) &&
		(f.Ingress == "" || f.Ingress == i.Name) &&
		(f.Q == "" || i.mentions(f.Q))
}

// mentions reports whether a text, in lower case, is part of anything that is
// said of an Ingress.
func (i Ingress) mentions(text string) bool {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	return has(i.ID().String()) || slices.ContainsFunc(i.Warnings, has) ||
		slices.ContainsFunc(i.Routes, func(r Route) bool {
			return has(r.Host+r.Path) || has(r.Rule) || has(r.Reason) || has(r.Failure.text()) ||
				slices.ContainsFunc(r.URLs, has) || slices.ContainsFunc(r.OriginURLs, has)
		})
}

// text is the failure's error; "" for none.
func (f *Failure) text() string {
	if f == nil {
		return ""
	}
	return f.Error
}
