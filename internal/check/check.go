// Package check tries everything that the daemon needs, without writing.
package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/daemon"
	"github.com/edgeward/edgeward/internal/feedback"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/printable"
	"github.com/edgeward/edgeward/watcher"
)

// ErrFindings is returned when something would keep the daemon from working.
// It has been printed.
var ErrFindings = errors.New("something would keep the daemon from working")

const (
	// limit bounds the check of one cluster or provider.
	limit = 30 * time.Second
	// slow is how long nothing needs to be said while a check runs.
	slow = 5 * time.Second
)

// report prints one line for each finding.
type report struct {
	mu     sync.Mutex
	out    io.Writer
	failed bool
}

func (r *report) ok(format string, a ...any)   { r.line("ok    ", format, a) }
func (r *report) note(format string, a ...any) { r.line("note  ", format, a) }
func (r *report) fail(format string, a ...any) { r.line("FAIL  ", format, a) }

func (r *report) line(sign, format string, a []any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if sign == "FAIL  " {
		r.failed = true
	}
	fmt.Fprintln(r.out, sign+printable.Line(fmt.Sprintf(format, a...)))
}

// within checks one thing in bounded time, and says so if that takes long.
func within(ctx context.Context, r *report, what string, check func(context.Context)) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer time.AfterFunc(slow, func() { r.note("%s: no answer yet; it is waited for until %s have passed", what, limit) }).Stop()
	check(ctx)
}

// Run prints a line for each finding: "ok", "FAIL", or "note" for what cannot
// be tried without writing. It returns ErrFindings if there was a failure.
func Run(ctx context.Context, cfg *config.Config, version string, out io.Writer) error {
	r := &report{out: out}
	r.ok("config: owner %s, %d cluster(s), zone %s", cfg.Owner, len(cfg.Clusters), cfg.Vultr.Domain)
	silent := slog.New(slog.DiscardHandler)
	access := daemon.NewAccess(version, silent)
	uids := make(map[string]string) // of kube-system, by cluster
	for _, c := range cfg.Clusters {
		within(ctx, r, "cluster "+c.Name, func(ctx context.Context) { uids[c.Name] = cluster(ctx, r, cfg, c, access) })
	}
	for _, s := range cfg.KubeSecrets() {
		within(ctx, r, s.Key, func(ctx context.Context) { secret(ctx, r, cfg, s, access) })
	}
	if slices.ContainsFunc(cfg.KubeSecrets(), func(s config.KubeSecret) bool { return s.InForce().Reveal() == "" }) {
		r.note("edgio, vultr: untested, as a key is missing")
		return ErrFindings
	}
	p, err := daemon.Connect(cfg, new(daemon.Accounts), version, daemon.Unobserved, silent)
	if err != nil {
		return err
	}
	if cfg.Edgio.On {
		within(ctx, r, "edgio", func(ctx context.Context) { edgio(ctx, r, cfg, p) })
	}
	within(ctx, r, "vultr", func(ctx context.Context) { vultr(ctx, r, cfg, p, uids) })
	if cfg.VultrCDN.On {
		within(ctx, r, "vultr-cdn", func(ctx context.Context) { vultrCDN(ctx, r, cfg, p) })
	}
	if r.failed {
		return ErrFindings
	}
	return nil
}

// cluster checks that the API server answers and that the credentials allow
// what the watches do. It returns the UID of kube-system, "" if that could not be read.
func cluster(ctx context.Context, r *report, cfg *config.Config, c config.Cluster, access daemon.Access) (uid string) {
	clients := access.Clients(c)
	client, err := clients.Get()
	if err != nil {
		r.fail("cluster %s: %v", c.Name, err)
		return ""
	}
	system, err := client.Namespace(ctx, metav1.NamespaceSystem)
	if err != nil {
		r.fail("cluster %s: reading the namespace kube-system: %v", c.Name, err)
		return ""
	}
	r.ok("cluster %s: the API server answers; the UID of kube-system is %s", c.Name, system.UID)
	namespaces := c.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, n := range namespaces {
		permissions(ctx, r, client, c.Name, "networking.k8s.io", "ingresses", n)
		permissions(ctx, r, client, c.Name, "", "services", n)
		permissions(ctx, r, client, c.Name, "discovery.k8s.io", "endpointslices", n)
	}
	permissions(ctx, r, client, c.Name, "", "nodes", metav1.NamespaceAll)
	watched := daemon.Watch(cfg, c, clients, slog.New(slog.DiscardHandler))
	if len(watched.Controllers) > 0 {
		classes(ctx, r, client, c.Name)
	}
	if watched.ReadTLS {
		for _, n := range namespaces {
			certificates(ctx, r, client, c.Name, n)
		}
	}
	optional(ctx, r, client, c)
	return string(system.UID)
}

