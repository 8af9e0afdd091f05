package config

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/edgio"
	"github.com/edgeward/edgeward/internal/providers"
	"github.com/edgeward/edgeward/internal/schema"
	"github.com/edgeward/edgeward/internal/vultrapi"
	"github.com/edgeward/edgeward/vultrcdn"
)

// secretMarks stand in every secret of testdata/bad, and in no key.
var secretMarks = []string{"c0ffee", "HUSH"}

// TestBadFiles loads each testdata/bad/RULE.yaml and compares the faults with
// RULE.txt beside it, in which DIR stands for the directory.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	dir := absolute(t, "testdata/bad")
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			_, err := load(file, nil)
			var faults schema.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("Load = %v, want Faults", err)
			}
			got := strings.ReplaceAll(err.Error(), dir, "DIR") + "\n"
			want, err := os.ReadFile(strings.TrimSuffix(file, ".yaml") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
			for _, mark := range secretMarks {
				if strings.Contains(got, mark) {
					t.Errorf("the faults show a secret:\n%s", got)
				}
			}
		})
	}
}

// loaded is a configuration with the sections of the providers in the open.
type loaded struct {
	Owner    string
	Clusters []Cluster
	Edgio    *edgio.Config
	EdgioKey *schema.Given
	Vultr    *vultrapi.Config
	VultrKey *schema.Given
	VultrCDN *vultrcdn.Config
	Sync     Sync
	Metrics  Metrics
	Log      Log
}

func open(c *Config) *loaded {
	return &loaded{
		Owner: c.Owner, Clusters: c.Clusters, Sync: c.Sync, Metrics: c.Metrics, Log: c.Log,
		Edgio: schema.ValuesOf[edgio.Config](c.Sections, "edgio"), EdgioKey: c.Sections.Credential("edgio"),
		Vultr: vultrapi.ConfigOf(c.Sections), VultrKey: c.Sections.Credential("vultr"),
		VultrCDN: schema.ValuesOf[vultrcdn.Config](c.Sections, "vultr_cdn"),
	}
}

// load is Load with the providers that there are.
func load(path string, environ []string) (*Config, error) {
	return Load(path, environ, providers.All())
}

// defaults is what the file minimal.yaml gives: all that is required, and for
// the rest the defaults of the documentation.
func defaults() *loaded {
	return &loaded{
		Owner:    "prod",
		Clusters: []Cluster{defaultCluster()},
		EdgioKey: &schema.Given{Value: schema.NewSecret("c0ffeec0ffeec0ffeec0ffeec0ffee42")},
		VultrKey: &schema.Given{Value: schema.NewSecret("HUSHHUSHHUSHHUSHHUSH")},
		Edgio: &edgio.Config{
			BaseURL:            "https://apis.llnw.com/config-api/v1",
			Username:           "cdn-bot@example.com",
			Shortname:          "acme",
			ServiceProfile:     "LLNW-Generic",
			PublishedProtocols: []string{"https"},
			SourcePath:         "keep",
			RequestsPerMinute:  50,
		},
		Vultr: &vultrapi.Config{
			BaseURL:           "https://api.vultr.com",
			Domain:            "k8s.example.com",
			TTL:               120,
			PublishZones:      []string{},
			RequestsPerSecond: 20,
		},
		Sync: Sync{
			ResyncInterval: 10 * time.Minute,
			DeletionGrace:  10 * time.Second,
			Linger:         5 * time.Minute,
			Adopt:          AdoptNever,
			MaxDelete:      0.5,
			ConfirmAfter:   time.Hour,
			Forget:         []string{},
		},
		Metrics: Metrics{Listen: "127.0.0.1:9467", Hosts: []string{}},
		Log:     Log{Level: slog.LevelInfo, Format: LogAuto},
	}
}

func defaultCluster() Cluster {
	return Cluster{
		Name:             "main",
		Namespaces:       []string{},
		LabelSelector:    "cdn=edgio",
		IngressClass:     "edgio",
		NodeAddressTypes: []string{"ExternalIP"},
		NotReadyDelay:    30 * time.Second,
	}
}

