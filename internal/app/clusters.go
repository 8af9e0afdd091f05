package app

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/watcher"
)

// Access is how the clusters are reached.
type Access struct {
	version string
	plugins *watcher.Plugins
	log     *slog.Logger
}

// Version is that of the process.
func (a Access) Version() string { return a.version }

// Log is where the access tells what it does.
func (a Access) Log() *slog.Logger { return a.log }

// NewAccess is for a process of its own version; see With.
func NewAccess(version string, log *slog.Logger) Access {
	return Access{version, watcher.NewPlugins(), log}
}

// With is the same access with another log: what hangs is known to both.
func (a Access) With(log *slog.Logger) Access {
	a.log = log
	return a
}

// Clients returns what makes the clients of a configured cluster.
func (a Access) Clients(c config.Cluster) *watcher.Clients {
	return watcher.NewClients(watcher.ClientOptions{
		Kubeconfig: c.Kubeconfig, Context: c.Context, Version: a.version, Plugins: a.plugins, Log: a.log.With("cluster", c.Name),
	})
}

// Watch returns what is to be watched in a configured cluster, by its clients.
// Who is told is left to the caller.
func Watch(cfg *config.Config, c config.Cluster, clients *watcher.Clients, log *slog.Logger) watcher.ClusterOptions {
	o := watcher.ClusterOptions{
		Name: c.Name, Clients: clients, Namespaces: c.Namespaces,
		LabelSelector: c.LabelSelector, NodeSelector: c.NodeSelector, Log: log,
	}
	o.IngressClasses, o.Controllers = Classes(cfg, c)
	o.TLSFor = CertificatesFor(cfg)
	o.ReadTLS = o.TLSFor != ""
	return o
}

// Classes are the ingress classes of a cluster that are ours, and the controllers
// that the objects of others name.
func Classes(cfg *config.Config, c config.Cluster) (classes, controllers []string) {
	for _, cdn := range cdns(cfg) {
		class := cdn.Class
		if cdn.ClusterClass {
			class = c.IngressClass
		}
		if class != "" {
			classes, controllers = append(classes, class), append(controllers, cdn.Controller())
		}
	}
	return classes, controllers
}

// Cluster translates a configured cluster for the plan. It is not ready.
func Cluster(cfg *config.Config, c config.Cluster) desired.Cluster {
	p := desired.Cluster{Name: c.Name, AddressTypes: c.NodeAddressTypes, NotReadyDelay: c.NotReadyDelay, Selection: selection(cfg, c)}
	for _, cdn := range cdns(cfg) {
		if cdn.ClusterClass {
			p.Class = c.IngressClass
		}
	}
	for _, a := range c.Allow {
		p.Allow = append(p.Allow, allow(a))
	}
	return p
}

// allow translates a configured entry of clusters[].allow for the plan.
func allow(a config.Allow) desired.Allow {
	p := desired.Allow{Namespaces: a.Namespaces, Hosts: a.Hosts, Origins: a.Origins, Annotations: a.Annotations, Addresses: a.Addresses}
	for _, r := range a.Ports {
		p.Ports = append(p.Ports, desired.PortRange(r))
	}
	return p
}

// selection is a hash of what the configuration selects in a cluster, and at which CDNs,
// under which account, rules are looked for: when it changes, so may what is not wanted any
// more.
func selection(cfg *config.Config, c config.Cluster) string {
	classes, controllers := Classes(cfg, c)
	text, err := json.Marshal([]any{
		slices.Sorted(slices.Values(c.Namespaces)), c.LabelSelector, classes, controllers, c.NodeSelector, c.NodeAddressTypes, scopes(cfg),
	})
	if err != nil {
		panic(err) // texts always have a form in JSON
	}
	sum := sha256.Sum256(text)
	return base64.RawURLEncoding.EncodeToString(sum[:6])
}

// scopes is which accounts' rules are looked for, as far as the configuration names them.
func scopes(cfg *config.Config) string {
	var all []string
	for _, d := range cfg.Providers {
		if s := scope(d, cfg); s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(all, " ")
}

// CertificatesFor are the titles of the CDNs that publish hosts with certificates of the
// cluster; "" if there is none.
func CertificatesFor(cfg *config.Config) string {
	var titles []string
	for _, cdn := range cdns(cfg) {
		if cdn.Certificates {
			titles = append(titles, cdn.Title)
		}
	}
	return strings.Join(titles, " and ")
}
