package docs

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// TestYAML loads every configuration, whole or in part, and decodes every manifest.
func TestYAML(t *testing.T) {
	configurations, manifests := 0, 0
	for _, p := range pages(t) {
		for _, b := range p.blocks("yaml") {
			try := loads
			if strings.HasPrefix(b.text, "apiVersion:") {
				try = decodes
				manifests++
			} else {
				configurations++
			}
			t.Run(fmt.Sprintf("%s:%d", filepath.Base(p.path), b.line), func(t *testing.T) { try(t, b.text) })
		}
	}
	if configurations < 7 || manifests < 5 {
		t.Errorf("only %d configurations and %d manifests were found", configurations, manifests)
	}
}

// decodes fails the test unless each document is an object of Kubernetes, with no
// field that its type lacks.
func decodes(t *testing.T, manifest string) {
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	for document := range strings.SplitSeq(manifest, "\n---\n") {
		if _, _, err := decoder.Decode([]byte(document), nil, nil); err != nil {
			t.Error(err)
		}
	}
}

// loads fails the test unless edgeward takes the configuration. One that does not say
// who owns it is a part: it is laid over the least that works with its CDN.
func loads(t *testing.T, text string) {
	if !strings.Contains(text, "owner:") {
		text = laidOver(t, text)
	}
	if status, output := edgeward(t, text, "list"); status == badConfiguration {
		t.Errorf("it says\n%s\nof\n%s", output, text)
	}
}

// laidOver lays sections over the least configuration: with Vultr CDN, or with Edgio
// where that is what they are about.
func laidOver(t *testing.T, sections string) string {
	t.Helper()
	var part map[string]map[string]any
	// The list of clusters replaces the other as a whole.
	clusters := regexp.MustCompile(`(?ms)^clusters:\n( .*?\n|\n)*`).FindString(sections)
	must(t, yaml.UnmarshalStrict([]byte(strings.Replace(sections, clusters, "", 1)), &part))
	whole := map[string]map[string]any{
		"vultr":     {"api_key_file": "vultr-api-key", "domain": "k8s.example.net"},
		"vultr_cdn": {},
	}
	if part["edgio"] != nil {
		whole["edgio"] = map[string]any{"username": "cdn-bot@example.com", "shared_key_file": "edgio-shared-key", "shortname": "acme"}
	}
	for name, keys := range part {
		if keys["secret"] != nil {
			delete(whole[name], "api_key_file")
			delete(whole[name], "shared_key_file")
		}
		if whole[name] == nil {
			whole[name] = keys
		}
		maps.Copy(whole[name], keys)
	}
	text, err := yaml.Marshal(whole)
	must(t, err)
	return "owner: acme\n" + clusters + string(text)
}
