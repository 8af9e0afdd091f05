package daemon

import (
	"bytes"
	"io/fs"
	"os"

	"github.com/edgeward/edgeward/internal/config"
)

// exposed returns the paths of the files with secrets that any user of the
// machine may read: key files, kubeconfigs, and the configuration itself if a
// key stands in it.
func exposed(cfg *config.Config, path string) []string {
	var found []string
	look := func(path string) {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o004 != 0 && info.Mode()&fs.ModeType == 0 {
			found = append(found, path)
		}
	}
	if text, err := os.ReadFile(path); err == nil {
		for _, secret := range []string{cfg.Edgio.SharedKey.Reveal(), cfg.Vultr.APIKey.Reveal()} {
			if secret != "" && bytes.Contains(text, []byte(secret)) {
				look(path)
				break
			}
		}
	}
	look(cfg.Edgio.SharedKeyFile)
	look(cfg.Vultr.APIKeyFile)
	for _, c := range cfg.Clusters {
		look(c.Kubeconfig)
	}
	return found
}
