package e2e

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/test/lab"
)

// TestKubernetesKeeps tries what docs/tenants.md says that nobody can forge. Each try
// returns what came of it: nil if it had no effect.
func TestKubernetesKeeps(t *testing.T) {
	b := newBed(t, lab.Options{})
	past := metav1.NewTime(time.Now().Add(-24 * time.Hour))
	ingresses, services := server.Clientset().NetworkingV1().Ingresses("default"), server.Clientset().CoreV1().Services("default")
	create := func(name string) *networkingv1.Ingress {
		t.Helper()
		ing := &networkingv1.Ingress{
			ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: past},
			Spec:       networkingv1.IngressSpec{DefaultBackend: &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: "web", Port: networkingv1.ServiceBackendPort{Number: 80}}}},
			Status:     networkingv1.IngressStatus{LoadBalancer: networkingv1.IngressLoadBalancerStatus{Ingress: []networkingv1.IngressLoadBalancerIngress{{IP: "203.0.113.66"}}}},
		}
		ing, err := ingresses.Create(t.Context(), ing, metav1.CreateOptions{})
		must(t, err)
		return ing
	}
	older := func(ing *networkingv1.Ingress) error {
		if ing.CreationTimestamp.Time.Before(time.Now().Add(-time.Hour)) {
			return fmt.Errorf("it counts as created at %s", ing.CreationTimestamp)
		}
		return nil
	}
	status := func(ing *networkingv1.Ingress, svc *corev1.Service) error {
		if n, m := len(ing.Status.LoadBalancer.Ingress), len(svc.Status.LoadBalancer.Ingress); n+m > 0 {
			return fmt.Errorf("%d addresses in the Ingress's status, %d in the Service's", n, m)
		}
		return nil
	}
	first := create("first")
	balancers := []corev1.LoadBalancerIngress{{IP: "203.0.113.66"}}
	svc, err := services.Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Port: 80}}},
		Status:     corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: balancers}},
	}, metav1.CreateOptions{})
	must(t, err)
	tries := map[string]func() error{
		"create an Ingress with an older `creationTimestamp`": func() error { return older(first) },
		"make an Ingress older afterwards": func() error {
			again := create("again")
			again.CreationTimestamp = past
			again.Labels = map[string]string{"changed": "yes"}
			again, err := ingresses.Update(t.Context(), again, metav1.UpdateOptions{})
			must(t, err)
			return older(again)
		},
		"create a Service or an Ingress with addresses in its status": func() error { return status(first, svc) },
		"write them afterwards by an update of the object": func() error {
			ing, svc := first.DeepCopy(), svc.DeepCopy()
			ing.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "203.0.113.66"}}
			svc.Status.LoadBalancer.Ingress = balancers
			ing, err := ingresses.Update(t.Context(), ing, metav1.UpdateOptions{})
			must(t, err)
			svc, err = services.Update(t.Context(), svc, metav1.UpdateOptions{})
			must(t, err)
			return status(ing, svc)
		},
		"write a status with the roles `edit` or `admin`": func() error { return b.writesStatus("edit", "admin") },
	}
	for _, name := range slices.Sorted(maps.Keys(tries)) {
		if err := tries[name](); err != nil {
			t.Errorf("a namespace can %s: %v", name, err)
		}
	}

	text, err := os.ReadFile("../../docs/tenants.md")
	must(t, err)
	_, section, _ := strings.Cut(string(text), "\n## What Kubernetes keeps\n")
	var rows []string
	for line := range strings.Lines(section) {
		if cells := strings.Split(line, " | "); len(cells) == 2 && strings.HasPrefix(cells[1], "no") {
			rows = append(rows, strings.TrimPrefix(cells[0], "| "))
		}
	}
	slices.Sort(rows)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(tries)), rows); diff != "" {
		t.Errorf("docs/tenants.md (-tries +rows):\n%s", diff)
	}
}

// TestRevokedRight takes away the right to an ExternalName, by a reload, while the Ingress
// cannot be understood and its tenant moves the name: the rule goes, and nobody is led to
// where it moved.
func TestRevokedRight(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	external := func(to string) string {
		return fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: away}\nspec: {type: ExternalName, externalName: %s, ports: [{port: 80}]}\n", to)
	}
	// The guard is not what this is about.
	with := func(origins string) string {
		return b.config(sections{"clusters": b.cluster("main", server, "allow: [{origins: ["+origins+"]}]"), "sync": "deletion_grace: 1s\nlinger: 0s"})
	}
	moved := func() error {
		for _, r := range b.Vultr.Records(lab.Domain) {
			if r.Type == "CNAME" && r.Data == "attacker.example.org" {
				return fmt.Errorf("%s leads to %s", r.Name, r.Data)
			}
		}
		return nil
	}
	b.apply(service(30080), ingress("web", "www.example.com/web"), external("origin.example.org"), ingressFor("away", "away.example.com/a", "away", 80))
	config := with("NodePort, ExternalName")
	d := b.start(config)
	b.until(func() error { return d.routes(map[string]float64{"synced": 2}) })
	b.apply(ingressFor("away", "away.example.com/a", "absent", 80))
	b.until(func() error { return d.routes(map[string]float64{"synced": 1, "pending": 1}) })
	b.idle(d)
	must(t, same("rules", len(b.Rules()), 2))

	less, err := os.ReadFile(with("NodePort"))
	must(t, err)
	replaceFile(t, config, less)
	must(t, d.Signal(syscall.SIGHUP))
	b.until(func() error {
		return same("reloads", len(d.lines("the configuration was read again and is in force")), 1)
	})
	b.apply(external("attacker.example.org"))
	b.until(func() error {
		return errors.Join(moved(), lab.Same("rules", b.Rules(), rule("www.example.com/web", 30080)))
	})
	b.idle(d)
	must(t, moved())
}

// writesStatus returns an error if one of Kubernetes' own roles, with all that is
// aggregated into it, may write the status of Services or Ingresses.
func (b *bed) writesStatus(roles ...string) error {
	b.t.Helper()
	list, err := server.Clientset().RbacV1().ClusterRoles().List(b.t.Context(), metav1.ListOptions{})
	must(b.t, err)
	writes, rules := []string{"*", "create", "update", "patch"}, 0
	for _, role := range list.Items {
		aggregated := slices.ContainsFunc(roles, func(to string) bool { return role.Labels["rbac.authorization.k8s.io/aggregate-to-"+to] == "true" })
		if !aggregated && !slices.Contains(roles, role.Name) {
			continue
		}
		for _, rule := range role.Rules {
			rules++
			may := slices.ContainsFunc(rule.Verbs, func(v string) bool { return slices.Contains(writes, v) })
			for _, resource := range []string{"services/status", "ingresses/status", "*", "*/status"} {
				if may && slices.Contains(rule.Resources, resource) {
					return fmt.Errorf("ClusterRole %s may %v %s", role.Name, rule.Verbs, resource)
				}
			}
		}
	}
	if rules == 0 {
		return fmt.Errorf("there are no rules of %v", roles)
	}
	return nil
}
