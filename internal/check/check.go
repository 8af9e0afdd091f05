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

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
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
	owner  string
	failed bool
}

// OK tells of what is well, Note of what cannot be tried, Fail of what keeps the daemon
// from working.
func (r *report) OK(format string, a ...any)   { r.line("ok    ", format, a) }
func (r *report) Note(format string, a ...any) { r.line("note  ", format, a) }
func (r *report) Fail(format string, a ...any) { r.line("FAIL  ", format, a) }

// Ours is how many rules are the owner's.
func (r *report) Ours(rules []model.Rule) (n int) {
	for _, rule := range rules {
		if label, ok := rule.OwnerLabel(); ok && label.Owner == r.owner {
			n++
		}
	}
	return n
}

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
	defer time.AfterFunc(slow, func() { r.Note("%s: no answer yet; it is waited for until %s have passed", what, limit) }).Stop()
	check(ctx)
}

// Run prints a line for each finding: "ok", "FAIL", or "note" for what cannot
// be tried without writing. It returns ErrFindings if there was a failure.
func Run(ctx context.Context, cfg *config.Config, version string, out io.Writer) error {
	r, set := &report{out: out, owner: cfg.Owner}, app.Settings(cfg)
	r.OK("config: owner %s, %d cluster(s), zone %s", cfg.Owner, len(cfg.Clusters), set.Domain)
	silent := slog.New(slog.DiscardHandler)
	access := app.NewAccess(version, silent)
	uids := make(map[string]string) // of kube-system, by cluster
	for _, c := range cfg.Clusters {
		within(ctx, r, "cluster "+c.Name, func(ctx context.Context) { uids[c.Name] = cluster(ctx, r, cfg, c, access) })
	}
	for _, s := range cfg.KubeSecrets() {
		within(ctx, r, s.Key, func(ctx context.Context) { secret(ctx, r, cfg, s, access) })
	}
	if slices.ContainsFunc(cfg.KubeSecrets(), func(s config.KubeSecret) bool { return s.InForce().Reveal() == "" }) {
		r.Note("%s: untested, as a key is missing", model.Joined(cfg.Providers.Names(), ", "))
		return ErrFindings
	}
	p, err := app.Connect(cfg, new(app.Accounts), version, app.Unobserved, silent)
	if err != nil {
		return err
	}
	for _, d := range cfg.Providers {
		within(ctx, r, string(d.Name), func(ctx context.Context) {
			for _, cdn := range p.CDNs {
				if cdn.Name == d.Name {
					d.CDN.Check(ctx, cfg.Sections, cdn.Client, r)
				}
			}
			if p.DNS.Name == d.Name {
				zones(ctx, r, cfg, p.DNS, uids)
			}
		})
	}
	if r.failed {
		return ErrFindings
	}
	return nil
}

