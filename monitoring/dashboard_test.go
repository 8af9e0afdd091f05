package monitoring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/model/labels"
)

// dashboard is Grafana's classic dashboard model as far as dashboard.json uses
// it; what is any is for Grafana alone.
type dashboard struct {
	Title         string   `json:"title"`
	UID           string   `json:"uid"`
	Description   string   `json:"description"`
	Tags          []string `json:"tags"`
	SchemaVersion int      `json:"schemaVersion"`
	Editable      bool     `json:"editable"`
	GraphTooltip  int      `json:"graphTooltip"`
	Timezone      string   `json:"timezone"`
	Refresh       string   `json:"refresh"`
	Time          any      `json:"time"`
	Annotations   any      `json:"annotations"`
	Templating    struct {
		List []variable `json:"list"`
	} `json:"templating"`
	Panels []panel `json:"panels"`
}

type variable struct {
	Type       string      `json:"type"`
	Name       string      `json:"name"`
	Label      string      `json:"label"`
	Datasource *datasource `json:"datasource"`
	Query      any         `json:"query"`
	Definition string      `json:"definition"`
	Refresh    int         `json:"refresh"`
	Sort       int         `json:"sort"`
	Multi      bool        `json:"multi"`
	IncludeAll bool        `json:"includeAll"`
	AllValue   string      `json:"allValue"`
	Current    any         `json:"current"`
}

type datasource struct {
	Type string `json:"type"`
	UID  string `json:"uid"`
}

type panel struct {
	ID          int         `json:"id"`
	Type        string      `json:"type"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Collapsed   bool        `json:"collapsed"`
	Panels      []panel     `json:"panels"`
	Datasource  *datasource `json:"datasource"`
	GridPos     struct {    // in cells of a grid 24 wide
		X int `json:"x"`
		Y int `json:"y"`
		W int `json:"w"`
		H int `json:"h"`
	} `json:"gridPos"`
	Targets     []target `json:"targets"`
	FieldConfig struct {
		Defaults struct {
			Unit       string   `json:"unit"`
			Min        *float64 `json:"min"`
			Color      any      `json:"color"`
			Custom     any      `json:"custom"`
			Mappings   any      `json:"mappings"`
			Thresholds any      `json:"thresholds"`
		} `json:"defaults"`
		Overrides any `json:"overrides"`
	} `json:"fieldConfig"`
	Options any `json:"options"`
}

type target struct {
	RefID   string `json:"refId"`
	Expr    string `json:"expr"`
	Legend  string `json:"legendFormat"`
	Instant bool   `json:"instant"`
}

// readDashboard reads dashboard.json.
func readDashboard(t *testing.T) dashboard {
	t.Helper()
	content, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	var d dashboard
	if err := decoder.Decode(&d); err != nil {
		t.Fatalf("dashboard.json: %v", err)
	}
	return d
}

// TestDashboardLayout: no two panels have the same ID or share a cell, none
// sticks out of the grid, and no cell above the last panel is left empty.
func TestDashboardLayout(t *testing.T) {
	type cell struct{ x, y int }
	ids, cells, height := make(map[int]string), make(map[cell]string), 0
	for _, p := range readDashboard(t).Panels {
		if other, ok := ids[p.ID]; ok {
			t.Errorf("%q and %q have the ID %d", other, p.Title, p.ID)
		}
		ids[p.ID] = p.Title
		g := p.GridPos
		if g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
			t.Errorf("%q is not on the grid: %+v", p.Title, g)
		}
		height = max(height, g.Y+g.H)
		for x := range g.W {
			for y := range g.H {
				c := cell{g.X + x, g.Y + y}
				if other, ok := cells[c]; ok {
					t.Fatalf("%q and %q overlap at %+v", other, p.Title, c)
				}
				cells[c] = p.Title
			}
		}
	}
	if len(cells) != 24*height {
		t.Errorf("%d cells are empty", 24*height-len(cells))
	}
}

// TestDashboardPanels: each panel says what it shows, in which unit, heeds the
// variables, and shows something, each series by a name of its own, when
// edgeward exports all that it can.
func TestDashboardPanels(t *testing.T) {
	metrics := exported(t)
	data := load(t, metrics.growing())
	const end = time.Hour
	data.WithSamplesTill(time.Unix(0, 0).Add(end), func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	})
	_, instance := scrapeJob(t)
	chosen := datasource{Type: "prometheus", UID: "${datasource}"}
	variables := strings.NewReplacer("$instance", instance, "$cluster", "main")
	for _, p := range readDashboard(t).Panels {
		if p.Type == "row" {
			continue
		}
		t.Run(p.Title, func(t *testing.T) {
			if p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
				t.Error("it lacks a description, a unit or a query")
			}
			if diff := cmp.Diff(&chosen, p.Datasource); diff != "" {
				t.Errorf("data source (-want +got):\n%s", diff)
			}
			refs, names := make(map[string]bool), make(map[string]bool)
			for _, q := range p.Targets {
				if refs[q.RefID] {
					t.Errorf("two queries have the refId %s", q.RefID)
				}
				refs[q.RefID] = true
				filtered := strings.ReplaceAll(q.Expr, "$__rate_interval", "5m")
				expr := variables.Replace(filtered)
				if faults := append(metrics.faults(expr), metrics.unfiltered(filtered, "instance", "cluster")...); faults != nil {
					t.Fatal(strings.Join(faults, "\n"))
				}
				result := query(t, data, expr, end)
				if len(result) == 0 {
					t.Errorf("%s: no result", q.Expr)
				}
				for _, s := range result {
					if math.IsNaN(s.F) {
						t.Errorf("%s: %s is not a number", q.Expr, s.Metric)
					}
					name := legend(q.Legend, s.Metric)
					if name == "" || names[name] || strings.Contains(name, "{{") {
						t.Errorf("%s: %s is shown as %q", q.Expr, s.Metric, name)
					}
					names[name] = true
				}
			}
		})
	}
}

// legend is the name that Grafana shows for a series: {{label}} stands for the
// label's value. One that is absent is left as it is.
func legend(format string, series labels.Labels) string {
	series.Range(func(l labels.Label) { format = strings.ReplaceAll(format, "{{"+l.Name+"}}", l.Value) })
	return format
}

// TestDashboardVariables: the data source can be chosen, and each other
// variable lists the values of a label that exists.
func TestDashboardVariables(t *testing.T) {
	metrics := exported(t)
	chosen := datasource{Type: "prometheus", UID: "${datasource}"}
	labelValues := regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`)
	var names []string
	for _, v := range readDashboard(t).Templating.List {
		names = append(names, v.Name)
		if v.Type == "datasource" {
			continue
		}
		if diff := cmp.Diff(&chosen, v.Datasource); diff != "" {
			t.Errorf("%s: data source (-want +got):\n%s", v.Name, diff)
		}
		m := labelValues.FindStringSubmatch(v.Definition)
		if m == nil {
			t.Errorf("%s: %q lists no label's values", v.Name, v.Definition)
			continue
		}
		for _, fault := range metrics.faults(fmt.Sprintf(`%s{%s=~".+"}`, m[1], m[2])) {
			t.Errorf("%s: %s", v.Name, fault)
		}
		if diff := cmp.Diff(map[string]any{"query": v.Definition, "refId": v.Name}, v.Query); diff != "" {
			t.Errorf("%s: the query is not the definition (-want +got):\n%s", v.Name, diff)
		}
	}
	if diff := cmp.Diff([]string{"datasource", "instance", "cluster"}, names); diff != "" {
		t.Errorf("variables (-want +got):\n%s", diff)
	}
}
