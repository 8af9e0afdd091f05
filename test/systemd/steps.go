package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/test/lab"
)

// step is something to hold; it builds on those before it.
type step struct {
	holds string
	try   func(*trial, context.Context) error
}

func steps() []step {
	return []step{
		{"installing leaves the unit disabled and stopped", (*trial).installed},
		{"systemd finds no fault in the unit, and an exposure of 1.5 at most", (*trial).verified},
		{"without keys it fails with 78, names each fault, and does not loop", (*trial).unconfigured},
		{"start: active, and listening by then", (*trial).started},
		{"an Ingress is synced, and STATUS shows", (*trial).synced},
		{"SIGKILL: started again, nothing written", (*trial).killed},
		{"SIGABRT, as after a panic: started again, nothing written", (*trial).aborted},
		{"a hang: the watchdog has it started again, nothing written", (*trial).hung},
		{"reload: a bad configuration is refused, a good one taken, by the same process", (*trial).reloaded},
		{"start with a bad configuration: failed with 78, no loop", (*trial).misconfigured},
		{"stop: clean, within 5 s", (*trial).stopped},
		{"upgrade while it runs: the new version runs, the admin's configuration stays, nothing written", (*trial).upgraded},
		{"upgrade while it is stopped: stays stopped", (*trial).upgradedStopped},
		{"remove: stopped, configuration and keys stay", (*trial).removed},
		{"purge: nothing of the package is left, the admin's keys stay", (*trial).purged},
	}
}

// properties are some of a unit, by name.
type properties = map[string]string

func (t *trial) installed(ctx context.Context) error {
	if err := t.install(ctx, t.old); err != nil {
		return err
	}
	modes, err := t.run(ctx, "stat", "--format=%n %U %a", "/etc/edgeward", configFile, "/usr/bin/edgeward")
	if err != nil {
		return err
	}
	if want := "/etc/edgeward root 755\n" + configFile + " root 644\n/usr/bin/edgeward root 755"; modes != want {
		return fmt.Errorf("modes:\n%s\nwanted:\n%s", modes, want)
	}
	return t.is(ctx, properties{"LoadState": "loaded", "ActiveState": "inactive", "UnitFileState": "disabled", "NRestarts": "0"})
}

func (t *trial) verified(ctx context.Context) error {
	// Manual pages are left out of a minimal system.
	if said, err := t.run(ctx, "systemd-analyze", "verify", "--man=no", unitFile); err != nil || said != "" {
		return errors.Join(err, errors.New(said))
	}
	_, err := t.run(ctx, "systemd-analyze", "security", "--offline=true", "--threshold=15", unitFile)
	return err
}

func (t *trial) unconfigured(ctx context.Context) error {
	if err := t.failsToStart(ctx); err != nil {
		return err
	}
	return t.said(ctx, "owner: ", "edgio.shared_key_file: ", "vultr.api_key_file: ")
}

// failsToStart starts the unit with a configuration that is not usable. A unit
// that would be tried again is "activating (auto-restart)" instead of failed.
func (t *trial) failsToStart(ctx context.Context) error {
	if t.systemctl(ctx, "restart", "edgeward") == nil {
		return errors.New("it starts")
	}
	return t.is(ctx, properties{"ActiveState": "failed", "ExecMainStatus": "78", "NRestarts": "0"})
}

func (t *trial) started(ctx context.Context) error {
	if err := t.configure(ctx); err != nil {
		return err
	}
	if err := t.systemctl(ctx, "start", "edgeward"); err != nil {
		return err
	}
	if _, err := t.get(ctx, "/healthz"); err != nil {
		return err
	}
	return t.is(ctx, properties{"ActiveState": "active", "SubState": "running"})
}

