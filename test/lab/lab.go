// Package lab puts edgeward's surroundings together on loopback: a real
// Kubernetes API server, the emulated providers, and the daemon as a process
// of its own, with the rights that deploy/rbac.yaml gives.
package lab

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/test/kube"
)

// What the daemon of a lab is configured with.
const (
	Owner  = "acme"
	Domain = "k8s.example.net"
	// PublishZone is a further zone of the account, for published hosts.
	PublishZone = "example.com"
	Shortname   = "acme-cdn"
	SharedKey   = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" // Edgio's
	APIKey      = "EMULATED-VULTR-KEY"                                               // Vultr's
	username    = "cdn-bot@example.com"
)

// Options of a Lab. The zero value has free provider calls.
type Options struct {
	EdgioLimit int           // calls a minute; 0: none
	VultrLimit int           // calls a second; 0: none
	Latency    time.Duration // of each provider call
	MinTTL     int           // of Vultr, seconds
	// PullZonePending is how long Vultr prepares a pull zone.
	PullZonePending time.Duration
	// AllowDuplicates has Vultr keep records that say the same.
	AllowDuplicates bool
	// EdgioAccount and VultrAccount are the accounts' further switches. What the lab
	// sets itself, such as keys and names, is not taken from there.
	EdgioAccount edgiotest.Options
	VultrAccount vultrtest.Options
	// Observe, if not nil, goes around each provider, to see its calls.
	Observe func(provider string, h http.Handler) http.Handler
}

// Lab is one installation: a cluster with its providers.
type Lab struct {
	Kube    *kube.Server
	Edgio   *edgiotest.Account
	Vultr   *vultrtest.Account
	Changes *emulator.Changes // of both providers
	Faults  *emulator.Faults  // likewise; none befall a call unless a test sets some

	dir                string
	edgioURL, vultrURL string
	servers            []*http.Server
	inFlight           atomic.Int64
}

// New starts emulated providers beside a cluster that runs already, and gives
// the daemon its ServiceAccount there. Files go below dir.
func New(ctx context.Context, server *kube.Server, dir string, o Options) (*Lab, error) {
	changes, faults := new(emulator.Changes), new(emulator.Faults)
	e, v := o.EdgioAccount, o.VultrAccount
	e.Username, e.SharedKey, e.Shortname = username, SharedKey, Shortname
	e.Limit, e.Latency, e.Changes, e.Faults = o.EdgioLimit, o.Latency, changes, faults
	v.Key, v.Domains, v.MinTTL = APIKey, []string{Domain, PublishZone}, o.MinTTL
	v.PullZonePending, v.AllowDuplicates = o.PullZonePending, o.AllowDuplicates
	v.Limit, v.Latency, v.Changes, v.Faults = o.VultrLimit, o.Latency, changes, faults
	l := &Lab{
		Kube: server, dir: dir, Changes: changes, Faults: faults,
		Edgio: edgiotest.NewAccount(e), Vultr: vultrtest.NewAccount(v),
	}
	var err error
	if o.Observe == nil {
		o.Observe = func(_ string, h http.Handler) http.Handler { return h }
	}
	if l.edgioURL, err = l.serve(o.Observe("edgio", l.Edgio)); err != nil {
		return nil, err
	}
	if l.vultrURL, err = l.serve(o.Observe("vultr", l.Vultr)); err != nil {
		return nil, err
	}
	return l, Grant(ctx, server)
}

// Grant makes edgeward's ServiceAccount in a cluster, with its rights.
func Grant(ctx context.Context, server *kube.Server) error {
	root, err := Root()
	if err != nil {
		return err
	}
	rbac, err := os.ReadFile(filepath.Join(root, "deploy", "rbac.yaml"))
	if err != nil {
		return err
	}
	if err := server.Apply(ctx, rbac); err != nil {
		return fmt.Errorf("deploy/rbac.yaml: %w", err)
	}
	return nil
}

func (l *Lab) serve(h http.Handler) (url string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.inFlight.Add(1)
		defer l.inFlight.Add(-1)
		h.ServeHTTP(w, r)
	})}
	l.servers = append(l.servers, s)
	go s.Serve(listener)
	return "http://" + listener.Addr().String(), nil
}

// EdgioURL and VultrURL are the base URLs of the emulated providers.
func (l *Lab) EdgioURL() string { return l.edgioURL + "/config-api/v1" }
func (l *Lab) VultrURL() string { return l.vultrURL }

// InFlight is how many calls the emulated providers have not answered yet.
func (l *Lab) InFlight() int { return int(l.inFlight.Load()) }

// Close stops the emulated providers.
func (l *Lab) Close() {
	for _, s := range l.servers {
		s.Close()
	}
}

// Kubeconfig writes one for edgeward's ServiceAccount, see Grant, and returns
// its path.
func Kubeconfig(ctx context.Context, server *kube.Server) (string, error) {
	return server.ServiceAccountKubeconfig(ctx, "edgeward", "edgeward", time.Hour)
}

// Config writes a configuration for the lab's daemon and returns its path. The
// grace and the linger are 0 unless sections, lines of YAML by section name
// ("sync", "vultr", …), say otherwise; "clusters" replaces the only cluster,
// and "owner" the owner. "vultr_cdn" turns that on, and Left leaves a section out.
func (l *Lab) Config(ctx context.Context, sections map[string]string) (string, error) {
	kubeconfig, err := Kubeconfig(ctx, l.Kube)
	if err != nil {
		return "", err
	}
	defaults := []struct{ name, lines string }{
		{"clusters", "- name: main\n  kubeconfig: " + kubeconfig},
		{"edgio", fmt.Sprintf("base_url: %s\nusername: %s\nshared_key: %s\nshortname: %s\nrequests_per_minute: 0",
			l.EdgioURL(), username, SharedKey, Shortname)},
		{"vultr", fmt.Sprintf("base_url: %s\napi_key: %s\ndomain: %s\nrequests_per_second: 0", l.vultrURL, APIKey, Domain)},
		{"sync", "deletion_grace: 0s\nlinger: 0s"},
		{"metrics", "listen: 127.0.0.1:0"},
		{"log", "format: text"},
	}
	var text strings.Builder
	fmt.Fprintf(&text, "owner: %s\n", cmp.Or(sections["owner"], Owner))
	if lines, on := sections["vultr_cdn"]; on {
		fmt.Fprintf(&text, "vultr_cdn:\n  %s\n", lines)
	}
	for _, d := range defaults {
		if sections[d.name] == Left {
			continue
		}
		lines := merge(d.lines, sections[d.name], d.name == "clusters")
		fmt.Fprintf(&text, "%s:\n  %s\n", d.name, strings.ReplaceAll(lines, "\n", "\n  "))
	}
	file, err := os.CreateTemp(l.dir, "config-*.yaml")
	if err != nil {
		return "", err
	}
	defer file.Close()
	_, err = file.WriteString(text.String())
	return file.Name(), err
}

// Left stands for a section that a configuration does not have.
const Left = "-"

// merge lays the lines of override over those of base: by key, or the whole.
func merge(base, override string, whole bool) string {
	switch {
	case override == "":
		return base
	case whole:
		return override
	}
	var lines []string
	for line := range strings.SplitSeq(base, "\n") {
		key, _, _ := strings.Cut(line, ":")
		if !strings.HasPrefix(override, key+":") && !strings.Contains(override, "\n"+key+":") {
			lines = append(lines, line)
		}
	}
	return strings.Join(append(lines, override), "\n")
}

// Root returns the directory of the clone that the working directory is in.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "deploy", "rbac.yaml")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("not inside a clone of edgeward")
		}
	}
}
