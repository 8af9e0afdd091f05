package desired_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
)

// TestAnnotatedOtherwise: where the annotation and the field differ the field decides,
// and the Ingress's author is told.
func TestAnnotatedOtherwise(t *testing.T) {
	ing := fixture.Shop()
	ing.Class, ing.Annotated = "edgio", "nginx"
	want := desired.Desired([]desired.Cluster{fixture.Cluster("main", ing, fixture.Web(), fixture.Node("n1", "192.0.2.1"))}, fixture.Settings(), fixture.Start())
	warnings := []desired.Warning{{Ingress: fixture.ShopID(), Message: `annotation kubernetes.io/ingress.class names the class "nginx", but spec.ingressClassName names "edgio", and decides: remove the annotation`}}
	if diff := cmp.Diff(warnings, want.Warnings); diff != "" || len(published(want)) != 1 {
		t.Errorf("published %q, told (-want +got):\n%s", published(want), diff)
	}
}
