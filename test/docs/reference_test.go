package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/yaml"

	"github.com/edgeward/edgeward/internal/metrics"
)

// TestEveryKey compares the tables of docs/configuration.md with config.yaml.example, which
// a test of internal/config holds to the program: the same keys, with the same defaults.
func TestEveryKey(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "config.yaml.example"))
	must(t, err)
	setting := regexp.MustCompile(`(?m)^( *)#( *(- )?[a-z_]+:)`)
	var example map[string]any
	must(t, yaml.UnmarshalStrict(setting.ReplaceAll(text, []byte("$1$2")), &example))

	p := open(t, "docs/configuration.md")
	for section, value := range example {
		keys, ok := value.(map[string]any)
		switch {
		case section == "clusters":
			keys = value.([]any)[0].(map[string]any)
			allow := keys["allow"].([]any)[0].(map[string]any)
			var documented []string
			for _, r := range p.rows(t, "Who may publish what", "key of an entry") {
				documented = append(documented, strings.Trim(r[0], "`"))
			}
			if diff := cmp.Diff(sorted(allow), slices.Sorted(slices.Values(documented))); diff != "" {
				t.Errorf("clusters[].allow[] (-config.yaml.example +docs/configuration.md):\n%s", diff)
			}
			keys["allow"] = ""
		case !ok:
			keys = map[string]any{section: value}
		}
		want, got := make(map[string]any), make(map[string]any)
		for key, value := range keys {
			want[key] = value
			if strings.HasSuffix(key, "_file") { // where the example has a sample
				want[key] = ""
			}
		}
		for _, r := range p.rows(t, section, "key") {
			var value any
			if text := strings.Trim(r[1], "`"); text != "required" {
				must(t, yaml.Unmarshal([]byte(text), &value))
			}
			if value == nil {
				value = ""
			}
			got[strings.Trim(r[0], "`")] = value
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-config.yaml.example +docs/configuration.md):\n%s", section, diff)
		}
	}
}

func sorted(m map[string]any) (keys []string) {
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// described is a registry that keeps what is said of each metric of edgeward's.
type described struct {
	prometheus.Registerer
	names []string // "edgeward_routes{cluster,state}"
}

var description = regexp.MustCompile(`fqName: "(edgeward_\w+)".*variableLabels: \{([^}]*)\}`)

func (d *described) MustRegister(list ...prometheus.Collector) {
	for _, c := range list {
		descriptions := make(chan *prometheus.Desc, 1000)
		c.Describe(descriptions)
		close(descriptions)
		for one := range descriptions {
			if m := description.FindStringSubmatch(one.String()); m != nil {
				labels := ""
				if m[2] != "" {
					labels = "{" + m[2] + "}"
				}
				d.names = append(d.names, m[1]+labels)
			}
		}
	}
}

// TestEveryMetric compares the table of docs/metrics.md with what edgeward registers.
func TestEveryMetric(t *testing.T) {
	d := &described{Registerer: prometheus.NewRegistry()}
	metrics.New(d, metrics.Build{})
	var documented []string
	for _, r := range open(t, "docs/metrics.md").rows(t, "Metrics", "metric") {
		documented = append(documented, strings.Trim(r[0], "`"))
	}
	slices.Sort(d.names)
	slices.Sort(documented)
	if diff := cmp.Diff(d.names, documented); diff != "" {
		t.Errorf("(-registered +docs/metrics.md):\n%s", diff)
	}
}

// sources are the repository's Go files, one after the other: tests, or all others.
func sources(t *testing.T, tests bool) string {
	t.Helper()
	var all strings.Builder
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") != tests {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	}))
	return all.String()
}

// TestNamedTestsExist: the documents name the tests that hold their promises.
func TestNamedTestsExist(t *testing.T) {
	tests, name := sources(t, true), regexp.MustCompile(`^Test[A-Z]\w*$`)
	for _, p := range pages(t) {
		for _, span := range p.codeSpans() {
			if name.MatchString(span) && !strings.Contains(tests, "\nfunc "+span+"(t *testing.T)") {
				t.Errorf("%s names %s, which is not there", p.path, span)
			}
		}
	}
}

// filledIn is what the program puts into its messages: what differs each time, the names
// of providers and of their keys, and the attributes of a line.
var filledIn = regexp.MustCompile(`…|: |edgeward/| \w+=|Vultr CDN|(edgio|vultr)\.\w+`)

// TestMessages looks in the program for what docs/troubleshooting.md says that the log
// says.
func TestMessages(t *testing.T) {
	program := sources(t, false) + syscall.EADDRINUSE.Error()
	p := open(t, "docs/troubleshooting.md")
	for _, heading := range []string{"An Ingress is not published", "A cluster", "A provider", "Deletion is held back", "Start and configuration"} {
		for _, r := range p.rows(t, heading, "message") {
			for i, message := range strings.Split(r[0], "`") {
				if i%2 == 0 {
					continue // between two messages
				}
				for _, part := range filledIn.Split(message, -1) {
					part = strings.TrimSpace(part)
					if len(part) > len("Secret") && !strings.Contains(program, part) {
						t.Errorf("%s: the program has no %q", message, part)
					}
				}
			}
		}
	}
}

// TestGoCode looks in the program and its tests for each line of Go that the documents
// show. "…" stands for what they leave out.
func TestGoCode(t *testing.T) {
	blanks := regexp.MustCompile(`\s+`)
	all := blanks.ReplaceAllString(sources(t, false)+sources(t, true), " ")
	for _, p := range pages(t) {
		for _, b := range p.blocks("go") {
			for line := range strings.Lines(b.text) {
				for part := range strings.SplitSeq(line, "…") {
					if part = blanks.ReplaceAllString(strings.TrimSpace(part), " "); !strings.Contains(all, part) {
						t.Errorf("%s:%d: nowhere is: %s", p.path, b.line, part)
					}
				}
			}
		}
	}
}
