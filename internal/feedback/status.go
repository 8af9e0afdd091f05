package feedback

import (
	"context"
	"encoding/json"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/edgeward/edgeward/watcher"
)

// entries returns what has to stand in an Ingress's status: what others wrote, as
// it is, and after that ours, which are those of the hostnames that nobody else
// wrote. What stood of ours is known by watcher.Published; where that is right,
// in whatever place, nothing has changed.
func entries(in *networkingv1.Ingress, hostnames []string) (list []networkingv1.IngressLoadBalancerIngress, ours []string, changed bool) {
	published := watcher.Published(in)
	stood := 0
	for _, e := range in.Status.LoadBalancer.Ingress {
		if e.Hostname != "" && slices.Contains(published, e.Hostname) {
			stood++
			continue
		}
		list = append(list, e)
	}
	for _, h := range hostnames {
		if !slices.ContainsFunc(list, func(e networkingv1.IngressLoadBalancerIngress) bool { return e.Hostname == h }) {
			ours = append(ours, h)
		}
	}
	slices.Sort(published)
	if stood == len(ours) && slices.Equal(published, ours) {
		return in.Status.LoadBalancer.Ingress, ours, false
	}
	for _, h := range ours {
		list = append(list, networkingv1.IngressLoadBalancerIngress{Hostname: h})
	}
	return list, ours, true
}

// statusChange is what has to be written to an Ingress's status.
type statusChange struct {
	of   *networkingv1.Ingress // as it was read
	list []networkingv1.IngressLoadBalancerIngress
	ours []string // of the list
}

// findChange reads the Ingress of a report and returns what has to be written to its status;
// nil: nothing, as for an Ingress that is gone, or replaced by another of its name.
func findChange(ctx context.Context, client API, r Report) (*statusChange, error) {
	in, err := client.Ingress(ctx, r.Ingress.Namespace, r.Ingress.Name)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case !r.Absent && string(in.UID) != r.UID:
		return nil, nil
	}
	list, ours, changed := entries(in, r.Hostnames)
	if !changed {
		return nil, nil
	}
	return &statusChange{in, list, ours}, nil
}

// write makes the change. The patch holds for what was read only: a change in between is an
// error (apierrors.IsConflict). The list in a status is atomic, so a server-side apply of
// our entry alone would remove those of others.
func (c *statusChange) write(ctx context.Context, client API) error {
	patch, err := statusPatch(c.of, c.list)
	if err != nil {
		return err
	}
	manager := "edgeward" // of what others wrote and we left
	if len(c.ours) > 0 {
		manager = watcher.StatusManager(c.ours...)
	}
	return client.PatchIngressStatus(ctx, c.of.Namespace, c.of.Name, patch, manager)
}

// statusPatch replaces the list in the status of the very Ingress that was read.
func statusPatch(in *networkingv1.Ingress, list []networkingv1.IngressLoadBalancerIngress) ([]byte, error) {
	return json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": in.UID, "resourceVersion": in.ResourceVersion},
		"status":   map[string]any{"loadBalancer": map[string]any{"ingress": list}},
	})
}
