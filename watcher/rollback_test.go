package watcher

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/edgeward/edgeward/internal/kube"
)

// TestDetectRollback has a watch end, and the server at some version when it is opened again:
// from one that is yet to come nothing is watched, but everything listed anew, and what is
// not there any more was not seen to go.
func TestDetectRollback(t *testing.T) {
	tests := map[string]struct {
		seen, is string
		anew     bool
	}{
		"as far":                 {"100", "100", false},
		"further":                {"100", "101", false},
		"further by a digit":     {"99", "100", false},
		"gone back":              {"100", "98", true},
		"gone back by a digit":   {"100", "99", true},
		"gone back far":          {"18446744073709551616", "7", true},
		"no number":              {"100", "0a", false},
		"no number was seen":     {"xyz", "100", false},
		"the server says none":   {"100", "", false},
		"the special version, 0": {"100", "0", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			kept := ingress("a", "5")
			server := newAPIServer(t, []answer{page("10", "", kept), page("50", "")},
				[]answer{stream(frame{watch.Added, ingress("b", test.seen)}), streamOn()})
			server.version = func() string { return test.is }
			told := newRecorder[*kube.Ingress]()
			var log lockedBuffer
			loop := ingressLoop(t, server, func(o *LoopOptions[*kube.Ingress]) {
				o.Handler, o.Log = told, slog.New(slog.NewTextHandler(&log, nil))
			})
			stop := start(t, loop.Run)
			want, said := []string{"list", "watch 10", "watch " + test.seen}, []string{"added shop/a@5", "added shop/b@" + test.seen}
			if test.anew {
				want = []string{"list", "watch 10", "list", "watch 50"}
				said = append(said, "deleted shop/a@5 seen=false", "deleted shop/b@"+test.seen+" seen=false")
			}
			var asked, got []string
			for range want {
				asked = append(asked, receive(t, "request", server.asked))
			}
			for range said {
				got = append(got, receive(t, "report", told))
			}
			stop()
			if diff := cmp.Diff(want, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(said, got); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
			if warned := strings.Contains(log.String(), "level=WARN") && strings.Contains(log.String(), "restored from a backup"); warned != test.anew {
				t.Errorf("warned: %t\n%s", warned, log.String())
			}
		})
	}
}
