package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/test/lab"
)

// planned is what `plan -o json` prints, as far as scripts go by it.
type planned struct {
	Changes []struct {
		Group, Target, Action, Object string
	}
	NotPublished []struct {
		Ingress, Rule, State, Reason string
	} `json:"not_published"`
}

// changes returns the changes, one a line, without those of the zone.
func (p planned) changes() []string {
	var lines []string
	for _, c := range p.Changes {
		if c.Target == "edgio" {
			lines = append(lines, c.Action+" "+c.Object+" for "+c.Group)
		}
	}
	return lines
}

// planJSON runs plan and returns its exit status and its report.
func planJSON(t *testing.T, config string, args ...string) (int, planned) {
	t.Helper()
	status, output := edgeward(t, append([]string{"--config", config, "plan", "-o", "json"}, args...)...)
	var p planned
	if err := json.Unmarshal([]byte(output), &p); err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}
	return status, p
}

// TestPlan asks what a run would do: before the first, after it, and when one
// Ingress each was added, changed and deleted. It writes nothing; a run then does
// just that.
func TestPlan(t *testing.T) {
	b := newBed(t, lab.Options{})
	config := b.config(sections{"sync": "linger: 1h"})
	if status, output := edgeward(t, "--config", config, "plan"); status != 0 || output != "Nothing to change.\n" {
		t.Errorf("nothing to do: exit status %d, it says\n%s", status, output)
	}

	b.nodes("192.0.2.1", "192.0.2.2")
	b.apply(service(30080), ingress("keep", "www.example.com/keep"), ingress("change", "www.example.com/change"), ingress("go", "www.example.com/go"))
	status, output := edgeward(t, "--config", config, "plan")
	for _, line := range []string{
		"Ingress main/default/keep", "  + rule www.example.com/keep", "      origin: nodes.main.acme." + lab.Domain,
		"Origin names in the zone", "  + A nodes.main.acme." + lab.Domain + " 192.0.2.1", "  + TXT _edgeward.main.acme." + lab.Domain,
		"To add: 6, to change: 0, to remove: 0.",
	} {
		if !strings.Contains("\n"+output, "\n"+line) {
			t.Errorf("no line begins with %q", line)
		}
	}
	if status != 3 || t.Failed() {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	must(t, b.nothingWritten())

	if status, output := b.run(config, "--once"); status != 0 {
		t.Fatalf("exit status %d; output:\n%s", status, output)
	}
	if status, p := planJSON(t, config); status != 0 || len(p.Changes) > 0 {
		t.Errorf("after the run: exit status %d, %v", status, p)
	}

	b.apply(ingress("new", "www.example.com/new"), annotated(ingress("change", "www.example.com/change"), "edgeward/source-path", "strip"),
		ingressSpec("bad", `{defaultBackend: {service: {name: web, port: {number: 80}}}, rules: [{host: "*.example.com"}]}`))
	b.delete(ingress("go", "www.example.com/go"))
	b.forgetCalls()
	status, output = edgeward(t, "--config", config, "plan")
	if status != 3 || !hasAll(output, []string{
		"\n  ~ rule www.example.com/change\n", "\n      origin path: /change -> /\n",
		"\n  - rule www.example.com/go\n", "\n  + rule www.example.com/new\n",
		"\nNot published\n  ! main/default/bad", "\nTo add: 1, to change: 1, to remove: 1.\n",
	}) {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	backup := filepath.Join(t.TempDir(), "before.json")
	status, p := planJSON(t, config, "--backup", backup)
	want := []string{
		"update rule www.example.com/change for Ingress main/default/change",
		"delete rule www.example.com/go for Ingress main/default/go",
		"create rule www.example.com/new for Ingress main/default/new",
	}
	if diff := cmp.Diff(want, p.changes()); diff != "" || status != 3 {
		t.Errorf("exit status %d, changes (-want +got):\n%s", status, diff)
	}
	if len(p.NotPublished) != 1 || p.NotPublished[0].Ingress != "main/default/bad" || p.NotPublished[0].State != "invalid" || p.NotPublished[0].Reason == "" {
		t.Errorf("not published: %v", p.NotPublished)
	}
	b.backedUp(backup, "www.example.com/change", "www.example.com/go")
	if status, output := edgeward(t, "--config", config, "plan", "--backup", backup); status != 1 || !hasAll(output, []string{"--backup", "exists"}) {
		t.Errorf("a backup over another: exit status %d, it says\n%s", status, output)
	}
	must(t, b.nothingWritten())
	if status, output := b.run(config, "--once"); status != 0 {
		t.Fatalf("exit status %d; output:\n%s", status, output)
	}
	must(t, b.wrote(3, 0))
}

// backedUp fails the test unless the file has just the rules of these URLs, as
// they stand at Edgio, and nobody else can read it.
func (b *bed) backedUp(file string, urls ...string) {
	b.t.Helper()
	info, err := os.Stat(file)
	must(b.t, err)
	if mode := info.Mode().Perm(); mode != 0o600 {
		b.t.Errorf("the backup's mode is %o", mode)
	}
	data, err := os.ReadFile(file)
	must(b.t, err)
	var saved struct {
		Rules   []struct{ UUID string }
		Records []any
	}
	must(b.t, json.Unmarshal(data, &saved))
	var got, want []string
	for _, r := range saved.Rules {
		got = append(got, r.UUID)
	}
	for _, url := range urls {
		want = append(want, b.uuid(url))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(saved.Records) > 0 {
		b.t.Errorf("backup: %d records; rules (-want +got):\n%s", len(saved.Records), diff)
	}
}

// TestWithoutProviders: plan and list end with 1, not with 0 or 3, where they
// cannot know.
func TestWithoutProviders(t *testing.T) {
	b := newBed(t, lab.Options{})
	for _, provider := range []string{"edgio", "vultr"} {
		config := b.config(sections{provider: "base_url: http://127.0.0.1:1"})
		for _, command := range []string{"plan", "list", "uninstall"} {
			status, output := edgeward(t, "--config", config, command)
			if status != 1 || !strings.Contains(output, "connection refused") {
				t.Errorf("%s without %s: exit status %d, it says\n%s", command, provider, status, output)
			}
			clean(t, output)
		}
	}
}

// TestPlanIsPlain has what a tenant may write, and the API server admits, that would
// forge lines, command the operator's terminal or turn the order of characters:
// plan, list, the log, the Event and the page show it escaped.
func TestPlanIsPlain(t *testing.T) {
	const evil = `X\x1b[2K\x1b[1A\n  - A prod.example.org 198.51.100.1 (forged line)\u202e\u2066\u200b`
	raw, err := strconv.Unquote(`"` + evil + `"`)
	must(t, err)
	b := newBed(t, lab.Options{})
	config := b.config(nil)
	b.nodes("192.0.2.1")
	b.apply(service(30080),
		ingressSpec("resource", `{rules: [{host: r.example.com, http: {paths: [{path: /, pathType: Exact,
			backend: {resource: {apiGroup: k8s.example.com, kind: "`+evil+`", name: "`+evil+`"}}}]}}]}`),
		ingressSpec("path", `{rules: [{host: p.example.com, http: {paths: [{path: "/`+evil+`", pathType: ImplementationSpecific,
			backend: {service: {name: web, port: {number: 80}}}}]}}]}`),
		annotated(ingress("value", "v.example.com/"), "edgeward/source-path", raw),
		annotated(ingress("profile", "s.example.com/"), "edgeward/service-profile", raw),
		annotated(ingress("class", "c.example.com/"), "kubernetes.io/ingress.class", raw))
	plain := func(what, output string) {
		t.Helper()
		for line := range strings.Lines(output) {
			line = strings.TrimSuffix(line, "\n")
			if i := strings.IndexFunc(line, func(r rune) bool { return !strconv.IsPrint(r) && r != '\t' }); i >= 0 {
				t.Errorf("%s prints as it is: %q", what, line)
			}
			if strings.HasPrefix(line, "  - A prod.example.org") {
				t.Errorf("%s prints a forged line: %s", what, line)
			}
		}
	}
	const shown = `X\x1b[2K\x1b[1A\n  - A prod.example.org 198.51.100.1 (forged line)\u202e\u2066\u200b`
	status, output := edgeward(t, "--config", config, "plan")
	if status != 3 || !strings.Contains(output, "the backend is the resource "+shown) {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	plain("plan", output)
	_, output = edgeward(t, "--config", config, "plan", "-o", "json")
	plain("plan -o json", output)
	status, output = b.run(config, "--once", "--dry-run")
	if status != 0 {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	plain("--dry-run", output)
	d := b.start(config)
	b.exact(rule("c.example.com/", 30080))
	for _, path := range []string{"/", "/status.json", "/readyz", "/metrics"} {
		_, body, err := d.Get(t.Context(), path)
		must(t, err)
		if path == "/" { // where a line break is a blank
			body = strings.ReplaceAll(body, "\n", " ")
		}
		plain(path, body)
	}
	d.stop()
	plain("the log", d.Log())
	status, output = b.run(b.config(sections{"log": "format: json"}), "--once")
	if status != 0 {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	plain("the log as JSON", output)
	_, output = edgeward(t, "--config", config, "list")
	plain("list", output)
}
