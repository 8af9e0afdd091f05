package app

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/providers"
	"github.com/edgeward/edgeward/internal/schema"
)

// TestReadKeySaysSo: a start that waits for a Secret says for which, and how long.
func TestReadKeySaysSo(t *testing.T) {
	cfg := &config.Config{
		Clusters:  []config.Cluster{{Name: "main", Kubeconfig: filepath.Join(t.TempDir(), "none")}},
		Providers: providers.All(),
	}
	cfg.Sections.Put("vultr", nil, &schema.Given{Ref: schema.SecretRef{Cluster: "main", Namespace: "edgeward", Name: "keys"}})
	var log bytes.Buffer
	err := ReadKey(t.Context(), cfg, cfg.KubeSecrets()[0], NewAccess("test", slog.New(slog.NewTextHandler(&log, nil))))
	if !errors.As(err, new(schema.Faults)) {
		t.Errorf("it ends with %v", err)
	}
	const want = `msg="reading a key from a Secret" key=vultr.secret secret="Secret edgeward/keys of cluster main" at_most=15s`
	if !strings.Contains(log.String(), want) {
		t.Errorf("no %s in the log:\n%s", want, &log)
	}
}
