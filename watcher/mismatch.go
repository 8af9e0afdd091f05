package watcher

import (
	"log/slog"
	"slices"
	"sync"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edgeward/edgeward/internal/kube"
)

// mismatches are the Ingresses that are not ours by spec.ingressClassName although the
// legacy annotation names a class of ours. It is said of each, once as long as it is so.
// Nobody else would say it: for all others these Ingresses are not there.
type mismatches struct {
	classes []string // ours
	log     *slog.Logger

	mu   sync.Mutex
	said map[kube.Key]mismatch
}

// mismatch is what the annotation and the field of an Ingress say of its class.
type mismatch struct{ annotation, field string }

func newMismatches(classes []string, log *slog.Logger) *mismatches {
	return &mismatches{classes: classes, log: log, said: make(map[kube.Key]mismatch)}
}

// watching returns a LoopOptions.Reduce that does what reduce does, and looks at what that
// does not select.
func (m *mismatches) watching(reduce func(runtime.Object) (*kube.Ingress, bool)) func(runtime.Object) (*kube.Ingress, bool) {
	return func(object runtime.Object) (*kube.Ingress, bool) {
		reduced, selected := reduce(object)
		if in, ok := object.(*networkingv1.Ingress); ok {
			var found mismatch
			if !selected {
				found = m.find(in)
			}
			m.note(kube.Key{Namespace: in.Namespace, Name: in.Name}, found)
		}
		return reduced, selected
	}
}

// find returns the mismatch of an Ingress, none if the zero value.
func (m *mismatches) find(in *networkingv1.Ingress) mismatch {
	annotation, field := in.Annotations[classAnnotation], in.Spec.IngressClassName
	if field == nil || !slices.Contains(m.classes, annotation) {
		return mismatch{}
	}
	return mismatch{annotation, *field}
}

// note warns of a mismatch that is new, and forgets what is none any more.
func (m *mismatches) note(key kube.Key, found mismatch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case found == mismatch{}:
		delete(m.said, key)
	case m.said[key] != found:
		m.said[key] = found
		m.log.Warn("not published: spec.ingressClassName names a class that is not edgeward's, and it decides, although the annotation "+classAnnotation+
			" names one that is; correct the one or remove the other", "ingress", key.String(), "class", found.field, "annotation", found.annotation)
	}
}
