package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/desired"
	"github.com/edgeward/edgeward/internal/fixture"
)

// TestLoopsLater has what stands when a loop arises: it stays what it was, and
// changes when the loop is opened.
func TestLoopsLater(t *testing.T) {
	const a, b = "a.example.com", "b.example.com"
	both := func(first, second []any) desired.Cluster {
		return fixture.Cluster("main", slices.Concat(first, second)...)
	}
	for name, test := range map[string]struct {
		before, after, then desired.Cluster
		stands              []string // all the while
		want                []string // what is done in the end
	}{
		"the second comes": {
			fixture.Cluster("main", fixture.HostFrom("a", a, b)...), both(fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, a)), fixture.Cluster("main", fixture.HostFrom("a", a, b)...),
			[]string{"a.default.lb-cname.main " + b, "claim main", "rule a.example.com/ for a"}, nil,
		},
		"the first changes": {
			both(fixture.HostFrom("a", a, "lb.example.org"), fixture.HostFrom("b", b, a)), both(fixture.HostFrom("a", a, b), fixture.HostFrom("b", b, a)), both(fixture.HostFrom("a", a, "lb2.example.org"), fixture.HostFrom("b", b, a)),
			[]string{"a.default.lb-cname.main lb.example.org", "b.default.lb-cname.main " + a, "claim main", "rule a.example.com/ for a", "rule b.example.com/ for b"},
			[]string{"update a.default.lb-cname.main lb2.example.org"},
		},
		"an address becomes the host itself": {
			fixture.Cluster("main", fixture.HostFrom("a", a, "192.0.2.9")...), fixture.Cluster("main", fixture.HostFrom("a", a, a)...), fixture.Cluster("main", fixture.HostFrom("a", a, "192.0.2.10")...),
			[]string{"a.default.lb.main 192.0.2.9", "claim main", "rule a.example.com/ for a"},
			[]string{"create a.default.lb.main 192.0.2.10", "delete a.default.lb.main 192.0.2.9"},
		},
		"a name becomes one of the CDN": {
			fixture.Cluster("main", fixture.HostFrom("a", a, "lb.example.org")...), fixture.Cluster("main", fixture.HostFrom("a", a, "cdn-x.vultrcdn.com")...), fixture.Cluster("main", fixture.HostFrom("a", a, "lb2.example.org")...),
			[]string{"a.default.lb-cname.main lb.example.org", "claim main", "rule a.example.com/ for a"},
			[]string{"update a.default.lb-cname.main lb2.example.org"},
		},
		"private beside public": {
			fixture.Cluster("main", fixture.HostFrom("a", a, "192.0.2.9")...), fixture.Cluster("main", fixture.HostFrom("a", a, "192.0.2.9", "10.0.0.9")...), fixture.Cluster("main", fixture.HostFrom("a", a, "10.0.0.9")...),
			[]string{"a.default.lb.main 192.0.2.9", "claim main", "rule a.example.com/ for a"},
			[]string{"create a.default.lb.main 10.0.0.9", "delete a.default.lb.main 192.0.2.9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := settled(fixture.TwoCDNs(), test.before)
			s.change(true, test.after)
			if done := s.run(); len(done) > 0 {
				t.Errorf("with the loop %q is done", done)
			}
			s.Memory = Memory{} // a restart
			if done := s.run(); len(done) > 0 {
				t.Errorf("after a restart %q is done", done)
			}
			if diff := cmp.Diff(test.stands, s.standing()); diff != "" {
				t.Errorf("stands (-want +got):\n%s", diff)
			}
			s.change(true, test.then)
			var done []string
			for _, line := range s.run() {
				_, what, _ := strings.Cut(line, ": ")
				done = append(done, what)
			}
			if diff := cmp.Diff(test.want, done); diff != "" {
				t.Errorf("in the end (-want +got):\n%s", diff)
			}
		})
	}
}
