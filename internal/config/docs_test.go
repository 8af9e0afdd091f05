package config

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestDocumentedConfigurations loads every configuration in the README and in docs/, laid
// over the least there can be.
func TestDocumentedConfigurations(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, file := range append(files, "../../README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, block := range strings.Split(string(text), "```yaml\n")[1:] {
			block, _, _ = strings.Cut(block, "```")
			tried++
			if _, err := load(laidOver(t, block), nil); err != nil {
				t.Errorf("%s: %v, in\n%s", file, err, block)
			}
		}
	}
	if tried < 5 {
		t.Errorf("only %d configurations are documented", tried)
	}
}

// laidOver writes a configuration with sections over the least one, and the key files that
// the documents name beside it.
func laidOver(t *testing.T, sections string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("edgio-shared-key", "c0ffeec0ffeec0ffeec0ffeec0ffee42")
	write("vultr-api-key", "HUSHHUSHHUSHHUSHHUSH")
	least := map[string]map[string]any{
		"edgio": {"username": "cdn-bot@example.com", "shortname": "acme", "shared_key_file": "edgio-shared-key"},
		"vultr": {"api_key_file": "vultr-api-key", "domain": "k8s.example.net"},
	}
	over := make(map[string]any)
	if err := yaml.Unmarshal([]byte(sections), &over); err != nil {
		t.Fatal(err)
	}
	whole := map[string]any{"owner": "acme"}
	for name, keys := range least {
		if given, ok := over[name].(map[string]any); ok {
			if given["secret"] != nil {
				delete(keys, "shared_key_file")
				delete(keys, "api_key_file")
			}
			maps.Copy(keys, given)
			over[name] = keys
		}
		whole[name] = keys
	}
	if over["sync"] != nil {
		delete(whole, "edgio") // as it is forgotten
		whole["vultr_cdn"] = map[string]any{"ingress_class": "vultr-cdn"}
	}
	maps.Copy(whole, over)
	text, err := yaml.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return write("config.yaml", string(text))
}
