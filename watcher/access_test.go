package watcher

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edgeward/edgeward/internal/kube"
)

// TestAccess has the API server forbid a resource, for a moment or for good: what is told
// of it, in order, and when one does without.
func TestAccess(t *testing.T) {
	const forbids, givesUp = "readable to forbidden", "forbidden to given up"
	forbidden, failure := fails(http.StatusForbidden, metav1.StatusReasonForbidden), fails(500, metav1.StatusReasonInternalError)
	snapshot := page("10", "")
	for name, test := range map[string]struct {
		lists, watches []answer
		optional       *Optional
		told           []string
	}{
		"a resource that is needed": {
			lists: []answer{forbidden, forbidden, forbidden, forbidden, snapshot}, watches: []answer{streamOn()},
			told: []string{forbids, "synced", "forbidden to readable"},
		},
		"for a moment": {
			lists: []answer{forbidden, forbidden, snapshot}, watches: []answer{streamOn()}, optional: new(Optional),
			told: []string{forbids, "synced", "forbidden to readable"},
		},
		"for good, then given": {
			lists: []answer{forbidden, forbidden, forbidden, forbidden, snapshot}, watches: []answer{streamOn()}, optional: new(Optional),
			told: []string{forbids, givesUp, "synced", "given up to readable"},
		},
		"other failures in between": {
			lists:   []answer{forbidden, forbidden, failure, forbidden, forbidden, snapshot},
			watches: []answer{streamOn()}, optional: new(Optional),
			told: []string{forbids, "synced", "forbidden to readable"},
		},
		"withdrawn and given again while watching": {
			lists: []answer{snapshot}, watches: []answer{forbidden, forbidden, forbidden, forbidden, streamOn(bookmark("11"))}, optional: new(Optional),
			told: []string{"synced", forbids, "forbidden to readable"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			words := map[Access]string{Readable: "readable", Forbidden: "forbidden", GivenUp: "given up"}
			server := newAPIServer(t, test.lists, test.watches)
			told := make(chan string, 100)
			stop := start(t, ingressLoop(t, server, func(o *LoopOptions[*kube.Ingress]) {
				o.Optional = test.optional
				o.Synced = func() { told <- "synced" }
				o.AccessChanged = func(from, to Access) { told <- fmt.Sprintf("%s to %s", words[from], words[to]) }
			}).Run)
			var got []string
			for range test.told {
				got = append(got, receive(t, "report", told))
			}
			stop()
			if diff := cmp.Diff(test.told, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if len(told) > 0 {
				t.Errorf("told too much: %s", <-told)
			}
		})
	}
}

// TestClassesReadableAgain: Ingresses whose class could not be looked up are read anew,
// even where no class has changed meanwhile.
func TestClassesReadableAgain(t *testing.T) {
	c := newTestCluster(t, newFakeCluster(t).kubeconfig("one"), func(o *ClusterOptions) { o.Controllers = []string{"edgeward/acme"} })
	classes := c.loops[0].(*Loop[kube.IngressClass])
	for _, step := range []struct {
		to   Access
		want int // Ingresses asked for anew
	}{{Forbidden, 0}, {GivenUp, 0}, {Readable, 1}} {
		if classes.setAccess(step.to); len(c.ingresses[0].renew) != step.want {
			t.Errorf("access %d: %d times anew, want %d", step.to, len(c.ingresses[0].renew), step.want)
		}
	}
}
