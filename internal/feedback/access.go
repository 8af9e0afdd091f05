package feedback

import (
	"context"
	"fmt"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Right is what a kind of feedback needs to be allowed.
type Right struct {
	What        string // for people: "Events about Ingresses"
	Group       string
	Resource    string
	Subresource string
	Verbs       []string
}

// Rights returns what feedback needs, each without the other. The ClusterRole
// edgeward-feedback of deploy/rbac.yaml gives both.
func Rights() []Right {
	return []Right{
		status: {What: "the Ingresses' addresses", Group: "networking.k8s.io", Resource: "ingresses", Subresource: "status", Verbs: []string{"patch"}},
		events: {What: "Events about Ingresses", Resource: "events", Verbs: []string{"create", "patch"}},
	}
}

// String is "patch ingresses/status".
func (r Right) String() string {
	text := strings.Join(r.Verbs, " and ") + " " + r.Resource
	if r.Subresource != "" {
		text += "/" + r.Subresource
	}
	return text
}

// Granted asks the API server (SelfSubjectAccessReview) whether the client has
// the right in all of the namespaces; none means all there are.
func (r Right) Granted(ctx context.Context, client API, namespaces []string) (bool, error) {
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, namespace := range namespaces {
		for _, verb := range r.Verbs {
			allowed, err := client.Allowed(ctx, authorizationv1.ResourceAttributes{
				Namespace: namespace, Verb: verb, Group: r.Group, Resource: r.Resource, Subresource: r.Subresource,
			})
			if err != nil {
				return false, fmt.Errorf("asking whether to %s is allowed: %w", r, err)
			}
			if !allowed {
				return false, nil
			}
		}
	}
	return true, nil
}
