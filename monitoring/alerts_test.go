// Package monitoring tests what it gives to Prometheus and Grafana, with
// Prometheus's own code: that the alerts fire and are silent as
// alerts_test.yaml says, and that every metric and label value that the alerts
// and the dashboard name is one that edgeward exports.
package monitoring

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// ruleTests is the part of promtool's format for rule tests that
// alerts_test.yaml uses
// (https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/).
type ruleTests struct {
	RuleFiles          []string       `yaml:"rule_files"`
	EvaluationInterval model.Duration `yaml:"evaluation_interval"`
	Tests              []ruleTest     `yaml:"tests"`
}

type ruleTest struct {
	Name        string         `yaml:"name"`
	Interval    model.Duration `yaml:"interval"` // between samples
	InputSeries []struct {
		Series string `yaml:"series"`
		Values string `yaml:"values"`
	} `yaml:"input_series"`
	Alerts []struct {
		EvalTime model.Duration `yaml:"eval_time"`
		Name     string         `yaml:"alertname"`
		Want     []alert        `yaml:"exp_alerts"`
	} `yaml:"alert_rule_test"`
	// Expressions must have no result.
	Expressions []struct {
		Expr     string         `yaml:"expr"`
		EvalTime model.Duration `yaml:"eval_time"`
	} `yaml:"promql_expr_test"`
}

// alert is one that fires; its labels are without alertname.
type alert struct {
	Labels      map[string]string `yaml:"exp_labels"`
	Annotations map[string]string `yaml:"exp_annotations"`
}

// readRuleTests reads alerts_test.yaml.
func readRuleTests(t *testing.T) ruleTests {
	t.Helper()
	file, err := os.Open("alerts_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var tests ruleTests
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	if err := decoder.Decode(&tests); err != nil {
		t.Fatalf("alerts_test.yaml: %v", err)
	}
	return tests
}

// TestAlerts evaluates alerts_test.yaml as promtool does.
func TestAlerts(t *testing.T) {
	inAnyOrder := cmpopts.SortSlices(func(a, b alert) bool { return fmt.Sprint(a) < fmt.Sprint(b) })
	tests := readRuleTests(t)
	for _, test := range tests.Tests {
		t.Run(test.Name, func(t *testing.T) {
			input := fmt.Sprintf("load %s\n", test.Interval)
			for _, s := range test.InputSeries {
				input += fmt.Sprintf("  %s %s\n", s.Series, s.Values)
			}
			data := load(t, input)
			groups := loadRules(t, data, tests.RuleFiles, time.Duration(test.Interval))

			var end model.Duration
			for _, a := range test.Alerts {
				end = max(end, a.EvalTime)
			}
			for _, e := range test.Expressions {
				end = max(end, e.EvalTime)
			}
			for at := model.Duration(0); at <= end; at += tests.EvaluationInterval {
				firing := evaluate(t, data, groups, time.Duration(at))
				for _, a := range test.Alerts {
					if a.EvalTime != at {
						continue
					}
					if diff := cmp.Diff(a.Want, firing[a.Name], inAnyOrder); diff != "" {
						t.Errorf("%s: %s (-want +firing):\n%s", at, a.Name, diff)
					}
				}
			}
			for _, e := range test.Expressions {
				if got := query(t, data, e.Expr, time.Duration(e.EvalTime)); len(got) > 0 {
					t.Errorf("%s: %s:\n%s", e.EvalTime, e.Expr, got)
				}
			}
		})
	}
}

// TestAlertsTested: each alert has a case in which it fires and one, at a time
// of its own, in which it does not; and each case is of an alert that exists.
func TestAlertsTested(t *testing.T) {
	fires, silent := make(map[string]bool), make(map[string]bool)
	tests := readRuleTests(t)
	for _, test := range tests.Tests {
		for _, a := range test.Alerts {
			if a.EvalTime%tests.EvaluationInterval != 0 {
				t.Errorf("%s: %s: nothing is evaluated at %s", test.Name, a.Name, a.EvalTime)
			}
			if len(a.Want) > 0 {
				fires[a.Name] = true
			} else {
				silent[a.Name] = true
			}
		}
	}
	alerts := make(map[string]bool)
	for _, r := range readRules(t) {
		alerts[r.Alert] = true
	}
	for what, tested := range map[string]map[string]bool{"firing": fires, "silent": silent} {
		want, got := slices.Sorted(maps.Keys(alerts)), slices.Sorted(maps.Keys(tested))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("alerts tested %s (-alerts.yaml +alerts_test.yaml):\n%s", what, diff)
		}
	}
}

// TestAlertsComplete: each alert says how urgent it is, how long it must last,
// what to do, and which section of docs/troubleshooting.md has more.
func TestAlertsComplete(t *testing.T) {
	const runbook = "docs/troubleshooting.md"
	text, err := os.ReadFile("../" + runbook)
	if err != nil {
		t.Fatal(err)
	}
	var alerts, sections []string
	for _, heading := range regexp.MustCompile(`(?m)^### (Edgeward\w+)$`).FindAllStringSubmatch(string(text), -1) {
		sections = append(sections, heading[1])
	}
	for _, r := range readRules(t) {
		alerts = append(alerts, r.Alert)
		if s := r.Labels["severity"]; s != "critical" && s != "warning" {
			t.Errorf("%s: severity %q", r.Alert, s)
		}
		if r.For <= 0 {
			t.Errorf("%s: fires at once", r.Alert)
		}
		for _, name := range []string{"summary", "description"} {
			if r.Annotations[name] == "" {
				t.Errorf("%s: no %s", r.Alert, name)
			}
		}
		// As GitHub makes anchors of headings.
		want := "https://github.com/edgeward/edgeward/blob/main/" + runbook + "#" + strings.ToLower(r.Alert)
		if got := r.Annotations["runbook_url"]; got != want {
			t.Errorf("%s: runbook_url %q, not %q", r.Alert, got, want)
		}
	}
	if diff := cmp.Diff(alerts, sections); diff != "" {
		t.Errorf("alerts (-alerts.yaml +sections of %s):\n%s", runbook, diff)
	}
}

// TestAlertsNameMetrics: what the alerts select exists, and what their tests
// feed them is what edgeward exports.
func TestAlertsNameMetrics(t *testing.T) {
	metrics := exported(t)
	for _, r := range readRules(t) {
		for _, fault := range metrics.faults(r.Expr) {
			t.Errorf("%s: %s", r.Alert, fault)
		}
	}
	for _, test := range readRuleTests(t).Tests {
		for _, s := range test.InputSeries {
			if fault := metrics.seriesFault(s.Series); fault != "" {
				t.Errorf("%s: %s", test.Name, fault)
			}
		}
	}
}

// readRules reads alerts.yaml as Prometheus does.
func readRules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.ParseFile("alerts.yaml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), promslog.NewNopLogger())
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil {
		t.FailNow()
	}
	var list []rulefmt.Rule
	for _, g := range groups.Groups {
		list = append(list, g.Rules...)
	}
	return list
}
