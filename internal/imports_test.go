// Package internal_test holds what concerns the packages as a whole.
package internal_test

import (
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/edgeward/edgeward/"

// TestImports holds the packages to one direction of imports: the plan is pure,
// the providers' clients and the watches know nothing of each other, and the
// emulators share nothing with what they test.
func TestImports(t *testing.T) {
	providerMay := []string{"internal/model", "internal/schema", "internal/provider", "internal/printable", "internal/httpapi"}
	tests := map[string]struct {
		only  []string // of ours it may import these, with all that they import
		never []string // of ours it may not import these and what is below them, not even by others
		std   bool     // of others it may import nothing but the standard library …
		other []string // … and these
		heavy []string // of others it may not import these, not even by ours
	}{
		"internal/kube":      {only: []string{}, std: true},
		"internal/ordered":   {only: []string{}, std: true},
		"internal/printable": {only: []string{}, std: true},
		// The words, and the pure packages: what shall stand, and what may be done.
		"internal/model":               {only: []string{}, std: true},
		"internal/observed":            {only: []string{"internal/model"}, std: true},
		"internal/memo":                {only: []string{}, std: true},
		"internal/spectls":             {only: []string{"internal/kube", "internal/memo", "internal/model"}, std: true},
		"internal/addresses":           {only: []string{"internal/kube", "internal/ordered", "internal/model"}, std: true},
		"internal/desired":             {only: []string{"internal/kube", "internal/ordered", "internal/model", "internal/addresses", "internal/memo", "internal/spectls"}, std: true},
		"internal/guard":               {only: []string{"internal/model"}, std: true},
		"internal/owned":               {only: []string{"internal/model", "internal/observed"}, std: true},
		"internal/table":               {only: []string{"internal/kube", "internal/ordered", "internal/model", "internal/addresses", "internal/memo", "internal/spectls", "internal/desired"}, std: true},
		"internal/hostalias":           {only: []string{"internal/kube", "internal/ordered", "internal/model", "internal/addresses", "internal/memo", "internal/spectls", "internal/observed", "internal/desired", "internal/table"}, std: true},
		"internal/recordset":           {only: []string{"internal/kube", "internal/ordered", "internal/model", "internal/addresses", "internal/observed"}, std: true},
		"internal/plan":                {only: []string{"internal/kube", "internal/ordered", "internal/model", "internal/addresses", "internal/memo", "internal/spectls", "internal/observed", "internal/desired", "internal/table", "internal/guard", "internal/hostalias", "internal/recordset"}, std: true},
		"internal/outcome":             {only: []string{"internal/kube", "internal/ordered", "internal/model", "internal/addresses", "internal/memo", "internal/spectls", "internal/observed", "internal/desired", "internal/table", "internal/guard", "internal/hostalias", "internal/owned", "internal/recordset", "internal/plan"}, std: true},
		"internal/forecast":            {only: []string{"internal/kube", "internal/ordered", "internal/model", "internal/addresses", "internal/memo", "internal/spectls", "internal/observed", "internal/desired", "internal/table", "internal/guard", "internal/hostalias", "internal/recordset", "internal/plan"}, std: true},
		"internal/teardown":            {only: []string{"internal/kube", "internal/ordered", "internal/model", "internal/addresses", "internal/memo", "internal/spectls", "internal/observed", "internal/desired", "internal/table", "internal/guard", "internal/hostalias", "internal/recordset", "internal/plan", "internal/owned"}, std: true},
		"internal/emulator":            {only: []string{}, std: true},
		"internal/emulator/edge":       {only: []string{"internal/emulator"}, std: true},
		"internal/emulator/nameserver": {only: []string{}, std: true, other: []string{"github.com/miekg/dns"}},
		"internal/emulator/resolver":   {only: []string{}, std: true, other: []string{"github.com/miekg/dns"}},
		"internal/emulator/edgiotest": {only: []string{"internal/emulator", "internal/emulator/edge"},
			std: true, other: []string{"github.com/google/uuid"}},
		"internal/emulator/vultrtest": {only: []string{"internal/emulator", "internal/emulator/edge", "internal/emulator/nameserver"},
			std: true, other: []string{"github.com/google/uuid", "github.com/miekg/dns"}},
		// The program. See watcher.Client; the DNS library is the emulators' alone.
		".": {never: []string{"internal/emulator", "internal/fixture"},
			heavy: []string{"k8s.io/client-go/kubernetes", "k8s.io/client-go/kubernetes/scheme", "github.com/miekg/dns"}},
		"internal/certificate":   {only: []string{"internal/kube"}, std: true},
		"internal/store":         {never: []string{"watcher", "internal/plan", "internal/syncer"}, std: true},
		"internal/syncer":        {never: []string{"edgio", "vultrcdn", "vultrdns", "watcher", "internal/config", "internal/emulator"}},
		"watcher":                {only: []string{"internal/kube", "internal/certificate"}},
		"internal/syncer/target": {never: []string{"edgio", "vultrcdn", "vultrdns", "watcher", "internal/config", "internal/emulator", "internal/store", "internal/syncer"}},
		// A provider knows the words, what is asked of it, and how to speak to an API.
		"edgio":             {only: providerMay},
		"vultrcdn":          {only: append(slices.Clone(providerMay), "internal/vultrapi")},
		"vultrdns":          {only: append(slices.Clone(providerMay), "internal/vultrapi")},
		"internal/httpapi":  {only: []string{}},
		"internal/vultrapi": {only: providerMay},
		"internal/schema":   {only: []string{"internal/printable"}},
		"internal/provider": {only: []string{"internal/model", "internal/schema", "internal/printable", "internal/httpapi"}},
		"internal/server":   {only: []string{"internal/printable"}},
		"internal/metrics":  {only: []string{}},
		"internal/config":   {only: []string{"internal/model", "internal/schema", "internal/provider", "internal/printable", "internal/httpapi"}},
		// What is put together from the table does not know who is in it.
		"internal/app":      {never: []string{"edgio", "vultrcdn", "vultrdns", "internal/providers", "internal/emulator"}},
		"internal/daemon":   {never: []string{"edgio", "vultrcdn", "vultrdns", "internal/providers", "internal/emulator"}},
		"internal/cli":      {never: []string{"edgio", "vultrcdn", "vultrdns", "internal/providers", "internal/emulator"}},
		"internal/status":   {never: []string{"internal/syncer", "edgio", "vultrcdn", "vultrdns", "watcher", "internal/config", "internal/emulator"}},
		"internal/feedback": {never: []string{"internal/syncer", "edgio", "vultrcdn", "vultrdns", "internal/config", "internal/emulator"}},
	}
	for dir, test := range tests {
		t.Run(dir, func(t *testing.T) {
			ours, others := imports(t, dir)
			for _, path := range ours {
				if test.only != nil && !slices.Contains(test.only, path) || slices.ContainsFunc(test.never, func(dir string) bool {
					return path == dir || strings.HasPrefix(path, dir+"/")
				}) {
					t.Errorf("it imports %s, itself or by others", path)
				}
			}
			for _, path := range others {
				if slices.Contains(test.heavy, path) {
					t.Errorf("it imports %s, itself or by ours", path)
				}
				if test.std && !slices.Contains(test.other, path) {
					t.Errorf("it imports %s, itself or by others", path)
				}
			}
		})
	}
}

// imports returns what the package in a directory below the module's root
// imports, tests aside: our packages, by directory and with all that they import
// in turn, and those of others that are not of the standard library.
func imports(t *testing.T, dir string) (ours, others []string) {
	t.Helper()
	seen, foreign := make(map[string]bool), make(map[string]bool)
	for next := []string{dir}; len(next) > 0; next = next[1:] {
		for _, path := range imported(t, next[0]) {
			sub, inside := strings.CutPrefix(path, module)
			first, _, _ := strings.Cut(path, "/")
			switch {
			case inside && !seen[sub]:
				seen[sub] = true
				next = append(next, sub)
			case !inside && strings.Contains(first, "."):
				foreign[path] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen)), slices.Sorted(maps.Keys(foreign))
}

// imported returns what the files of one package name in their import clauses.
func imported(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(dir), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no package in %s: %v", dir, err)
	}
	var paths []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			paths = append(paths, path)
		}
	}
	return paths
}
