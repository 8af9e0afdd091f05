package kube

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
)

// CreateNode makes a Node that is Ready and has an ExternalIP, unless that is empty.
func (s *Server) CreateNode(ctx context.Context, name, externalIP string) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name:   name,
		Labels: map[string]string{corev1.LabelHostname: name},
	}}
	if _, err := s.clientset.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating Node %q: %w", name, err)
	}
	return s.changeNodeStatus(ctx, name, func(status *corev1.NodeStatus) {
		status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeHostName, Address: name}}
		if externalIP != "" {
			status.Addresses = append(status.Addresses, corev1.NodeAddress{Type: corev1.NodeExternalIP, Address: externalIP})
		}
		setReady(status, true)
	})
}

// SetNodeReady sets the condition Ready to True or False.
func (s *Server) SetNodeReady(ctx context.Context, name string, ready bool) error {
	return s.changeNodeStatus(ctx, name, func(status *corev1.NodeStatus) { setReady(status, ready) })
}

// SetNodeAddresses replaces all addresses of a Node.
func (s *Server) SetNodeAddresses(ctx context.Context, name string, addresses ...corev1.NodeAddress) error {
	return s.changeNodeStatus(ctx, name, func(status *corev1.NodeStatus) { status.Addresses = addresses })
}

// DeleteNode deletes a Node.
func (s *Server) DeleteNode(ctx context.Context, name string) error {
	if err := s.clientset.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		return fmt.Errorf("deleting Node %q: %w", name, err)
	}
	return nil
}

// changeNodeStatus writes what change makes of a Node's status, as a kubelet would.
func (s *Server) changeNodeStatus(ctx context.Context, name string, change func(*corev1.NodeStatus)) error {
	nodes := s.clientset.CoreV1().Nodes()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		node, err := nodes.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(&node.Status)
		_, err = nodes.UpdateStatus(ctx, node, metav1.UpdateOptions{})
		return err
	})
	if err != nil {
		return fmt.Errorf("status of Node %q: %w", name, err)
	}
	return nil
}

// setReady sets the condition Ready; its lastTransitionTime is when it last changed.
func setReady(status *corev1.NodeStatus, ready bool) {
	now := metav1.Now()
	condition := corev1.NodeCondition{
		Type: corev1.NodeReady, Status: corev1.ConditionFalse, Reason: "Test",
		LastHeartbeatTime: now, LastTransitionTime: now,
	}
	if ready {
		condition.Status = corev1.ConditionTrue
	}
	i := slices.IndexFunc(status.Conditions, func(c corev1.NodeCondition) bool { return c.Type == corev1.NodeReady })
	if i < 0 {
		status.Conditions = append(status.Conditions, condition)
		return
	}
	if old := status.Conditions[i]; old.Status == condition.Status {
		condition.LastTransitionTime = old.LastTransitionTime
	}
	status.Conditions[i] = condition
}
