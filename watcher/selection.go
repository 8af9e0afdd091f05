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

// A selection says which Ingresses are ours: those the label selector matches,
// those of a class we go by, and those whose IngressClass object names a
// controller that we are. A nil selector is off.
type selection struct {
	labels      labels.Selector
	classes     []string
	controllers []string

	mu    sync.RWMutex
	known map[string]string // by IngressClass object: its spec.controller
}

// parseSelection returns what selects Ingresses, and the part of it that the
// server can apply: the label selector if it is alone. The API has no "or", and
// no field selector for the class.
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

// reduce is for LoopOptions.Reduce.
func (s *selection) reduce(object runtime.Object) (*kube.Ingress, bool) {
	in, ok := object.(*networkingv1.Ingress)
	if !ok {
		return nil, false
	}
	controller := s.controller(in)
	if !s.admits(in, controller) {
		return nil, false
	}
	reduced := ReduceIngress(in)
	reduced.Controller = controller
	return reduced, true
}

func (s *selection) admits(in *networkingv1.Ingress, controller string) bool {
	if s.labels != nil && s.labels.Matches(labels.Set(in.Labels)) {
		return true
	}
	of := func(class string) bool { return slices.Contains(s.classes, class) }
	return in.Spec.IngressClassName != nil && of(*in.Spec.IngressClassName) || of(in.Annotations[classAnnotation]) ||
		controller != "" && slices.Contains(s.controllers, controller)
}

// controller returns the controller of the IngressClass object that an Ingress
// names. The legacy annotation names none (Kubernetes, "Deprecated annotation").
func (s *selection) controller(in *networkingv1.Ingress) string {
	if in.Spec.IngressClassName == nil {
		return ""
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.known[*in.Spec.IngressClassName]
}

// learn takes what an IngressClass object says; "" stands for one that is gone.
// It reports whether that may change which Ingresses are ours, or whose.
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
	return before != controller
}
