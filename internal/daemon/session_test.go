package daemon

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/edgeward/edgeward/internal/schema"
)

// TestKeysChanged: what is not a key, as while somebody writes the file, is not taken
// for another one, and nothing is waited for.
func TestKeysChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	s := &session{keys: map[string]schema.Secret{path: schema.NewSecret("one")}}
	write := func(content string) func() error {
		return func() error { return os.WriteFile(path, []byte(content), 0o600) }
	}
	for _, step := range []struct {
		name    string
		do      func() error
		changed bool
	}{
		{"the same", write("one"), false},
		{"the same, with a line's end", write("one\n"), false},
		{"emptied", write(""), false},
		{"white space", write(" \n"), false},
		{"gone", func() error { return os.Remove(path) }, false},
		{"a directory", func() error { return os.Mkdir(path, 0o700) }, false},
		{"gone again", func() error { return os.Remove(path) }, false},
		{"a pipe", func() error { return syscall.Mkfifo(path, 0o600) }, false},
		{"no pipe", func() error { return os.Remove(path) }, false},
		{"another", write("two\n"), true},
		{"still that", write("two"), false},
		{"the first again", write("one"), true},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if changed := s.keysChanged(); changed != step.changed {
			t.Errorf("%s: changed %t", step.name, changed)
		}
	}
}
