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

// writeStatus brings an Ingress's status to what the outcome says. The Ingress
// is read first, and the patch holds for what was read only: a change in between
// is an error (apierrors.IsConflict). The list in a status is atomic, so a
// server-side apply of our entry alone would remove those of others.
//
// An Ingress that is gone, or replaced by another of its name, needs nothing.
func writeStatus(ctx context.Context, client API, o Outcome, dryRun bool) (wrote bool, err error) {
	in, err := client.Ingress(ctx, o.Ingress.Namespace, o.Ingress.Name)
	switch {
	case apierrors.IsNotFound(err):
		return false, nil
	case err != nil:
		return false, err
	case !o.Absent && string(in.UID) != o.UID:
		return false, nil
	}
	list, ours, changed := entries(in, o.Hostnames)
	if !changed || dryRun {
		return changed, nil
	}
	patch, err := statusPatch(in, list)
	if err != nil {
		return false, err
	}
	manager := "edgeward" // of what others wrote and we left
	if len(ours) > 0 {
		manager = watcher.StatusManager(ours...)
	}
	err = client.PatchIngressStatus(ctx, o.Ingress.Namespace, o.Ingress.Name, patch, manager)
	return err == nil, ignoreGone(err)
}

// statusPatch replaces the list in the status of the very Ingress that was read.
func statusPatch(in *networkingv1.Ingress, list []networkingv1.IngressLoadBalancerIngress) ([]byte, error) {
	return json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": in.UID, "resourceVersion": in.ResourceVersion},
		"status":   map[string]any{"loadBalancer": map[string]any{"ingress": list}},
	})
}

// ignoreGone returns err unless it says that the object is not there any more.
func ignoreGone(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