// permissions asks the API server what the credentials may do with a resource.
func permissions(ctx context.Context, r *report, client *watcher.Client, cluster, group, resource, namespace string) {
	what := resource
	if resource != "nodes" {
		what += in(namespace)
	}
	refused, err := refusals(ctx, client, authorizationv1.ResourceAttributes{Namespace: namespace, Group: group, Resource: resource})
	if err != nil {
		r.fail("cluster %s: asking whether %s may be read: %v", cluster, resource, err)
		return
	}
	if len(refused) > 0 {
		r.fail("cluster %s: not allowed to %s %s (see deploy/rbac.yaml)", cluster, strings.Join(refused, " and "), what)
		return
	}
	r.ok("cluster %s: may list and watch %s", cluster, what)
}

// classes asks for the right without which a class is known by its name alone.
func classes(ctx context.Context, r *report, client *watcher.Client, cluster string) {
	refused, err := refusals(ctx, client, authorizationv1.ResourceAttributes{Group: "networking.k8s.io", Resource: "ingressclasses"})
	switch {
	case err != nil:
		r.fail("cluster %s: asking whether ingressclasses may be read: %v", cluster, err)
	case len(refused) > 0:
		r.note("cluster %s: not allowed to %s ingressclasses: Ingresses of classes that are ours by their IngressClass object alone cannot be told (see deploy/rbac.yaml)",
			cluster, strings.Join(refused, " and "))
	default:
		r.ok("cluster %s: may list and watch ingressclasses", cluster)
	}
}

// certificates asks for the right without which hosts of Vultr CDN have no
// certificates.
func certificates(ctx context.Context, r *report, client *watcher.Client, cluster, namespace string) {
	refused, err := refusals(ctx, client, authorizationv1.ResourceAttributes{Namespace: namespace, Resource: "secrets"})
	switch {
	case err != nil:
		r.fail("cluster %s: asking whether secrets may be read: %v", cluster, err)
	case len(refused) > 0:
		r.note("cluster %s: not allowed to %s secrets%s: its hosts of Vultr CDN have no certificates (see deploy/rbac-certificates.yaml)",
			cluster, strings.Join(refused, " and "), in(namespace))
	default:
		r.ok("cluster %s: may list and watch secrets%s, for the certificates of Vultr CDN hosts", cluster, in(namespace))
	}
}

// in is " in namespace x", or of all.
func in(namespace string) string {
	if namespace == metav1.NamespaceAll {
		return " in all namespaces"
	}
	return " in namespace " + namespace
}

// refusals returns which of the verbs list and watch are refused.
func refusals(ctx context.Context, client *watcher.Client, what authorizationv1.ResourceAttributes) ([]string, error) {
	var refused []string
	for _, what.Verb = range []string{"list", "watch"} {
		allowed, err := client.Allowed(ctx, what)
		if err != nil {
			return nil, err
		}
		if !allowed {
			refused = append(refused, what.Verb)
		}
	}
	return refused, nil
}

// secret reads a key from its Secret into the configuration, and checks that
// the daemon may follow it.
func secret(ctx context.Context, r *report, cfg *config.Config, s config.KubeSecret, access daemon.Access) {
	if err := daemon.ReadKey(ctx, cfg, s, access); err != nil {
		r.fail("%v", err)
		return
	}
	cluster, _ := s.Cluster(cfg)
	client, err := access.Clients(cluster).Get()
	var refused []string
	if err == nil {
		refused, err = refusals(ctx, client, authorizationv1.ResourceAttributes{Namespace: s.Ref.Namespace, Resource: "secrets", Name: s.Ref.Name})
	}
	switch {
	case err != nil:
		r.fail("%s: %s: asking whether it may be watched: %v", s.Key, s.Ref, err)
	case len(refused) > 0:
		r.fail("%s: not allowed to %s the %s: another key in it would not be noticed (see deploy/rbac-secrets.yaml)",
			s.Key, strings.Join(refused, " and "), s.Ref)
	default:
		r.ok("%s: the %s holds a key, and may be watched", s.Key, s.Ref)
	}
}

