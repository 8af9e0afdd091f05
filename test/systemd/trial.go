package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"

	"github.com/edgeward/edgeward/test/lab"
)

// trial is one installation: a machine with the package, and what the daemon
// finds around it.
type trial struct {
	*machine
	lab      *lab.Lab
	old, new string // paths of both packages in the container
	listen   string // metrics.listen
	config   []byte // as the admin writes it
}

// Files in the container.
const (
	configFile = "/etc/edgeward/config.yaml"
	unitFile   = "/usr/lib/systemd/system/edgeward.service"
	dropIn     = "/etc/systemd/system/edgeward.service.d/trial.conf"
)

// prepare finds a port for the daemon and writes the admin's configuration,
// with all secrets in the files that the unit names.
func (t *trial) prepare(ctx context.Context) error {
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	t.listen = port.Addr().String()
	if err := port.Close(); err != nil {
		return err
	}
	path, err := t.lab.Config(ctx, map[string]string{
		"clusters": "- name: main\n  kubeconfig: kubeconfig",
		"edgio":    "shared_key: \"\"\nshared_key_file: edgio-shared-key",
		"vultr":    "api_key: \"\"\napi_key_file: vultr-api-key",
		"metrics":  "listen: " + t.listen,
	})
	if err != nil {
		return err
	}
	t.config, err = os.ReadFile(path)
	return err
}

// configure does what docs/install.md asks of the admin.
func (t *trial) configure(ctx context.Context) error {
	path, err := lab.Kubeconfig(ctx, t.lab.Kube)
	if err != nil {
		return err
	}
	kubeconfig, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name, mode string
		content    []byte
	}{
		{configFile, "0644", t.config},
		{"/etc/edgeward/edgio-shared-key", "0600", []byte(lab.SharedKey + "\n")},
		{"/etc/edgeward/vultr-api-key", "0600", []byte(lab.APIKey + "\n")},
		{"/etc/edgeward/kubeconfig", "0600", kubeconfig},
	} {
		if err := t.write(ctx, file.name, file.mode, file.content); err != nil {
			return err
		}
	}
	return nil
}

// install installs or upgrades as an unattended upgrade does: where the
// admin's configuration and a new default differ, the admin's stays.
func (t *trial) install(ctx context.Context, deb string) error {
	_, err := t.run(ctx, "dpkg", "--force-confold", "--install", deb)
	return err
}

func (t *trial) systemctl(ctx context.Context, args ...string) error {
	_, err := t.run(ctx, append([]string{"systemctl"}, args...)...)
	return err
}

// unit returns all properties of the unit (systemctl(1), show).
func (t *trial) unit(ctx context.Context) (map[string]string, error) {
	text, err := t.run(ctx, "systemctl", "show", "edgeward.service")
	properties := make(map[string]string)
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		properties[key] = value
	}
	return properties, err
}

// is reports which of the unit's properties are not as wanted.
func (t *trial) is(ctx context.Context, want map[string]string) error {
	got, err := t.unit(ctx)
	if err != nil {
		return err
	}
	for key, value := range want {
		if got[key] != value {
			return fmt.Errorf("the unit's %s is %q, wanted %q", key, got[key], value)
		}
	}
	return nil
}

// said reports which of the texts the daemon's last run has not logged.
func (t *trial) said(ctx context.Context, texts ...string) error {
	unit, err := t.unit(ctx)
	if err != nil {
		return err
	}
	if _, err := t.run(ctx, "journalctl", "--sync"); err != nil {
		return err
	}
	log, err := t.run(ctx, "journalctl", "--output=cat", "_SYSTEMD_INVOCATION_ID="+unit["InvocationID"])
	if err != nil {
		return err
	}
	for _, text := range texts {
		if !strings.Contains(log, text) {
			return fmt.Errorf("no %q in the log:\n%s", text, log)
		}
	}
	return nil
}

// get requests a path of the daemon's listener.
func (t *trial) get(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.listen+path, nil)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, body)
	}
	return string(body), err
}

var exact = regexp.MustCompile(`(?m)^edgeward_last_success_timestamp_seconds\{target="(edgio|vultr)"\} [1-9]`)

// settled waits until the daemon has found both providers exact since its start.
func (t *trial) settled(ctx context.Context) error {
	return until(ctx, func() error {
		metrics, err := t.get(ctx, "/metrics")
		if err == nil && len(exact.FindAllString(metrics, -1)) < 2 {
			err = fmt.Errorf("not in sync")
		}
		return err
	})
}

// writesNothing does something that starts the daemon anew, and reports what
// that wrote at the providers.
func (t *trial) writesNothing(ctx context.Context, do func() error) error {
	t.lab.Edgio.ResetCalls()
	t.lab.Vultr.ResetCalls()
	if err := do(); err != nil {
		return err
	}
	if err := t.settled(ctx); err != nil {
		return err
	}
	if n := t.lab.Edgio.Writes() + t.lab.Vultr.Writes(); n > 0 {
		return fmt.Errorf("%d writes: %v %v", n, t.lab.Edgio.Calls(), t.lab.Vultr.Calls())
	}
	return nil
}
