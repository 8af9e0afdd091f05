package syncer

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/model"
)

// panicsAt is the environment variable that makes TestPanic the process that
// panics, in the named call.
const panicsAt = "EDGEWARD_TEST_PANICS_AT"

// faulty panics in one of its calls.
type faulty struct {
	*fake[model.Rule]
	call string
}

func (f faulty) List(ctx context.Context) ([]model.Rule, error) {
	if f.call == "list" {
		panic("a mistake in list")
	}
	return f.fake.List(ctx)
}

func (f faulty) Create(ctx context.Context, r model.Rule) (model.Rule, error) {
	if f.call == "create" {
		panic("a mistake in create")
	}
	return f.fake.Create(ctx, r)
}

// TestPanic panics in a process of its own: wherever that happens, it is logged
// with what it was about and its stack, and ends the process.
func TestPanic(t *testing.T) {
	if call := os.Getenv(panicsAt); call != "" {
		panicAt(t, call)
	}
	for call, want := range map[string][]string{
		"list":   {`msg=panic`, `op=list`, `panic="a mistake in list"`, `stack=`, `syncer.faulty.List`},
		"create": {`msg=panic`, `op=create rule=shop.example.com/a`, `ingress=main/default/shop`, `panic="a mistake in create"`, `syncer.faulty.Create`},
		"plan":   {`msg=panic`, `panic="runtime error: invalid memory address or nil pointer dereference"`, `syncer.(*Syncer).Run`},
	} {
		t.Run(call, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPanic$")
			cmd.Env = append(os.Environ(), panicsAt+"="+call)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Run(); !errors.As(err, new(*exec.ExitError)) {
				t.Errorf("the process ended with %v, want a failure", err)
			}
			for _, part := range want {
				if !strings.Contains(out.String(), part) {
					t.Errorf("the output lacks %s:\n%s", part, out.String())
				}
			}
		})
	}
}

// panicAt runs a Syncer until it panics.
func panicAt(t *testing.T, call string) {
	j := new(journal)
	s := New(Options{
		Settings: fixture.Settings(),
		Clusters: []desired.Cluster{{Name: "main", AddressTypes: []string{"ExternalIP"}}},
		CDNs:     []CDN{{fixture.Edgio, faulty{newFake[model.Rule]("cdn", j), call}, httpapi.NewAccount(0, time.Minute)}},
		DNS:      newFake[model.Record]("dns", j), DNSAccount: httpapi.NewAccount(0, time.Minute),
		ResyncInterval: time.Hour,
		Metrics:        metrics.New(prometheus.NewRegistry(), metrics.Build{}), Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if call == "plan" {
		s.syncs.metrics = nil
	}
	c := s.Cluster("main")
	c.Ingresses.Added(ingress("shop"))
	c.Services.Added(web())
	c.Nodes.Added(node(1))
	c.Ready("uid-main")
	t.Errorf("it ended with %v", s.Run(t.Context()))
}
