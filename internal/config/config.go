// Package config reads the configuration, from a file and the environment, and
// names all that is wrong with it at once, each fault with its key.
package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
)

// Config is a complete and checked configuration. Printing it shows no secret.
type Config struct {
	Owner    string    `mapstructure:"owner"`    // [a-z0-9-]{1,32}, a DNS label
	Clusters []Cluster `mapstructure:"clusters"` // never empty, names distinct
	Sync     Sync      `mapstructure:"sync"`
	Metrics  Metrics   `mapstructure:"metrics"`
	Log      Log       `mapstructure:"log"`

	// Sections are those of the providers that are in force, which Providers lists.
	Sections  schema.Sections `mapstructure:"-"`
	Providers provider.Table  `mapstructure:"-"`
	// KnownCDNs are the names of all CDNs that there are.
	KnownCDNs []model.Provider `mapstructure:"-"`
}

// Cluster is one Kubernetes cluster and what of it concerns us.
type Cluster struct {
	Name       string   `mapstructure:"name"`       // a DNS label
	Kubeconfig string   `mapstructure:"kubeconfig"` // an absolute path; "": $KUBECONFIG, ~/.kube/config or in-cluster
	Context    string   `mapstructure:"context"`    // "": the kubeconfig's current one
	Namespaces []string `mapstructure:"namespaces"` // empty: all
	// LabelSelector and IngressClass each select Ingresses; "" turns one
	// off, and at least one is on.
	LabelSelector string `mapstructure:"label_selector"`
	IngressClass  string `mapstructure:"ingress_class"`
	NodeSelector  string `mapstructure:"node_selector"` // a label selector; "": all nodes
	// NodeAddressTypes are tried in order: "ExternalIP", "InternalIP".
	NodeAddressTypes []string      `mapstructure:"node_address_types"`
	NotReadyDelay    time.Duration `mapstructure:"not_ready_delay"`
	// Allow says what the Ingresses of which namespaces may claim; the first
	// entry whose namespaces fit decides. None: the defaults, for all.
	Allow []Allow `mapstructure:"allow"`
}

// Allow is what the Ingresses of some namespaces may claim. An empty list does
// not restrict; without Origins, Addresses or Ports those that are on by default
// may be.
type Allow struct {
	Namespaces  []string `mapstructure:"namespaces"` // names, in which * stands for anything
	Hosts       []string `mapstructure:"hosts"`      // likewise
	Origins     []string `mapstructure:"origins"`
	Annotations []string `mapstructure:"annotations"` // full names: "edgeward/adopt"
	// Addresses are those that Services and statuses may name; none: all but a machine's
	// own and its cloud's.
	Addresses []netip.Prefix `mapstructure:"addresses"`
	// Ports are those that edgeward/origin-port may name; none: those of Ingress
	// controllers and the node ports.
	Ports []PortRange `mapstructure:"ports"`
}

// PortRange is the ports from First to Last, both from 1 to 65535.
type PortRange struct{ First, Last int }

// Sync says when and how far the providers are changed.
type Sync struct {
	ResyncInterval time.Duration `mapstructure:"resync_interval"` // at least a second
	DeletionGrace  time.Duration `mapstructure:"deletion_grace"`
	Linger         time.Duration `mapstructure:"linger"`
	Adopt          string        `mapstructure:"adopt"`      // AdoptNever, AdoptAnnotated or AdoptAlways
	MaxDelete      float64       `mapstructure:"max_delete"` // a share, 0 to 1
	// ConfirmAfter is when what MaxDelete holds back is believed after all; 0: never.
	ConfirmAfter time.Duration `mapstructure:"confirm_after"`
	// Forget are names of CDNs and zones that are not in the configuration any
	// more, of which is known that they hold nothing of ours. "*": all such zones.
	Forget []string `mapstructure:"forget"`
}

// Metrics is where /metrics, /healthz and /readyz are served.
type Metrics struct {
	Listen string `mapstructure:"listen"` // host:port; no host: all addresses, port 0: any free one
	// Hosts are further names under which the status page is asked for, in lower case.
	Hosts []string `mapstructure:"hosts"`
}

// Names are those under which the status page is asked for: Hosts, and that in Listen.
func (m Metrics) Names() []string {
	host, _, _ := net.SplitHostPort(m.Listen)
	return append(slices.Clip(m.Hosts), strings.ToLower(strings.TrimSuffix(host, ".")))
}

// Log says how much is logged, and how.
type Log struct {
	Level  slog.Level `mapstructure:"level"`
	Format string     `mapstructure:"format"` // LogAuto, LogText or LogJSON
}

// Values of sync.adopt.
const (
	AdoptNever     = "never"
	AdoptAnnotated = "annotated" // only for an Ingress that asks for it
	AdoptAlways    = "always"
)

// Values of log.format.
const (
	LogAuto = "auto" // colour on a terminal, else text
	LogText = "text"
	LogJSON = "json"
)

// Load reads the configuration file at path and lays environ over it, the
// "NAME=value" strings that os.Environ returns. all are the providers that there are. An error is always a Faults
// with all of them; only a file that is not YAML hides what else is wrong.
func Load(path string, environ []string, all provider.Table) (*Config, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, schema.Faults{{Key: path, Message: describe(err)}}
	}
	data, err := readFile(path)
	if err != nil {
		return nil, schema.Faults{{Key: path, Message: describe(err)}}
	}
	root, err := parseYAML(data)
	if err != nil {
		return nil, schema.Faults{{Key: path, Message: err.Error()}}
	}
	env := variables(environ)
	return assemble(root, env, all, places{
		config:      filepath.Dir(absolute),
		credentials: env["CREDENTIALS_DIRECTORY"],
	})
}

// SetKubeconfig makes the only cluster use the kubeconfig at path, for the flag
// --kubeconfig. Unlike a path in the file, a relative one starts at the working
// directory. With several clusters it is an error, since it does not say whose.
func (c *Config) SetKubeconfig(path string) error {
	if len(c.Clusters) != 1 {
		return fmt.Errorf("--kubeconfig: the configuration has %d clusters; give each its own as clusters[n].kubeconfig", len(c.Clusters))
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("--kubeconfig: %w", err)
	}
	c.Clusters[0].Kubeconfig = absolute
	return nil
}
