package e2e

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/test/invariants"
	"github.com/edgeward/edgeward/test/lab"
)

// held is an object in the output of `list -o json`.
type held struct{ Cluster, Target, Kind, Object, Value, Serves, ID string }

// TestList shows what is ours, for people and for scripts, and nothing of
// others.
func TestList(t *testing.T) {
	b := newBed(t, lab.Options{})
	config := b.config(nil)
	if status, output := edgeward(t, "--config", config, "list"); status != 0 || output != "Nothing is ours.\n" {
		t.Errorf("exit status %d, it says %q", status, output)
	}
	if status, output := edgeward(t, "--config", config, "list", "-o", "json"); status != 0 || output != "[]\n" {
		t.Errorf("exit status %d, it says %q", status, output)
	}

	b.Edgio.Seed(foreignRule("www.example.org", "/"))
	b.Vultr.Seed(lab.Domain, vultrtest.Record{Name: "www", Type: "A", Data: "192.0.2.9", TTL: 300})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	if status, output := b.run(config, "--once"); status != 0 {
		t.Fatalf("exit status %d; output:\n%s", status, output)
	}
	b.forgetCalls()

	var claim string
	for _, r := range b.Vultr.Records(lab.Domain) {
		if r.Type == "TXT" {
			claim = strings.Trim(r.Data, `"`)
		}
	}
	if !strings.HasPrefix(claim, "heritage=edgeward,edgeward/owner=acme,edgeward/cluster="+clusterUID(t, server)+",edgeward/cdns=edgio,edgeward/config=") {
		t.Errorf("the claim is %q", claim)
	}
	status, output := edgeward(t, "--config", config, "list")
	var rows [][]string
	for line := range strings.Lines(output) {
		rows = append(rows, strings.Fields(line))
	}
	want := [][]string{
		{"CLUSTER", "TARGET", "KIND", "OBJECT", "VALUE", "SERVES"},
		{"main", "edgio", "rule", "www.example.com/one", "http://nodes.main.acme." + lab.Domain + ":30080/one", "default/one"},
		{"main", "vultr", "address", "nodes.main.acme." + lab.Domain, "192.0.2.1", "1", "rules"},
		{"main", "vultr", "claim", "_edgeward.main.acme." + lab.Domain, claim},
	}
	if diff := cmp.Diff(want, rows); diff != "" || status != 0 {
		t.Errorf("exit status %d, table (-want +got):\n%s", status, diff)
	}

	status, output = edgeward(t, "--config", config, "list", "-o", "json")
	var items []held
	must(t, json.Unmarshal([]byte(output), &items))
	if status != 0 || len(items) != 3 || items[0].ID != b.uuid("www.example.com/one") {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	for i, item := range items {
		row := []string{item.Cluster, item.Target, item.Kind, item.Object, item.Value}
		if diff := cmp.Diff(want[i+1][:5], row); diff != "" {
			t.Errorf("item %d (-table +json):\n%s", i, diff)
		}
	}
	must(t, b.nothingWritten())
}

// TestListReleased has a rule that its Ingress let go of before it was deleted: list
// shows it, uninstall leaves it alone with its addresses, and an Ingress that asks for it
// has it again, by one update.
func TestListReleased(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.guard.Releases()
	b.guard.Adopts()
	b.nodes("192.0.2.1")
	one := ingress("one", "www.example.com/one")
	b.apply(service(30080), one, ingress("two", "www.example.com/two"))
	config := b.config(sections{"sync": "linger: 1s\nadopt: annotated\ndeletion_grace: 0s"})
	once := func() {
		t.Helper()
		if status, output := b.run(config, "--once"); status != 0 {
			t.Fatalf("exit status %d; output:\n%s", status, output)
		}
	}
	once()
	id := b.uuid("www.example.com/one")
	b.apply(annotated(one, "edgeward/release", "true"))
	once()
	b.delete(one)
	once()

	status, output := edgeward(t, "--config", config, "list", "-o", "json")
	var items []held
	must(t, json.Unmarshal([]byte(output), &items))
	want := held{"main", "edgio", "unmarked", "www.example.com/one", "http://nodes.main.acme." + lab.Domain + ":30080/one", "", id}
	if status != 0 || !slices.Contains(items, want) {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	if status, output = edgeward(t, "--config", config, "uninstall"); !strings.Contains(output, "unmarked") || !strings.Contains(output, "nothing was removed") {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}

	b.forgetCalls()
	b.apply(annotated(one, "edgeward/adopt", "true"))
	once()
	b.exact(rule("www.example.com/one", 30080), rule("www.example.com/two", 30080))
	must(t, b.wrote(1, 0))
	if got := b.uuid("www.example.com/one"); got != id {
		t.Errorf("it is %s, was %s", got, id)
	}
	if status, output = edgeward(t, "--config", config, "list"); status != 0 || strings.Contains(output, "unmarked") {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
}

// TestUninstall removes what is ours, after showing it, in the order that leaves
// no rule without an address, and nothing of others.
func TestUninstall(t *testing.T) {
	b := newBed(t, lab.Options{})
	theirs := []string{
		b.Edgio.Seed(foreignRule("www.example.org", "/")),
		b.Vultr.Seed(lab.Domain, vultrtest.Record{Name: "www", Type: "A", Data: "192.0.2.9", TTL: 300}),
	}
	b.nodes("192.0.2.1", "192.0.2.2")
	b.apply(service(30080), ingress("one", "www.example.com/one"), ingress("two", "www.example.com/two"))
	config := b.config(sections{"sync": "linger: 1s"})
	if status, output := b.run(config, "--once"); status != 0 {
		t.Fatalf("exit status %d; output:\n%s", status, output)
	}
	before := b.objects(theirs)
	b.forgetCalls()

	// Off a terminal it shows and refuses.
	status, output := edgeward(t, "--config", config, "uninstall")
	shown := []string{"www.example.com/one", "www.example.com/two", "192.0.2.1", "192.0.2.2", "_edgeward.main.acme." + lab.Domain}
	if status != 1 || !hasAll(output, append(shown, "nothing was removed (--yes removes without asking)")) {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	must(t, b.nothingWritten())

	status, output = edgeward(t, "--config", config, "uninstall", "--yes")
	stages := []string{"removed rule www.example.com/", "waiting 1s (sync.linger)", "removed nodes.main.acme A 192.0.2.", "removed _edgeward.main.acme TXT"}
	if status != 0 || !follow(output, stages) || !hasAll(output, shown) {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	must(t, b.wrote(2, 3))
	if diff := cmp.Diff(before, b.objects(theirs)); diff != "" {
		t.Errorf("what others made (-before +after):\n%s", diff)
	}
	if status, output := edgeward(t, "--config", config, "list"); status != 0 || output != "Nothing is ours.\n" {
		t.Errorf("afterwards: exit status %d, it says %q", status, output)
	}
	if status, output := edgeward(t, "--config", config, "uninstall", "--yes"); status != 0 || output != "Nothing is ours.\n" {
		t.Errorf("once more: exit status %d, it says %q", status, output)
	}
}

// follow reports whether the words stand in the text one after the other.
func follow(text string, words []string) bool {
	for _, w := range words {
		_, after, found := strings.Cut(text, w)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// TestUninstallOneCluster retires a cluster's name that the configuration does
// not have any more; that of the other cluster stays as it is. Addresses that a
// rule of others uses are kept, and with them the claim.
func TestUninstallOneCluster(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.guard.Also(invariants.Part{Owner: lab.Owner, Cluster: "old"})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"), labelled(ingress("old", "www.example.com/old"), "cdn=old"))
	for _, entry := range []string{b.cluster("main", server), b.cluster("old", server, "label_selector: cdn=old", `ingress_class: ""`)} {
		if status, output := b.run(b.config(sections{"clusters": entry}), "--once"); status != 0 {
			t.Fatalf("exit status %d; output:\n%s", status, output)
		}
	}
	theirs := b.Edgio.Seed(strings.ReplaceAll(foreignRule("www.example.org", "/"), "origin.example.org", "nodes.old.acme."+lab.Domain))
	main := []string{rule("www.example.com/one", 30080)}
	config := b.config(nil)

	status, output := edgeward(t, "--config", config, "uninstall", "--yes", "--cluster", "nonesuch")
	if status != 1 || !strings.Contains(output, `nothing at the providers belongs to a cluster "nonesuch" of the owner acme`) {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	status, output = edgeward(t, "--config", config, "uninstall", "--yes", "--cluster", "old")
	if status != 0 || !hasAll(output, []string{"removed rule www.example.com/old", "kept: 1 addresses of cluster old, and its claim: rules of others use them"}) {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	if n := len(b.objects([]string{theirs})); n != 1 {
		t.Error("the rule of others is gone")
	}
	b.Edgio.Remove(theirs)
	status, output = edgeward(t, "--config", config, "uninstall", "--yes", "--cluster", "old")
	if status != 0 || !hasAll(output, []string{"removed nodes.old.acme A 192.0.2.1", "removed _edgeward.old.acme TXT"}) {
		t.Errorf("exit status %d, it says\n%s", status, output)
	}
	must(t, errors.Join(lab.Same("rules", b.Rules(), main...), lab.Same("addresses", b.Addresses(), "192.0.2.1")))
	for _, r := range b.Vultr.Records(lab.Domain) {
		if strings.Contains(r.Name, ".old.") {
			t.Errorf("%s %s still stands", r.Name, r.Data)
		}
	}
}
