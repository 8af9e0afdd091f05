// Package holdings shows and removes what is ours at the providers.
package holdings

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/owned"
	"github.com/edgeward/edgeward/internal/printable"
)

// Item is one object of ours.
type Item struct {
	Cluster string `json:"cluster"`
	Target  string `json:"target"` // a provider's name
	// Kind is rule, address or claim; published for a published host's CNAME, mark for
	// what makes that ours, and unmarked for a rule that is nobody's but names our
	// addresses.
	Kind   string `json:"kind"`
	Object string `json:"object"` // a rule's host and path, a record's full name
	Value  string `json:"value"`  // a rule's origin, a record's data
	// Serves is the Ingress of a rule, as namespace/name, "" for an unmarked one; for a
	// record, the number of rules that use its name.
	Serves string `json:"serves"`
	ID     string `json:"id"` // the provider's
}

// Read returns what of the owner stands at the providers, by cluster, and all
// rules of the account.
func Read(ctx context.Context, cfg *config.Config, p app.Providers) (map[string]*owned.Objects, []model.Rule, error) {
	rules, records, err := providers{p}.Read(ctx)
	if err != nil {
		return nil, nil, err
	}
	return owned.All(observed.Refs(rules), records, app.Settings(cfg)), rules, nil
}

// List turns holdings into items, sorted.
func List(holdings map[string]*owned.Objects, rules []model.Rule, set model.Settings) []Item {
	items := []Item{}
	users := make(map[string]int) // of a full name
	for _, r := range rules {
		users[r.SourceHost]++
	}
	for _, cluster := range slices.Sorted(maps.Keys(holdings)) {
		h := holdings[cluster]
		for _, r := range h.Rules {
			m, _ := r.OwnerLabel()
			items = append(items, Item{cluster, string(r.CDN), "rule", r.RuleKey.String(), origin(r), m.Namespace + "/" + m.Name, r.ID})
		}
		for _, r := range h.Unlabelled {
			items = append(items, Item{cluster, string(r.CDN), "unmarked", r.RuleKey.String(), origin(r), "", r.ID})
		}
		for _, r := range slices.SortedFunc(slices.Values(h.Addresses), byKey) {
			name := r.Name + "." + set.Domain
			items = append(items, Item{cluster, string(set.DNS.Name), "address", name, r.Data, fmt.Sprintf("%d rules", users[name]), r.ID})
		}
		for kind, records := range map[string][]model.Record{"claim": h.Ownership, "published": h.CNAMEs, "mark": h.Labels} {
			for _, r := range records {
				items = append(items, Item{cluster, string(set.DNS.Name), kind, r.Name + "." + cmp.Or(r.Zone, set.Domain), r.Data, "", r.ID})
			}
		}
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		order := []string{"published", "rule", "unmarked", "address", "mark", "claim"} // in which they would go
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)))
	})
	return items
}

func byKey(a, b model.Record) int { return a.Key().Compare(b.Key()) }

// origin is where a rule sends requests, as a URL for each protocol set.
func origin(r model.Rule) string {
	var urls []string
	for _, p := range r.Protocols {
		urls = append(urls, fmt.Sprintf("%s://%s:%d%s", p.Source, r.SourceHost, p.SourcePort, r.SourcePath))
	}
	return strings.Join(slices.Compact(urls), " ")
}

// WriteTable writes items for people.
func WriteTable(w io.Writer, items []Item) error {
	if len(items) == 0 {
		return say(w, "Nothing is ours.")
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) {
		for i := range cells {
			cells[i] = printable.Text(cells[i])
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	row("CLUSTER", "TARGET", "KIND", "OBJECT", "VALUE", "SERVES")
	for _, i := range items {
		row(i.Cluster, i.Target, i.Kind, i.Object, i.Value, i.Serves)
	}
	return t.Flush()
}

// WriteJSON writes items for scripts.
func WriteJSON(w io.Writer, items []Item) error {
	encoder := json.NewEncoder(printable.JSON(w))
	encoder.SetIndent("", "  ")
	return encoder.Encode(items)
}

// say writes a line for people, whatever is in it.
func say(w io.Writer, format string, a ...any) error {
	_, err := fmt.Fprintln(w, printable.Text(fmt.Sprintf(format, a...)))
	return err
}
