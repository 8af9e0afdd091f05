package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edgeward/edgeward/test/lab"
)

// A namespace that keeps the providers busy, and one that makes an Ingress now and then.
const (
	noisy = "noisy"
	quiet = "quiet"
)

// noise is what the first one does.
type noise struct {
	name      string
	ingresses int // of the noisy namespace
	rules     int // of each: that many hosts, or paths of its one host
	ofHosts   bool
	changed   bool   // all of them, again and again
	dns       bool   // it is the calls to DNS that the other waits for
	first     string // what the other's first call is about, with the number of its Ingress
}

func noises() []noise {
	return []noise{
		{name: "30 Ingresses changed again and again", ingresses: 30, rules: 1, changed: true, first: "quiet-%d.example.com"},
		{name: "one Ingress of 3,000 paths", ingresses: 1, rules: 3000, first: "quiet-%d.example.com"},
		{name: "3,000 hosts in a publish zone", ingresses: 30, rules: 100, ofHosts: true, dns: true, first: "_edgeward.quiet-%d"},
	}
}

// measureTurns measures how long one namespace waits while another keeps a provider
// busy that takes 120 calls a minute.
func (m *measurements) measureTurns(ctx context.Context, times int) error {
	for _, n := range noises() {
		c, err := newCluster(ctx, size{services: 1, nodes: 1})
		if err != nil {
			return err
		}
		err = m.measureNoise(ctx, c, n, times)
		c.Stop()
		if err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
	return nil
}

func (m *measurements) measureNoise(ctx context.Context, c *cluster, n noise, times int) error {
	dir, err := os.MkdirTemp("", "edgeward-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l := limits{edgio: 120, vultr: 100, latency: 80 * time.Millisecond}
	if n.dns {
		l = limits{edgio: 60_000, vultr: 2, latency: 80 * time.Millisecond}
	}
	b, err := newBed(ctx, c, l, dir)
	if err != nil {
		return err
	}
	defer b.Close()
	if n.dns {
		b.config, err = b.Config(ctx, map[string]string{
			"edgio": fmt.Sprintf("requests_per_minute: %d\ncname_target: acme.edgio.example", l.edgio),
			"vultr": fmt.Sprintf("requests_per_second: %d\npublish_zones: [%s]", l.vultr, lab.PublishZone),
		})
	}
	err = errors.Join(err, c.createNamespace(ctx, noisy), c.createNamespace(ctx, quiet), b.start())
	if err != nil {
		return err
	}
	defer b.stop()
	if _, err := b.ready(ctx); err != nil {
		return err
	}
	b.size.ingresses = n.ingresses
	r, err := b.measure("another namespace has "+n.name, func(r *result) error { return b.besideNoise(ctx, n, times, r) })
	if err != nil {
		return fmt.Errorf("%w\nthe end of the daemon's log:\n%s", err, tail(b.daemon.Log(), 2000))
	}
	fmt.Println(" ", r.line())
	m.results = append(m.results, r)
	return nil
}

// besideNoise makes Ingresses in the quiet namespace, each when the first call for the
// one before has come, and notes how long that took.
func (b *bed) besideNoise(ctx context.Context, n noise, times int, r *result) error {
	if err := b.createIn(ctx, quiet, "first", "first.example.com", 1, false); err != nil {
		return err
	}
	err := atOnce(n.ingresses, func(i int) error {
		return b.createIn(ctx, noisy, fmt.Sprint("noisy-", i), fmt.Sprintf("noisy-%d.example.com", i), n.rules, n.ofHosts)
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	changing := make(chan error, 1)
	go func() { changing <- b.keepChanging(ctx, n) }()
	// The provider is as busy as it can be once a dozen of its calls have come in.
	provider := map[bool]string{false: "edgio", true: "vultr"}[n.dns]
	err = b.calls.until(patience, "the noisy namespace", func() bool { return b.calls.writes[provider] > 12 })
	for i := 0; i < times && err == nil; i++ {
		sent := time.Now()
		if err = b.createIn(ctx, quiet, fmt.Sprint("quiet-", i), fmt.Sprintf("quiet-%d.example.com", i), 1, false); err != nil {
			break
		}
		about := fmt.Sprintf(n.first, i)
		err = b.calls.until(patience, about, func() bool { return len(wait(b.calls.all, about, sent)) > 0 })
		r.waits = append(r.waits, wait(b.calls.taken(), about, sent)...)
	}
	cancel()
	if changed := <-changing; err == nil && !errors.Is(changed, context.Canceled) {
		err = changed
	}
	return err
}

// keepChanging changes all Ingresses of the noisy namespace in turn, if that is what
// it does, until ctx is done.
func (b *bed) keepChanging(ctx context.Context, n noise) error {
	for i := 0; n.changed && ctx.Err() == nil; i++ {
		patch := fmt.Sprintf(`[{"op":"replace","path":"/metadata/annotations","value":{"edgeward/source-path":%q}}]`, []string{"strip", "keep"}[i/n.ingresses%2])
		_, err := b.client.NetworkingV1().Ingresses(noisy).
			Patch(ctx, fmt.Sprint("noisy-", i%n.ingresses), types.JSONPatchType, []byte(patch), metav1.PatchOptions{})
		if err != nil {
			return err
		}
		time.Sleep(time.Second / stormPace)
	}
	return ctx.Err()
}

// createNamespace makes a namespace with a Service.
func (c *cluster) createNamespace(ctx context.Context, name string) error {
	_, err := c.client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	_, err = c.client.CoreV1().Services(name).Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	}, metav1.CreateOptions{})
	return err
}

// createIn makes an Ingress of so many paths of a host, or of one path each of so many
// hosts.
func (c *cluster) createIn(ctx context.Context, namespace, name, host string, rules int, hosts bool) error {
	exact := networkingv1.PathTypeExact
	path := func(i int) networkingv1.HTTPIngressPath {
		return networkingv1.HTTPIngressPath{Path: fmt.Sprint("/", i), PathType: &exact, Backend: networkingv1.IngressBackend{
			Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Name: "http"}},
		}}
	}
	rule := func(host string, paths ...networkingv1.HTTPIngressPath) networkingv1.IngressRule {
		return networkingv1.IngressRule{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: paths}}}
	}
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{"cdn": "edgio"}, Annotations: map[string]string{"edgeward/source-path": "keep"},
	}}
	var paths []networkingv1.HTTPIngressPath
	for i := range rules {
		if hosts {
			ing.Spec.Rules = append(ing.Spec.Rules, rule(fmt.Sprintf("h%d-%s", i, host), path(i)))
		} else {
			paths = append(paths, path(i))
		}
	}
	if !hosts {
		ing.Spec.Rules = append(ing.Spec.Rules, rule(host, paths...))
	}
	_, err := c.client.NetworkingV1().Ingresses(namespace).Create(ctx, ing, metav1.CreateOptions{})
	return err
}
