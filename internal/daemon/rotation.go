package daemon

import (
	"context"
	"log/slog"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	kubewatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/schema"
	"github.com/edgeward/edgeward/watcher"
)

// heldKey is what is kept of a Secret: the provider's key in it.
type heldKey struct {
	kube.Meta
	key schema.Secret
	err error // why it has none that can be used
}

// Equal compares versions: each change is judged anew, which is simple and seldom.
func (k heldKey) Equal(o heldKey) bool { return k.ResourceVersion == o.ResourceVersion }

// rotation is told what becomes of a Secret, and tells when it has another key
// than is in force.
type rotation struct {
	secret  config.KubeSecret
	changed func()
	log     *slog.Logger
}

func (r rotation) Added(k heldKey)                  { r.judge(k) }
func (r rotation) Modified(_, k heldKey, seen bool) { r.judge(k) }
func (r rotation) Deleted(heldKey, bool) {
	r.log.Warn("the Secret was deleted; the key in force stays")
}

func (r rotation) judge(k heldKey) {
	switch {
	case k.err != nil:
		r.log.Error("the Secret holds no key that can be used; the one in force stays", "err", k.err)
	case !k.key.Equal(r.secret.InForce()):
		r.changed()
	}
}

// rotations makes a watch for each Secret that holds a key, which selects it by
// its name, as a Role with resourceNames demands. changed is called when one
// holds another key than the configuration.
func rotations(cfg *config.Config, access app.Access, m *metrics.Metrics, changed func()) []*watcher.Loop[heldKey] {
	var loops []*watcher.Loop[heldKey]
	for _, s := range cfg.KubeSecrets() {
		cluster, _ := s.Cluster(cfg)
		clients := access.Clients(cluster)
		log := access.Log().With("cluster", cluster.Name, "key", s.Key, "secret", s.Ref.Namespace+"/"+s.Ref.Name)
		only := fields.OneTermEqualSelector(metav1.ObjectNameField, s.Ref.Name).String()
		request := func(o metav1.ListOptions) (*rest.Request, error) {
			client, err := clients.Get()
			if err != nil {
				return nil, err
			}
			o.FieldSelector = only
			return client.Secrets(s.Ref.Namespace, o), nil
		}
		loops = append(loops, watcher.NewLoop(watcher.LoopOptions[heldKey]{
			Resource: "secrets",
			List: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
				r, err := request(o)
				if err != nil {
					return nil, err
				}
				list := new(corev1.SecretList)
				return list, r.Do(ctx).Into(list)
			},
			Watch: func(ctx context.Context, o metav1.ListOptions) (kubewatch.Interface, error) {
				o.Watch = true
				r, err := request(o)
				if err != nil {
					return nil, err
				}
				return r.Watch(ctx)
			},
			Reduce: func(o runtime.Object) (heldKey, bool) {
				secret := o.(*corev1.Secret)
				key, err := s.Pick(secret.Data)
				return heldKey{kube.Meta{
					Namespace: secret.Namespace, Name: secret.Name, UID: string(secret.UID), ResourceVersion: secret.ResourceVersion,
				}, key, err}, true
			},
			Handler: rotation{s, changed, log},
			Timings: watcher.DefaultTimings(),
			Metrics: watchMetrics(m, cluster.Name),
			Log:     log,
		}))
	}
	return loops
}
