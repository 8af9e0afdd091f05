package config

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/providers"
	"github.com/edgeward/edgeward/internal/schema"
)

const exampleFile = "../../config.yaml.example"

// TestTableAndStructAgree compares the names of the table with the tags of
// Config, in order.
func TestTableAndStructAgree(t *testing.T) {
	all := providers.All()
	if diff := cmp.Diff(tags(reflect.TypeFor[Config](), ""), paths(slices.Concat(clusterKeys(all), otherKeys(all)), "")); diff != "" {
		t.Errorf("(-tags +table):\n%s", diff)
	}
	for _, p := range all {
		own := slices.DeleteFunc(slices.Clone(p.Section.Keys), func(k schema.Key) bool { return k.Credential })
		if diff := cmp.Diff(tags(reflect.TypeOf(p.Section.New()).Elem(), ""), paths(own, "")); diff != "" {
			t.Errorf("%s (-tags +table):\n%s", p.Section.Name, diff)
		}
	}
}

// paths lists the full names of all scalars and lists, those of clusters entries
// included.
func paths(table []schema.Key, at string) []string {
	var all []string
	for _, k := range table {
		if len(k.Keys) > 0 {
			all = append(all, paths(k.Keys, join(at, k.Name))...)
		} else {
			all = append(all, join(at, k.Name))
		}
	}
	return all
}

func tags(t reflect.Type, at string) []string {
	var all []string
	for field := range t.Fields() {
		if field.Tag.Get("mapstructure") == "-" {
			continue
		}
		name, inner := join(at, field.Tag.Get("mapstructure")), field.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner.Field(0).Tag.Get("mapstructure") != "" { // else it is a value
			all = append(all, tags(inner, name)...)
		} else {
			all = append(all, name)
		}
	}
	return all
}

// TestDefaultsAreValid holds for all but the required keys.
func TestDefaultsAreValid(t *testing.T) {
	var refused []string
	entry, _ := schema.Lookup(keys(providers.All()), "clusters")
	for _, l := range append(leaves(keys(providers.All())), leaves(entry.Keys)...) {
		if _, faults := l.Value(l.Default, l.path); len(faults) > 0 {
			refused = append(refused, faults.Error())
		}
	}
	want := []string{"owner: required", "edgio.username: required", "edgio.shortname: required", "vultr.domain: required"}
	if diff := cmp.Diff(want, refused); diff != "" {
		t.Errorf("defaults with faults (-want +got):\n%s", diff)
	}
}

// TestExampleAsShipped has exactly the faults of one who has filled in nothing.
func TestExampleAsShipped(t *testing.T) {
	dir := absolute(t, "../..")
	want := []string{
		"owner: required",
		"edgio.username: required",
		"edgio.shared_key_file: no such file or directory in " + dir,
		"edgio.shortname: required",
		"vultr.api_key_file: no such file or directory in " + dir,
		"vultr.domain: required",
	}
	_, err := load(exampleFile, nil)
	var faults schema.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("Load = %v, want Faults", err)
	}
	if diff := cmp.Diff(strings.Join(want, "\n"), faults.Error()); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// TestExampleShowsEveryDefault uncomments the settings and compares them with
// the table. The values of the required keys are for the user to fill in.
func TestExampleShowsEveryDefault(t *testing.T) {
	setting := regexp.MustCompile(`(?m)^( *)#( *(- )?[a-z_]+:)`)
	root, err := parseYAML([]byte(setting.ReplaceAllString(read(t, exampleFile), "$1$2")))
	if err != nil {
		t.Fatal(err)
	}
	shown, faults := reader{keys(providers.All())}.mapping(root, keys(providers.All()), "")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	// What an entry of allow may leave out has no default, but samples.
	for _, cluster := range shown["clusters"].([]map[string]any) {
		for _, allow := range cluster["allow"].([]map[string]any) {
			for name := range allow {
				allow[name] = nil
			}
		}
	}
	want := defaultTexts(keys(providers.All()))
	want["edgio"].(map[string]any)["shared_key_file"] = "edgio-shared-key"
	want["vultr"].(map[string]any)["api_key_file"] = "vultr-api-key"
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("settings (-table +example):\n%s", diff)
	}
}

func defaultTexts(table []schema.Key) map[string]any {
	texts := map[string]any{}
	for _, k := range table {
		switch k.Shape {
		case schema.EntriesShape:
			texts[k.Name] = []map[string]any{defaultTexts(k.Keys)}
		case schema.SectionShape:
			texts[k.Name] = defaultTexts(k.Keys)
		default:
			texts[k.Name] = k.Default
		}
	}
	return texts
}

// TestExampleFitsAPage keeps the lines of the example readable.
func TestExampleFitsAPage(t *testing.T) {
	lines := strings.Split(read(t, exampleFile), "\n")
	if i := slices.IndexFunc(lines, func(line string) bool { return len(line) > 130 }); i >= 0 {
		t.Errorf("line %d is longer than 130 characters", i+1)
	}
}
