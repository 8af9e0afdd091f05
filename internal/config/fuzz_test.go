package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/providers"
)

// FuzzAssemble puts a secret somewhere into a file: no message may show it, and
// no file may make the parser panic.
func FuzzAssemble(f *testing.F) {
	const secret = "c0ffee00c0ffee11c0ffee22c0ffee33"
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		data, err := readFile(file)
		if err != nil {
			f.Fatal(err)
		}
		before, after, _ := strings.Cut(string(data), "c0ffee")
		f.Add(before, after)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		root, err := parseYAML([]byte(before + secret + after))
		if err == nil {
			_, err = assemble(root, nil, providers.All(), places{config: "/nowhere"})
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the message shows the secret: %v", err)
		}
	})
}