func (t *trial) synced(ctx context.Context) error {
	if err := t.lab.Kube.Apply(ctx, []byte(shop)); err != nil {
		return err
	}
	if err := t.lab.Kube.CreateNode(ctx, "node-1", "192.0.2.11"); err != nil {
		return err
	}
	err := until(ctx, func() error {
		origin := "nodes.main." + lab.Owner + "." + lab.Domain
		if err := lab.Same("rules", t.lab.Rules(), "https://shop.example.com/ -> http://"+origin+":30080/"); err != nil {
			return err
		}
		return lab.Same("addresses", t.lab.Addresses(), "192.0.2.11")
	})
	if err != nil {
		return err
	}
	return until(ctx, func() error {
		unit, err := t.unit(ctx)
		if err == nil && unit["StatusText"] == "" {
			err = errors.New("no STATUS")
		}
		return err
	})
}

func (t *trial) killed(ctx context.Context) error  { return t.survives(ctx, "KILL") }
func (t *trial) aborted(ctx context.Context) error { return t.survives(ctx, "ABRT") }

func (t *trial) hung(ctx context.Context) error {
	if err := t.is(ctx, properties{"WatchdogUSec": "3min"}); err != nil {
		return err
	}
	// Nobody wants to wait that long here.
	if err := t.write(ctx, dropIn, "0644", []byte("[Service]\nWatchdogSec=5s\n")); err != nil {
		return err
	}
	for _, args := range [][]string{{"daemon-reload"}, {"restart", "edgeward"}} {
		if err := t.systemctl(ctx, args...); err != nil {
			return err
		}
	}
	if err := t.survives(ctx, "STOP"); err != nil {
		return err
	}
	if _, err := t.run(ctx, "rm", "-r", strings.TrimSuffix(dropIn, "/trial.conf")); err != nil {
		return err
	}
	return t.systemctl(ctx, "daemon-reload")
}

// survives sends the daemon a signal that should have it started again.
func (t *trial) survives(ctx context.Context, signal string) error {
	return t.writesNothing(ctx, func() error {
		before, err := t.unit(ctx)
		if err != nil {
			return err
		}
		if err := t.systemctl(ctx, "kill", "--kill-whom=main", "--signal="+signal, "edgeward"); err != nil {
			return err
		}
		return until(ctx, func() error {
			now, err := t.unit(ctx)
			if err == nil && (now["MainPID"] == before["MainPID"] || now["NRestarts"] == before["NRestarts"] || now["ActiveState"] != "active") {
				err = fmt.Errorf("it is %s, PID %s, was PID %s", now["ActiveState"], now["MainPID"], before["MainPID"])
			}
			return err
		})
	})
}

