package e2e

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/test/lab"
)

// TestRestoredBackup restores etcd to an older state under a running daemon, which
// finds the API server back when it looks again: it goes by what there is now.
func TestRestoredBackup(t *testing.T) {
	b := newBed(t, lab.Options{})
	s := anotherCluster(t)
	ctx := t.Context()
	must(t, s.CreateNode(ctx, "node-1", "192.0.2.1"))
	for _, manifest := range []string{service(30080), ingress("one", "www.example.com/one"), ingress("two", "www.example.com/two")} {
		must(t, s.Apply(ctx, []byte(manifest)))
	}
	restore, err := s.Backup(ctx)
	must(t, err)
	d := b.start(b.config(sections{"clusters": b.cluster("main", s)}))
	one, two, three, four := rule("www.example.com/one", 30080), rule("www.example.com/two", 30080), rule("www.example.com/three", 30080), rule("www.example.com/four", 30080)
	b.exact(one, two)

	for i := range 500 { // so that the start of the programs does not come as far again
		_, err := s.Clientset().CoreV1().ConfigMaps("default").Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprint("c-", i)}}, metav1.CreateOptions{})
		must(t, err)
	}
	must(t, s.Apply(ctx, []byte(ingress("three", "www.example.com/three"))))
	b.exact(one, two, three)

	// Stopped, it does not see how long the API server is away: after a while it would
	// list everything anew in any case.
	must(t, d.Signal(syscall.SIGSTOP))
	must(t, restore(ctx))
	must(t, d.Signal(syscall.SIGCONT))
	must(t, s.Apply(ctx, []byte(ingress("four", "www.example.com/four"))))
	took := b.exact(one, two, four)
	t.Logf("exact %s after the backup was restored", took.Round(time.Millisecond))
	must(t, s.Delete(ctx, []byte(ingress("one", "www.example.com/one"))))
	b.exact(two, four)
	must(t, d.logged("level=WARN", "resource=ingresses", "restored from a backup"))
}
