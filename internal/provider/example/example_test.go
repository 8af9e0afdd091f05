package example

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider/conformance"
)

func TestConformance(t *testing.T) {
	conformance.Run(t, func(t *testing.T) conformance.Subject[model.Rule] {
		client := New(filepath.Join(t.TempDir(), "rules.json"))
		// edit changes the file behind the client's back.
		edit := func(id string, change func(model.Rule) (model.Rule, bool)) {
			entries, rules, err := client.read(context.Background())
			i := slices.IndexFunc(rules, func(r model.Rule) bool { return r.ID == id })
			if err != nil || i < 0 {
				t.Fatalf("no rule %s: %v", id, err)
			}
			if r, stays := change(rules[i]); !stays {
				entries = slices.Delete(entries, i, i+1)
			} else if entries[i], err = entries[i].with(id, r); err != nil {
				t.Fatal(err)
			}
			if err := client.write(entries); err != nil {
				t.Fatal(err)
			}
		}
		changed := wanted("www.example.com", "/app/")
		changed.SourceHost = "other.example.com"
		return conformance.Subject[model.Rule]{
			Provider: client,
			First:    wanted("www.example.com", "/app/"),
			Second:   wanted("www.example.com", "/app"),
			Changed:  changed,
			Remove:   func(id string) { edit(id, func(r model.Rule) (model.Rule, bool) { return r, false }) },
			Disown:   func(id string) { edit(id, func(r model.Rule) (model.Rule, bool) { return r.Unlabelled(), true }) },
		}
	})
}

// wanted is a rule as the plan makes it.
func wanted(host, path string) model.Rule {
	key := model.RuleKey{CDN: Name, Host: host, Path: path}
	label := model.OwnerLabel{Owner: "acme", IngressID: model.IngressID{Cluster: "main", Namespace: "default", Name: "shop"}}
	return model.Rule{
		RuleKey: key, SourceHost: "nodes.main.acme.k8s.example.net", SourcePath: path,
		Protocols: []model.Protocol{{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 30080, Label: label.String(key)}},
	}
}

// TestWhatOthersWrote: what somebody wrote into the file stays, beside a rule and within
// it.
func TestWhatOthersWrote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rules.json")
	client := New(path)
	made, err := client.Create(t.Context(), wanted("www.example.com", "/"))
	if err != nil {
		t.Fatal(err)
	}
	entries, _, err := client.read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	entries[0]["note"] = []byte(`"kept"`)
	if err := client.write(append(entries, entry{"id": []byte(`"theirs"`), "host": []byte(`"blog.example.com"`), "path": []byte(`"/"`)})); err != nil {
		t.Fatal(err)
	}
	changed := wanted("www.example.com", "/")
	changed.SourceHost = "other.example.com"
	if _, err := client.Update(t.Context(), made, changed, false); err != nil {
		t.Fatal(err)
	}
	raw, err := client.Raw(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"note":"kept"`, `"origin_host":"other.example.com"`} {
		if !contains(raw, want) {
			t.Errorf("no %s in %s", want, raw)
		}
	}
	if !contains(text, `"blog.example.com"`) {
		t.Errorf("the foreign rule is gone: %s", text)
	}
}

func contains(text []byte, part string) bool { return bytes.Contains(text, []byte(part)) }