func (t *trial) reloaded(ctx context.Context) error {
	before, err := t.unit(ctx)
	if err != nil {
		return err
	}
	good := strings.Replace(string(t.config), "linger: 0s", "linger: 1s", 1)
	for _, reload := range []struct{ config, successful string }{{bad(t.config), "0"}, {good, "1"}} {
		if err := t.write(ctx, configFile, "0644", []byte(reload.config)); err != nil {
			return err
		}
		if err := t.systemctl(ctx, "reload", "edgeward"); err != nil {
			return err
		}
		want := "\nedgeward_config_last_reload_successful " + reload.successful + "\n"
		err := until(ctx, func() error {
			metrics, err := t.get(ctx, "/metrics")
			if err == nil && !strings.Contains(metrics, want) {
				err = fmt.Errorf("no%sin the metrics", want)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := t.said(ctx, "sync.linger: "); err != nil {
		return err
	}
	return t.is(ctx, properties{"ActiveState": "active", "MainPID": before["MainPID"]})
}

// bad is a configuration with one fault.
func bad(config []byte) string {
	return strings.Replace(string(config), "linger: 0s", "linger: soon", 1)
}

func (t *trial) misconfigured(ctx context.Context) error {
	if err := t.write(ctx, configFile, "0644", []byte(bad(t.config))); err != nil {
		return err
	}
	if err := t.failsToStart(ctx); err != nil {
		return err
	}
	if err := t.said(ctx, "sync.linger: "); err != nil {
		return err
	}
	if err := t.configure(ctx); err != nil {
		return err
	}
	return t.systemctl(ctx, "start", "edgeward")
}

func (t *trial) stopped(ctx context.Context) error {
	if err := t.settled(ctx); err != nil {
		return err
	}
	begin := time.Now()
	if err := t.systemctl(ctx, "stop", "edgeward"); err != nil {
		return err
	}
	if took := time.Since(begin); took > 5*time.Second {
		return fmt.Errorf("it took %s", took)
	}
	return t.is(ctx, properties{"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"})
}

func (t *trial) upgraded(ctx context.Context) error {
	if err := t.systemctl(ctx, "start", "edgeward"); err != nil {
		return err
	}
	if err := t.settled(ctx); err != nil {
		return err
	}
	if err := t.runs(ctx, "v0.1.0"); err != nil {
		return err
	}
	err := t.writesNothing(ctx, func() error {
		if err := t.install(ctx, t.new); err != nil {
			return err
		}
		return t.is(ctx, properties{"ActiveState": "active", "UnitFileState": "disabled"})
	})
	if err != nil {
		return err
	}
	if err := t.runs(ctx, "v0.2.0"); err != nil {
		return err
	}
	return t.keepsConfig(ctx)
}

// runs reports whether the process that runs is of a version.
func (t *trial) runs(ctx context.Context, version string) error {
	metrics, err := t.get(ctx, "/metrics")
	if err == nil && !strings.Contains(metrics, `version="`+version+`"`) {
		err = fmt.Errorf("what runs is not %s", version)
	}
	return err
}

// keepsConfig reports whether the configuration is the admin's.
func (t *trial) keepsConfig(ctx context.Context) error {
	config, err := t.run(ctx, "cat", configFile)
	if err == nil && config != strings.TrimSpace(string(t.config)) {
		err = fmt.Errorf("the configuration is another one:\n%s", config)
	}
	return err
}

func (t *trial) upgradedStopped(ctx context.Context) error {
	if err := t.install(ctx, t.old); err != nil {
		return err
	}
	if err := t.systemctl(ctx, "stop", "edgeward"); err != nil {
		return err
	}
	if err := t.install(ctx, t.new); err != nil {
		return err
	}
	return t.is(ctx, properties{"ActiveState": "inactive", "UnitFileState": "disabled"})
}

func (t *trial) removed(ctx context.Context) error {
	if err := t.systemctl(ctx, "enable", "--now", "edgeward"); err != nil {
		return err
	}
	if _, err := t.run(ctx, "dpkg", "--remove", "edgeward"); err != nil {
		return err
	}
	if err := t.is(ctx, properties{"LoadState": "not-found", "ActiveState": "inactive", "MainPID": "0"}); err != nil {
		return err
	}
	if _, err := t.get(ctx, "/healthz"); err == nil {
		return errors.New("it still runs")
	}
	return t.keepsConfig(ctx)
}

func (t *trial) purged(ctx context.Context) error {
	said, err := t.run(ctx, "dpkg", "--purge", "edgeward")
	if err != nil {
		return err
	}
	if !strings.Contains(said, "/etc/edgeward") {
		return fmt.Errorf("not said that /etc/edgeward stays:\n%s", said)
	}
	left, err := t.run(ctx, "find", "/etc", "/usr", "/var", "/run", "/opt", "/srv", "-path", "*edgeward*")
	if err != nil {
		return err
	}
	want := []string{"/etc/edgeward", "/etc/edgeward/edgio-shared-key", "/etc/edgeward/kubeconfig", "/etc/edgeward/vultr-api-key"}
	return lab.Same("left", slices.Sorted(strings.FieldsSeq(left)), want...)
}

// shop is what the daemon has to publish.
const shop = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: NodePort
  ports: [{name: http, port: 80, nodePort: 30080}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: shop, labels: {cdn: edgio}}
spec:
  rules:
    - host: shop.example.com
      http:
        paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]
`
