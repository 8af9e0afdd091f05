package internal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/providers"
)

// TestNobodyNamesAProvider: what a provider is called stands in its package, its
// emulator, the table and tests, and nowhere else. So another one is a package and a line.
func TestNobodyNamesAProvider(t *testing.T) {
	allowed := []string{
		"edgio", "vultrcdn", "vultrdns", // the providers, and what two of them share
		"internal/vultrapi", "internal/providers", "internal/emulator",
		"internal/fixture", "test", // for tests alone
	}
	words := []string{"limelight", "llnw"} // what one was called before
	for _, d := range providers.All() {
		words = append(words, regexp.QuoteMeta(string(d.Name)), regexp.QuoteMeta(d.Section.Name), regexp.QuoteMeta(d.Title))
	}
	name := regexp.MustCompile(`(?i)` + strings.Join(words, "|"))
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		dir := strings.TrimPrefix(filepath.ToSlash(path), "../")
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains(allowed, dir) || strings.HasPrefix(entry.Name(), ".") && path != ".."):
			return filepath.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(text), "\n") {
			if found := name.FindString(line); found != "" {
				t.Errorf("%s:%d names %s: %s", dir, i+1, found, strings.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
