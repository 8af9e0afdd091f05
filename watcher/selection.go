package watcher

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edgeward/edgeward/internal/kube"
)

// A selection says which Ingresses are ours: those the label selector matches,
// those of a class we go by, and those whose IngressClass object names a
// controller that we are. A nil selector is off.
type selection struct {
	labels      labels.Selector
	classes     []string
	controllers []string
	log         *slog.Logger

	mu    sync.RWMutex
	known map[string]string // by IngressClass object: its spec.controller
	// blind says that IngressClass objects may not be read, so that one which is not
	// known may be there.
	blind bool
	told  map[kube.Key]mismatch // see tellMismatch
}

// mismatch is what the annotation and the field of an Ingress say of its class.
type mismatch struct{ annotation, field string }

// parseSelection returns what selects Ingresses, and the part of it that the
// server can apply: the label selector if it is alone. The API has no "or", and
// no field selector for the class.
func parseSelection(labelSelector string, classes, controllers []string) (s *selection, onServer string, err error) {
	s = &selection{classes: classes, controllers: controllers, log: slog.New(slog.DiscardHandler)}
	switch {
	case labelSelector == "" && len(classes) == 0:
		return s, "", errors.New("neither a label selector nor an ingress class is given")
	case labelSelector == "":
		return s, "", nil
	}
	if s.labels, err = labels.Parse(labelSelector); err != nil {
		return s, "", fmt.Errorf("label selector: %w", err)
	}
	if len(classes) == 0 {
		onServer = labelSelector
	}
	return s, onServer, nil
}

// reduce is for LoopOptions.Reduce.
func (s *selection) reduce(object runtime.Object) (*kube.Ingress, bool) {
	in, ok := object.(*networkingv1.Ingress)
	if !ok {
		return nil, false
	}
	labelled := s.labels != nil && s.labels.Matches(labels.Set(in.Labels))
	class := classOf(in)
	named := slices.Contains(s.classes, class)
	controller, known := s.controller(in)
	unknown := !named && !known
	ours := labelled || named || controller != ""
	s.tellMismatch(in, ours || unknown)
	switch {
	case ours:
		reduced := ReduceIngress(in)
		reduced.Controller = controller
		reduced.ClassUnknown = unknown && len(s.controllers) > 1 // else there is one CDN for it
		return reduced, true
	case unknown:
		return &kube.Ingress{Meta: kube.Meta{Namespace: in.Namespace, Name: in.Name, UID: string(in.UID)}, Class: class, ClassUnknown: true}, true
	}
	return nil, false
}

// tellMismatch tells, once as long as it is so, that an Ingress is not ours by
// spec.ingressClassName although the annotation names a class of ours. Nobody else
// would: for all others it is not there.
func (s *selection) tellMismatch(in *networkingv1.Ingress, ours bool) {
	annotation, field := in.Annotations[classAnnotation], in.Spec.IngressClassName
	key := kube.Key{Namespace: in.Namespace, Name: in.Name}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ours || field == nil || !slices.Contains(s.classes, annotation) {
		delete(s.told, key)
		return
	}
	found := mismatch{annotation, *field}
	if s.told[key] == found {
		return
	}
	if s.told == nil {
		s.told = make(map[kube.Key]mismatch)
	}
	s.told[key] = found
	s.log.Warn("not published: spec.ingressClassName names a class that is not edgeward's, and it decides, although the annotation "+classAnnotation+
		" names one that is; correct the one or remove the other", "ingress", key.String(), "class", found.field, "annotation", found.annotation)
}

// controller returns the controller of ours that the IngressClass object which an
// Ingress names has, "" for none. It is not known of an object that may not be read. The legacy
// annotation names none (Kubernetes, "Deprecated annotation").
func (s *selection) controller(in *networkingv1.Ingress) (controller string, known bool) {
	if in.Spec.IngressClassName == nil || *in.Spec.IngressClassName == "" {
		return "", true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	controller, known = s.known[*in.Spec.IngressClassName]
	return s.ours(controller), known || !s.blind
}

// ours is a controller if it is one of ours, else "".
func (s *selection) ours(controller string) string {
	if slices.Contains(s.controllers, controller) {
		return controller
	}
	return ""
}

// refuse takes note that IngressClass objects may not be read, or may again. It
// reports whether that changed.
func (s *selection) refuse(blind bool) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed, s.blind = s.blind != blind, blind
	return changed
}

// learn takes what an IngressClass object says; "" stands for one that is gone.
// It reports whether that may change which Ingresses are ours, or whose: classes of
// others do not.
func (s *selection) learn(class, controller string) (matters bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.known[class]
	if controller == "" {
		delete(s.known, class)
	} else {
		if s.known == nil {
			s.known = make(map[string]string)
		}
		s.known[class] = controller
	}
	return s.ours(before) != s.ours(controller)
}