func TestGoodFiles(t *testing.T) {
	root := absolute(t, "testdata")
	secrets := filepath.Join(root, "secrets")
	cases := []struct {
		file    string
		environ []string
		want    func(*loaded) // changes the defaults
	}{
		{"minimal", nil, func(*loaded) {}},
		{"line-ends-of-windows", nil, func(*loaded) {}},
		{"vultr-cdn-alone", nil, func(c *loaded) {
			c.Edgio, c.EdgioKey, c.VultrCDN = nil, nil, &vultrcdn.Config{IngressClass: "vultr-cdn"}
			c.Vultr.PublishZones = []string{"example.com"}
		}},
		{"vultr-cdn-beside", nil, func(c *loaded) { c.VultrCDN = &vultrcdn.Config{IngressClass: "fast"} }},
		// Where Edgio has no class, or is off, its name is free.
		{"vultr-cdn-alone-class-edgio", nil, func(c *loaded) { c.Edgio, c.EdgioKey, c.VultrCDN = nil, nil, &vultrcdn.Config{IngressClass: "edgio"} }},
		{"vultr-cdn-class-edgio-off", nil, func(c *loaded) {
			c.Clusters[0].IngressClass, c.VultrCDN = "", &vultrcdn.Config{IngressClass: "edgio"}
		}},
		{"minimal", []string{"EDGEWARD_VULTR_CDN_INGRESS_CLASS=fast"}, func(c *loaded) { c.VultrCDN = &vultrcdn.Config{IngressClass: "fast"} }},
		{"nothing-in-sections", nil, func(c *loaded) {
			c.Owner = "2024"
			c.Edgio.Username, c.Edgio.Shortname, c.EdgioKey.Value = "1", "no", schema.NewSecret("12345678")
			c.Vultr.Domain, c.VultrKey.Value = "example.com", schema.NewSecret("1e5")
		}},
		{"secrets", nil, func(c *loaded) {
			c.EdgioKey = &schema.Given{Ref: schema.SecretRef{Cluster: "main", Namespace: "edgeward", Name: "cdn.keys"}}
			c.VultrKey = &schema.Given{Ref: schema.SecretRef{Cluster: "main", Namespace: "edgeward", Name: "dns"}}
		}},
		{"full", []string{"CREDENTIALS_DIRECTORY=" + secrets}, func(c *loaded) {
			c.Owner = "prod-1"
			one, two, three := defaultCluster(), defaultCluster(), defaultCluster()
			one.Name, two.Name = "one", "two"
			one.Kubeconfig, two.Kubeconfig = filepath.Join(root, "good/kubeconfig"), filepath.Join(root, "good/conf.d/two")
			one.Context = "admin@one"
			one.Namespaces = []string{"shop", "blog"}
			one.LabelSelector, one.IngressClass, two.LabelSelector = "cdn in (edgio, both), !internal", "", ""
			one.NodeSelector = "role=edge"
			one.NodeAddressTypes = []string{"ExternalIP", "InternalIP"}
			one.NotReadyDelay = 90 * time.Second
			one.Allow = []Allow{
				{
					Namespaces: []string{"shop", "team-*"}, Hosts: []string{"*.shop.example.com"},
					Origins: []string{"NodePort", "ExternalName"}, Annotations: []string{"edgeward/adopt", "edgeward/source-path"},
					Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("169.254.169.254/32"), netip.MustParsePrefix("2001:db8::/32")},
					Ports:     []PortRange{{81, 81}, {8000, 8999}, {1, 65535}},
				},
				{
					Namespaces: []string{}, Hosts: []string{"www.example.com"}, Origins: []string{}, Annotations: []string{},
					Addresses: []netip.Prefix{}, Ports: []PortRange{},
				},
			}
			c.Clusters = []Cluster{one, two, three}
			c.EdgioKey = &schema.Given{Value: schema.NewSecret("0123456789abcdefABCDEF00"), File: filepath.Join(secrets, "edgio")}
			c.VultrKey = &schema.Given{Value: schema.NewSecret("HUSHHUSHHUSH"), File: filepath.Join(secrets, "vultr")}
			c.Edgio = &edgio.Config{
				BaseURL:            "http://127.0.0.1:8099/config-api/v1",
				Username:           "cdn-bot@example.com",
				Shortname:          "acme_1",
				ServiceProfile:     "LLNW Generic 2",
				PublishedProtocols: []string{"http", "https"},
				SourcePath:         "strip",
				CNAMETarget:        "acme.cdn.example",
			}
			c.Vultr = &vultrapi.Config{
				BaseURL:           "http://[::1]:8098",
				Domain:            "k8s.example.com",
				TTL:               1,
				PublishZones:      []string{},
				RequestsPerSecond: 0.5,
			}
			c.Sync = Sync{ResyncInterval: time.Second, Adopt: AdoptAnnotated, MaxDelete: 1, ConfirmAfter: time.Minute, Forget: []string{}}
			c.Metrics.Listen = ":0"
			c.Metrics.Hosts = []string{"status.example.com", "edgeward"}
			c.Log = Log{Level: slog.LevelWarn, Format: LogJSON}
		}},
	}
	for _, c := range cases {
		t.Run(c.file, func(t *testing.T) {
			want := defaults()
			c.want(want)
			got, err := load("testdata/good/"+c.file+".yaml", c.environ)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, open(got), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
				t.Errorf("configuration (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnreadableFile(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, []byte(strings.Repeat("#", maxFile+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	absent := filepath.Join(dir, "absent.yaml")
	cases := []struct{ name, path, want string }{
		{"absent", absent, absent + ": no such file or directory"},
		{"directory", dir, dir + ": is a directory"},
		{"larger than 1 MiB", large, large + ": larger than 1 MiB"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(c.path, nil)
			if err == nil || err.Error() != c.want {
				t.Errorf("Load = %v, want %s", err, c.want)
			}
		})
	}
}

func TestLargestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yaml")
	minimal := read(t, "testdata/good/minimal.yaml")
	if err := os.WriteFile(path, []byte(minimal+strings.Repeat("#", maxFile-len(minimal))), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := load(path, nil); err != nil {
		t.Error(err)
	}
}

func TestDescribeHidesThePath(t *testing.T) {
	err := &fs.PathError{Op: "open", Path: "/c0ffee", Err: fs.ErrPermission}
	if got, want := describe(err), "permission denied"; got != want {
		t.Errorf("describe = %q, want %q", got, want)
	}
}

func TestSetKubeconfig(t *testing.T) {
	c := &Config{Clusters: []Cluster{defaultCluster()}}
	if err := c.SetKubeconfig("some/where"); err != nil {
		t.Fatal(err)
	}
	if got, want := c.Clusters[0].Kubeconfig, absolute(t, "some/where"); got != want {
		t.Errorf("kubeconfig = %q, want %q", got, want)
	}
	c.Clusters = append(c.Clusters, defaultCluster())
	err := c.SetKubeconfig("/other")
	const want = "--kubeconfig: the configuration has 2 clusters; give each its own as clusters[n].kubeconfig"
	if err == nil || err.Error() != want {
		t.Errorf("SetKubeconfig with two clusters = %v, want %s", err, want)
	}
	if got := c.Clusters[0].Kubeconfig; got == "/other" {
		t.Error("SetKubeconfig changed one of two clusters")
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestMetricsNames: the page is served under the listed names, and that of the listener.
func TestMetricsNames(t *testing.T) {
	for listen, want := range map[string]string{"127.0.0.1:1": "127.0.0.1", "Edge.example.:1": "edge.example", ":1": ""} {
		names := Metrics{Listen: listen, Hosts: []string{"a"}}.Names()
		if diff := cmp.Diff([]string{"a", want}, names); diff != "" {
			t.Errorf("%s (-want +got):\n%s", listen, diff)
		}
	}
}
