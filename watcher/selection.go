package watcher

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edgeward/edgeward/internal/kube"
)

// A selection says which Ingresses are ours: those that the label selector matches, those
// of a class of ours, and those whose IngressClass object names a controller of ours.
type selection struct {
	labels      labels.Selector // nil: off
	classes     []string
	controllers []string

	mu    sync.RWMutex
	known map[string]string // by IngressClass object: its spec.controller
	// blind says that IngressClass objects may not be read, so that one which is not
	// known may be there.
	blind bool
}

// parseSelection returns what selects Ingresses, and the part of it that the server can
// apply: the label selector if it is alone. The API has no "or", and no field selector for
// the class.
func parseSelection(labelSelector string, classes, controllers []string) (s *selection, onServer string, err error) {
	s = &selection{classes: classes, controllers: controllers}
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

// reduce is for LoopOptions.Reduce. Of an Ingress that may be ours, as its class cannot be
// looked up, it keeps no more than that.
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
	switch {
	case labelled || named || controller != "":
		reduced := ReduceIngress(in)
		reduced.Controller = controller
		reduced.ClassUnknown = unknown && len(s.controllers) > 1 // else there is one CDN for it
		return reduced, true
	case unknown:
		return &kube.Ingress{Meta: kube.Meta{Namespace: in.Namespace, Name: in.Name, UID: string(in.UID)}, Class: class, ClassUnknown: true}, true
	}
	return nil, false
}

// controller returns the controller of ours that the IngressClass object which an Ingress
// names has, "" for none. It is not known of an object that may not be read. The legacy
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

// setBlind notes whether IngressClass objects may not be read, and reports whether that
// has changed.
func (s *selection) setBlind(blind bool) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed, s.blind = s.blind != blind, blind
	return changed
}

// setController notes what an IngressClass object says; "" stands for one that is gone. It
// reports whether that may change which Ingresses are ours, or whose: classes of others do
// not.
func (s *selection) setController(class, controller string) (matters bool) {
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