// optional asks for the rights without which the daemon works, but is not seen
// in kubectl.
func optional(ctx context.Context, r *report, client *watcher.Client, c config.Cluster) {
	for _, right := range feedback.Rights() {
		switch granted, err := right.Granted(ctx, client, c.Namespaces); {
		case err != nil:
			r.note("cluster %s: %v", c.Name, err)
		case granted:
			r.ok("cluster %s: may %s", c.Name, right)
		default:
			r.note("cluster %s: not allowed to %s: %s are left out (see deploy/rbac.yaml, edgeward-feedback)", c.Name, right, right.What)
		}
	}
}

func edgio(ctx context.Context, r *report, cfg *config.Config, p daemon.Providers) {
	profiles, err := p.Edgio.Profiles(ctx)
	if err != nil {
		r.fail("edgio: %v", err)
		return
	}
	rules, err := p.Edgio.List(ctx)
	if err != nil {
		r.fail("edgio: %v", err)
		return
	}
	r.ok("edgio: the account %s has %d rules, %d of them ours", cfg.Edgio.Shortname, len(rules), ours(rules, cfg.Owner))
	switch profile := cfg.Edgio.ServiceProfile; {
	case slices.Contains(profiles, profile):
		r.ok("edgio: the service profile %s exists", profile)
	case len(profiles) == 0:
		r.note("edgio: the account's service profiles could not be told; %s is untested", profile)
	default:
		r.fail("edgio: there is no service profile %s; there are %q", profile, profiles)
	}
	r.note("edgio: the right to write is untested")
}

// ours is how many rules are the owner's.
func ours(rules []model.Rule, owner string) (n int) {
	for _, rule := range rules {
		if m, ok := rule.OwnerLabel(); ok && m.Owner == owner {
			n++
		}
	}
	return n
}

func vultrCDN(ctx context.Context, r *report, cfg *config.Config, p daemon.Providers) {
	zones, err := p.VultrCDN.List(ctx)
	if err != nil {
		r.fail("vultr-cdn: %v", err)
		return
	}
	r.ok("vultr-cdn: the account has %d pull zones, %d of them ours", len(zones), ours(zones, cfg.Owner))
	r.note("vultr-cdn: the right to write is untested")
}

func vultr(ctx context.Context, r *report, cfg *config.Config, p daemon.Providers, uids map[string]string) {
	for _, zone := range p.Vultr.Zones() {
		name := cmp.Or(zone, cfg.Vultr.Domain)
		err := p.Vultr.Check(ctx, name)
		var records []model.Record
		if err == nil {
			records, err = p.Vultr.Find(ctx, model.Record{Zone: zone})
		}
		if err != nil {
			r.fail("vultr: %v", err)
			continue
		}
		r.ok("vultr: the zone %s has %d records", name, len(records))
		if zone == "" {
			for _, c := range cfg.Clusters {
				claim(r, cfg, c.Name, uids[c.Name], records)
			}
		}
	}
	r.note("vultr: the right to write is untested")
}

// claim compares a cluster's claim in the zone with the cluster.
func claim(r *report, cfg *config.Config, cluster, uid string, records []model.Record) {
	name := model.OwnershipName(cluster, cfg.Owner)
	fqdn := name + "." + cfg.Vultr.Domain
	i := slices.IndexFunc(records, func(record model.Record) bool { return record.Name == name && record.Type == "TXT" })
	var said model.Ownership
	if i >= 0 {
		said, _ = model.ParseOwnership(records[i].Data)
	}
	switch {
	case i < 0:
		r.ok("vultr: %s is not claimed yet", fqdn)
	case uid == "":
		r.note("vultr: %s is claimed with %q; whether by this cluster is not known", fqdn, records[i].Data)
	case said.Owner == cfg.Owner && said.UID == uid:
		r.ok("vultr: %s is claimed by this cluster", fqdn)
	default:
		r.fail("vultr: %s is claimed with %q, which is not this cluster: nothing would be written for it", fqdn, records[i].Data)
	}
}
