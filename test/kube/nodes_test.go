package kube

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestNodeStatus(t *testing.T) {
	ctx := t.Context()
	const name = "node-status"
	if err := server.CreateNode(ctx, name, "192.0.2.1"); err != nil {
		t.Fatal(err)
	}
	type state struct {
		Addresses []corev1.NodeAddress
		Ready     corev1.ConditionStatus
		Taints    []corev1.Taint
	}
	get := func() state {
		t.Helper()
		node, err := server.Clientset().CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return state{node.Status.Addresses, node.Status.Conditions[0].Status, node.Spec.Taints}
	}
	host := corev1.NodeAddress{Type: corev1.NodeHostName, Address: name}
	first := corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: "192.0.2.1"}
	second := corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: "2001:db8::1"}

	for _, step := range []struct {
		name string
		do   func() error
		want state
	}{
		{"created", func() error { return nil }, state{[]corev1.NodeAddress{host, first}, corev1.ConditionTrue, nil}},
		{"not ready", func() error { return server.SetNodeReady(ctx, name, false) },
			state{[]corev1.NodeAddress{host, first}, corev1.ConditionFalse, nil}},
		{"other addresses", func() error { return server.SetNodeAddresses(ctx, name, first, second) },
			state{[]corev1.NodeAddress{first, second}, corev1.ConditionFalse, nil}},
		{"ready again", func() error { return server.SetNodeReady(ctx, name, true) },
			state{[]corev1.NodeAddress{first, second}, corev1.ConditionTrue, nil}},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, get()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step.name, diff)
		}
	}

	if err := server.DeleteNode(ctx, name); err != nil {
		t.Fatal(err)
	}
	if err := server.SetNodeReady(ctx, name, true); !apierrors.IsNotFound(err) {
		t.Errorf("a deleted Node: %v, want 404", err)
	}
}

func TestSetReadyKeepsTheTimeOfTransition(t *testing.T) {
	long := metav1.NewTime(time.Now().Add(-time.Hour))
	for _, test := range []struct {
		name  string
		ready bool
		kept  bool
	}{
		{"still ready", true, true},
		{"no longer ready", false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			status := &corev1.NodeStatus{Conditions: []corev1.NodeCondition{
				{Type: corev1.NodeDiskPressure, Status: corev1.ConditionFalse, LastTransitionTime: long},
				{Type: corev1.NodeReady, Status: corev1.ConditionTrue, LastTransitionTime: long},
			}}
			setReady(status, test.ready)
			if len(status.Conditions) != 2 {
				t.Fatalf("%d conditions, want 2", len(status.Conditions))
			}
			if kept := status.Conditions[1].LastTransitionTime == long; kept != test.kept {
				t.Errorf("lastTransitionTime kept: %t, want %t", kept, test.kept)
			}
		})
	}
}
