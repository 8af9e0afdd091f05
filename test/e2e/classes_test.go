package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edgeward/edgeward/test/lab"
)

// ofClass gives an Ingress a class by its field, and a label that selects nothing.
func ofClass(manifest, class string) string {
	return labelled(strings.Replace(manifest, "spec:", "spec:\n  ingressClassName: "+class, 1), "cdn=none")
}

// classObject makes an IngressClass until the test ends.
func (b *bed) classObject(name, controller string) {
	b.t.Helper()
	classes := server.Clientset().NetworkingV1().IngressClasses()
	_, err := classes.Create(b.t.Context(), &networkingv1.IngressClass{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: networkingv1.IngressClassSpec{Controller: controller},
	}, metav1.CreateOptions{})
	must(b.t, err)
	b.t.Cleanup(func() {
		if err := classes.Delete(context.Background(), name, metav1.DeleteOptions{}); !apierrors.IsNotFound(err) {
			must(b.t, err)
		}
	})
}

// forbidClasses takes the right to read IngressClasses away, until it is given back or
// the test ends.
func (b *bed) forbidClasses() (allow func()) {
	b.t.Helper()
	roles := server.Clientset().RbacV1().ClusterRoles()
	role, err := roles.Get(b.t.Context(), "edgeward", metav1.GetOptions{})
	must(b.t, err)
	for i := range role.Rules {
		role.Rules[i].Resources = slices.DeleteFunc(role.Rules[i].Resources, func(r string) bool { return r == "ingressclasses" })
	}
	role.Rules = slices.DeleteFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return len(r.Resources) == 0 })
	_, err = roles.Update(b.t.Context(), role, metav1.UpdateOptions{})
	must(b.t, err)
	allow = func() {
		if err := lab.Grant(context.Background(), server); err != nil {
			b.t.Error(err)
		}
	}
	b.t.Cleanup(allow)
	account := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:               "system:serviceaccount:edgeward:edgeward",
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "list", Group: "networking.k8s.io", Resource: "ingressclasses"},
	}}
	b.until(func() error {
		review, err := server.Clientset().AuthorizationV1().SubjectAccessReviews().Create(b.t.Context(), account, metav1.CreateOptions{})
		if err == nil && review.Status.Allowed {
			err = errors.New("it is allowed still")
		}
		return err
	})
	return allow
}

// TestClassesForbidden starts the daemon while IngressClasses may not be read: the rule
// of an Ingress whose class is ours by its object stays, whatever is run meanwhile, and
// goes when the Ingress is deleted. Soon after the right is back all is as before.
func TestClassesForbidden(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.classObject("public-cdn", "edgeward/edgio")
	b.classObject("other", "k8s.io/ingress-nginx")
	b.nodes("192.0.2.1")
	b.apply(service(30080), ofClass(ingress("i", "a.example.org/"), "public-cdn"), ofClass(ingress("j", "d.example.org/"), "public-cdn"),
		ofClass(ingress("b", "b.example.org/"), "edgio"), ofClass(ingress("c", "c.example.org/"), "edgio"), ofClass(ingress("foreign", "n.example.org/"), "other"))
	config := b.config(sections{"sync": "deletion_grace: 1s\nlinger: 1s\n"})
	all := []string{rule("a.example.org/", 30080), rule("b.example.org/", 30080), rule("c.example.org/", 30080), rule("d.example.org/", 30080)}
	d := b.start(config)
	b.exact(all...)
	b.idle(d)
	d.stop()

	allow := b.forbidClasses()
	b.forgetCalls()
	if status, output := edgeward(t, "--config", config, "plan"); status != 0 || !strings.Contains(output, `the class "public-cdn" of Ingress default/i and of 1 more cannot be looked up`) || strings.Contains(output, "default/foreign") {
		t.Errorf("plan: exit status %d:\n%s", status, output)
	}
	if status, output := b.run(config, "--once"); status != 0 {
		t.Errorf("--once: exit status %d:\n%s", status, output)
	}
	d = b.start(config)
	b.idle(d)
	b.until(func() error {
		return errors.Join(d.logged("level=WARN", "cannot be looked up", "ingressclasses (deploy/rbac.yaml)"), d.logged("level=WARN", "done without", "resource=ingressclasses"))
	})
	b.stays(3*time.Second, b.nothingWritten)

	b.delete(ofClass(ingress("j", "d.example.org/"), "public-cdn"))
	all = all[:3]
	b.exact(all...)
	b.idle(d)

	b.forgetCalls()
	allow()
	b.until(func() error { return d.logged("snapshot taken", "resource=ingressclasses") })
	b.apply(ofClass(ingress("k", "e.example.org/"), "public-cdn"))
	b.exact(append(all, rule("e.example.org/", 30080))...)
	must(t, b.wrote(1, 0))
}

// TestUnrelatedClass has classes of others come, change and go while Ingresses are
// deleted: that was seen, however close both are, and nothing is in the way of it.
func TestUnrelatedClass(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	b.apply(service(30080))
	d := b.start(b.config(nil))
	b.idle(d)
	classes := server.Clientset().NetworkingV1().IngressClasses()
	for i := range 6 {
		b.classObject(fmt.Sprint("foreign-", i), "k8s.io/ingress-nginx")
		only := ingress("only", "www.example.com/only")
		b.apply(only)
		b.exact(rule("www.example.com/only", 30080))
		must(t, classes.Delete(t.Context(), fmt.Sprint("foreign-", i), metav1.DeleteOptions{}))
		b.delete(only)
		b.exact()
	}
	must(t, same("snapshots of Ingresses", len(d.lines("snapshot taken", "resource=ingresses")), 1))
}

// TestClassAnnotationBesideField: where both differ the field decides.
func TestClassAnnotationBesideField(t *testing.T) {
	b := newBed(t, lab.Options{})
	b.nodes("192.0.2.1")
	annotatedClass := func(name, url, class string) string {
		return labelled(annotated(ingress(name, url), "kubernetes.io/ingress.class", class), "cdn=none")
	}
	b.apply(service(30080), annotatedClass("a", "a.example.org/", "edgio"), annotatedClass("b", "b.example.org/", "nginx"))
	d := b.start(b.config(sections{"sync": "deletion_grace: 1s\nlinger: 1s\n"}))
	b.exact(rule("a.example.org/", 30080))
	field := func(name, class string) {
		_, err := server.Clientset().NetworkingV1().Ingresses("default").Patch(t.Context(), name, types.MergePatchType,
			[]byte(`{"spec":{"ingressClassName":"`+class+`"}}`), metav1.PatchOptions{})
		must(t, err)
	}
	field("b", "edgio")
	b.exact(rule("a.example.org/", 30080), rule("b.example.org/", 30080))
	b.until(func() error {
		return d.logged("level=WARN", "ingress=main/default/b", "nginx", "edgio", "remove the annotation")
	})
	field("a", "nginx")
	b.exact(rule("b.example.org/", 30080))
	must(t, d.logged("level=WARN", "ingress=default/a", "class=nginx", "annotation=edgio"))
}
