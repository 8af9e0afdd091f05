package daemon

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/providers"
	"github.com/edgeward/edgeward/internal/schema"
)

func TestExposed(t *testing.T) {
	const key, api = "00ff00ff", "API-KEY"
	for name, test := range map[string]struct {
		config string // the text of the configuration
		modes  map[string]os.FileMode
		want   []string
	}{
		"nobody else's":             {"", map[string]os.FileMode{"config": 0o644, "edgio": 0o600, "vultr": 0o640, "kube": 0o400}, nil},
		"key files":                 {"", map[string]os.FileMode{"config": 0o644, "edgio": 0o644, "vultr": 0o604, "kube": 0o600}, []string{"edgio", "vultr"}},
		"a kubeconfig":              {"", map[string]os.FileMode{"config": 0o644, "edgio": 0o600, "vultr": 0o600, "kube": 0o644}, []string{"kube"}},
		"the configuration":         {"shared_key: " + key, map[string]os.FileMode{"config": 0o644}, []string{"config"}},
		"with the other key":        {"api_key: " + api, map[string]os.FileMode{"config": 0o644}, []string{"config"}},
		"with a key, but closed":    {"api_key: " + api, map[string]os.FileMode{"config": 0o640}, nil},
		"files that are not there":  {"", nil, nil},
		"a directory is not a file": {"", map[string]os.FileMode{"kube": os.ModeDir | 0o755}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			at := func(name string) string { return filepath.Join(dir, name) }
			for file, mode := range test.modes {
				err := os.WriteFile(at(file), []byte(test.config), 0o600)
				if mode.IsDir() {
					err = os.Rename(at(file), at("aside"))
					if err == nil {
						err = os.Mkdir(at(file), 0o700)
					}
				}
				if err == nil {
					err = os.Chmod(at(file), mode.Perm())
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			cfg := &config.Config{Clusters: []config.Cluster{{Kubeconfig: at("kube")}, {}}}
			cfg.Providers = providers.All()
			cfg.Sections.Put("edgio", nil, &schema.Given{Value: schema.NewSecret(key), File: at("edgio")})
			cfg.Sections.Put("vultr", nil, &schema.Given{Value: schema.NewSecret(api), File: at("vultr")})
			var got []string
			for _, path := range exposed(cfg, at("config")) {
				got = append(got, filepath.Base(path))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
