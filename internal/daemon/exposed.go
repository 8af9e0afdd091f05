package daemon

import (
	"bytes"
	"os"
	"slices"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/schema"
)

// exposed returns the paths of the files with secrets that any user of the
// machine may read: key files, kubeconfigs, and the configuration itself if a
// key stands in it.
func exposed(cfg *config.Config, path string) []string {
	var found []string
	readable := func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && info.Mode().Perm()&0o004 != 0 && info.Mode().IsRegular()
	}
	look := func(path string) {
		if readable(path) {
			found = append(found, path)
		}
	}
	if readable(path) && holdsKey(cfg, path) {
		found = append(found, path)
	}
	for _, given := range cfg.Credentials() {
		look(given.File)
	}
	for _, c := range cfg.Clusters {
		look(c.Kubeconfig)
	}
	return found
}

// holdsKey reports whether a provider's key stands in a file.
func holdsKey(cfg *config.Config, path string) bool {
	text, err := os.ReadFile(path)
	return err == nil && slices.ContainsFunc(cfg.Credentials(), func(given *schema.Given) bool {
		key := given.Value.Reveal()
		return key != "" && bytes.Contains(text, []byte(key))
	})
}