// cluster checks that the API server answers and that the credentials allow
// what the watches do. It returns the UID of kube-system, "" if that could not be read.
func cluster(ctx context.Context, r *report, cfg *config.Config, c config.Cluster, access app.Access) (uid string) {
	clients := access.Clients(c)
	client, err := clients.Get()
	if err != nil {
		r.Fail("cluster %s: %v", c.Name, err)
		return ""
	}
	system, err := client.Namespace(ctx, metav1.NamespaceSystem)
	if err != nil {
		r.Fail("cluster %s: reading the namespace kube-system: %v", c.Name, err)
		return ""
	}
	r.OK("cluster %s: the API server answers; the UID of kube-system is %s", c.Name, system.UID)
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
	watched := app.Watch(cfg, c, clients, slog.New(slog.DiscardHandler))
	if len(watched.Controllers) > 0 {
		classes(ctx, r, client, c.Name)
	}
	if watched.ReadTLS {
		for _, n := range namespaces {
			certificates(ctx, r, client, c.Name, n, watched.TLSFor)
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
		r.Fail("cluster %s: asking whether %s may be read: %v", cluster, resource, err)
		return
	}
	if len(refused) > 0 {
		r.Fail("cluster %s: not allowed to %s %s (see deploy/rbac.yaml)", cluster, strings.Join(refused, " and "), what)
		return
	}
	r.OK("cluster %s: may list and watch %s", cluster, what)
}

// classes asks for the right without which a class is known by its name alone.
func classes(ctx context.Context, r *report, client *watcher.Client, cluster string) {
	refused, err := refusals(ctx, client, authorizationv1.ResourceAttributes{Group: "networking.k8s.io", Resource: "ingressclasses"})
	switch {
	case err != nil:
		r.Fail("cluster %s: asking whether ingressclasses may be read: %v", cluster, err)
	case len(refused) > 0:
		r.Note("cluster %s: not allowed to %s ingressclasses: Ingresses of classes that are ours by their IngressClass object alone cannot be told (see deploy/rbac.yaml)",
			cluster, strings.Join(refused, " and "))
	default:
		r.OK("cluster %s: may list and watch ingressclasses", cluster)
	}
}

// certificates asks for the right without which the hosts of some CDNs have no
// certificates.
func certificates(ctx context.Context, r *report, client *watcher.Client, cluster, namespace, cdns string) {
	refused, err := refusals(ctx, client, authorizationv1.ResourceAttributes{Namespace: namespace, Resource: "secrets"})
	switch {
	case err != nil:
		r.Fail("cluster %s: asking whether secrets may be read: %v", cluster, err)
	case len(refused) > 0:
		r.Note("cluster %s: not allowed to %s secrets%s: its hosts of %s have no certificates (see deploy/rbac-certificates.yaml)",
			cluster, strings.Join(refused, " and "), in(namespace), cdns)
	default:
		r.OK("cluster %s: may list and watch secrets%s, for the certificates of %s hosts", cluster, in(namespace), cdns)
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
func secret(ctx context.Context, r *report, cfg *config.Config, s config.KubeSecret, access app.Access) {
	if err := app.ReadKey(ctx, cfg, s, access); err != nil {
		r.Fail("%v", err)
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
		r.Fail("%s: %s: asking whether it may be watched: %v", s.Key, s.Ref, err)
	case len(refused) > 0:
		r.Fail("%s: not allowed to %s the %s: another key in it would not be noticed (see deploy/rbac-secrets.yaml)",
			s.Key, strings.Join(refused, " and "), s.Ref)
	default:
		r.OK("%s: the %s holds a key, and may be watched", s.Key, s.Ref)
	}
}

// optional asks for the rights without which the daemon works, but is not seen
// in kubectl.
func optional(ctx context.Context, r *report, client *watcher.Client, c config.Cluster) {
	for _, right := range feedback.Rights() {
		switch granted, err := right.Granted(ctx, client, c.Namespaces); {
		case err != nil:
			r.Note("cluster %s: %v", c.Name, err)
		case granted:
			r.OK("cluster %s: may %s", c.Name, right)
		default:
			r.Note("cluster %s: not allowed to %s: %s are left out (see deploy/rbac.yaml, edgeward-feedback)", c.Name, right, right.What)
		}
	}
}

// zones looks at the zones of a DNS, and at whose the clusters' parts of them are.
func zones(ctx context.Context, r *report, cfg *config.Config, dns app.DNS, uids map[string]string) {
	origins := app.Settings(cfg).Domain
	for _, zone := range dns.Client.Zones() {
		name := cmp.Or(zone, origins)
		err := dns.Client.Check(ctx, name)
		var records []model.Record
		if err == nil {
			records, err = dns.Client.Find(ctx, model.Record{Zone: zone})
		}
		if err != nil {
			r.Fail("%s: %v", dns.Name, err)
			continue
		}
		r.OK("%s: the zone %s has %d records", dns.Name, name, len(records))
		if zone == "" {
			for _, c := range cfg.Clusters {
				ownership(r, dns.Name, c.Name, uids[c.Name], origins, records)
			}
		}
	}
	r.Note("%s: the right to write is untested", dns.Name)
}

// ownership compares a cluster's ownership record in the zone with the cluster.
func ownership(r *report, dns model.Provider, cluster, uid, zone string, records []model.Record) {
	name := model.OwnershipName(cluster, r.owner)
	fqdn := name + "." + zone
	i := slices.IndexFunc(records, func(record model.Record) bool { return record.Name == name && record.Type == "TXT" })
	var said model.Ownership
	if i >= 0 {
		said, _ = model.ParseOwnership(records[i].Data)
	}
	switch {
	case i < 0:
		r.OK("%s: %s is not claimed yet", dns, fqdn)
	case uid == "":
		r.Note("%s: %s is claimed with %q; whether by this cluster is not known", dns, fqdn, records[i].Data)
	case said.Owner == r.owner && said.UID == uid:
		r.OK("%s: %s is claimed by this cluster", dns, fqdn)
	default:
		r.Fail("%s: %s is claimed with %q, which is not this cluster: nothing would be written for it", dns, fqdn, records[i].Data)
	}
}
