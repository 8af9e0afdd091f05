package syncer

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/kube"
	"github.com/edgeward/edgeward/internal/model"
)

// messages returns the warnings and errors of the log, sorted.
func (r *rig) messages() []string {
	var lines []string
	for _, line := range r.log.take("msg=") {
		if _, text, ok := strings.Cut(line, " level=WARN msg="); ok {
			lines = append(lines, text)
		}
		if _, text, ok := strings.Cut(line, " level=ERROR msg="); ok {
			lines = append(lines, "ERROR "+text)
		}
	}
	slices.Sort(lines)
	return lines
}

// TestToldOnce says each thing once as long as it lasts, and again when it
// comes back.
func TestToldOnce(t *testing.T) {
	inBubble(t, func(r *rig) {
		bad := ingress("bad")
		bad.Rules[0].Paths[0].Type = "Prefix" // two rules, one message
		bad = stripped(bad, "nonsense")
		fallback := ingress("shop")
		path := fallback.Rules[0].Paths[0]
		path.Backend.PortName = "web-port"
		fallback.Rules[0].Paths[0] = path
		path.Path = "/b"
		fallback.Rules[0].Paths = append(fallback.Rules[0].Paths, path) // two paths, one message
		r.ready(fallback, bad, web(), node(1))
		want := []string{
			`"Service web has no port named web-port; its only port, 80, is used" ingress=main/default/shop`,
			`"not published: annotation edgeward/source-path: \"nonsense\" is not \"keep\" or \"strip\"" ingress=main/default/bad state=invalid rules="[bad.example.com/a bad.example.com/a/]"`,
		}
		if diff := cmp.Diff(want, r.messages()); diff != "" {
			t.Errorf("at first (-want +got):\n%s", diff)
		}
		r.modify(web())
		r.pass(time.Hour)
		if got := r.messages(); got != nil {
			t.Errorf("said again: %q", got)
		}
		r.modify(stripped(bad, "strip"))
		r.pass(time.Second)
		r.modify(bad)
		r.pass(time.Second)
		again := []string{strings.Replace(want[1], `\"strip\""`, `\"strip\"; until then its rule stays as it is"`, 1)} // by now it has one
		if got := r.messages(); !slices.Equal(got, again) {
			t.Errorf("when it comes back %q is said, want %q", got, again)
		}
	})
}

// TestManyProblems has an Ingress whose paths each have a fault of their own, and each a
// warning of its own: the log has a few of them, and how many there are, once.
func TestManyProblems(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("wiki"), web(), node(1))
		r.log.take("")
		many := ingress("many")
		many.Rules[0].Paths = nil
		many.Annotations = make(map[string]string)
		for i := range 1000 {
			many.Annotations[fmt.Sprint("edgeward/x", i)] = "x"
			many.Rules[0].Paths = append(many.Rules[0].Paths, kube.IngressPath{
				Path: fmt.Sprint("/", i), Type: "Exact", Backend: kube.Backend{Service: fmt.Sprint("absent-", i), PortName: "http"},
			})
		}
		broken := ingress("broken")
		broken.Rules[0].Paths[0].Backend.Service = "none"
		r.add(many, broken)
		r.pass(time.Second)
		r.modify(service(30081)) // another plan, which says the same
		r.pass(time.Minute)
		got := make(map[string]int)
		for _, line := range r.log.take("WARN") {
			for _, text := range []string{"Service absent-", "further reasons", "reasons=990", "is not known and has no effect", "further warnings", "warnings=990", "ingress=main/default/broken"} {
				if strings.Contains(line, text) {
					got[text]++
				}
			}
		}
		want := map[string]int{"Service absent-": 10, "further reasons": 1, "reasons=990": 1, "is not known and has no effect": 10, "further warnings": 1, "warnings=990": 1, "ingress=main/default/broken": 1}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("lines (-want +got):\n%s", diff)
		}
	})
}

// TestTold has what operators must know.
func TestTold(t *testing.T) {
	tests := map[string]struct {
		do   func(*rig)
		want string // in a message
	}{
		"no node is left":       {func(r *rig) { r.remove(node(1)) }, `ERROR "no node is left that can take traffic; its last known addresses stay in DNS" cluster=main name=nodes.main.acme`},
		"deletions are blocked": {func(r *rig) { r.miss(ingress("shop")) }, `ERROR "refusing to delete 1 of 1 objects of cluster main at edgio that no Ingress wants any more (sync.max_delete); if that is right, restart once with --allow-delete"`},
		"an operation failed": {func(r *rig) {
			r.cdn.answer(func(string, int) reply { return reply{err: refusal(http.StatusForbidden)} })
			r.add(ingress("blog"))
		}, `"failed: POST /x: 403 Forbidden" target=edgio op=create rule=blog.example.com/a`},
		"an unknown cluster's": {func(r *rig) {
			r.dns.plant(model.Record{ID: "x", Name: "_edgeward.old.acme", Type: "TXT", Data: model.Ownership{Owner: "acme", UID: "uid-old"}.String()})
			r.pass(11 * time.Minute)
		}, `"the names below old.acme.example.net belong to a cluster \"old\" that is not in the configuration; they are left alone"`},
		"another cluster's name": {func(r *rig) {
			r.dns.plant(model.Record{ID: "x", Name: "_edgeward.main.acme", Type: "TXT", Data: model.Ownership{Owner: "acme", UID: "uid-other"}.String()})
			r.pass(11 * time.Minute)
		}, `ERROR "_edgeward.main.acme.example.net is claimed by another cluster`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ready(ingress("shop"), web(), node(1))
				r.log.take("")
				test.do(r)
				r.pass(time.Second)
				if got := r.messages(); !slices.ContainsFunc(got, func(m string) bool { return strings.HasPrefix(m, test.want) }) {
					t.Errorf("said %q, want %q", got, test.want)
				}
			})
		})
	}
}

// TestToldWithoutNodes starts where no node can take traffic, and says so once,
// not for each Ingress.
func TestToldWithoutNodes(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ready(ingress("blog"), ingress("shop"), web())
		want := []string{`"not published: no node is left that can take traffic" cluster=main name=nodes.main.acme`}
		if diff := cmp.Diff(want, r.messages()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		r.add(node(1))
		r.pass(time.Minute)
		if got := r.messages(); got != nil {
			t.Errorf("with a node: %q", got)
		}
	})
}

// TestToldBriefly names some of the many rules of one Ingress.
func TestToldBriefly(t *testing.T) {
	inBubble(t, func(r *rig) {
		huge := stripped(ingress("huge"), "nonsense")
		path := huge.Rules[0].Paths[0]
		for i := range 1000 {
			path.Path = fmt.Sprintf("/%04d", i)
			huge.Rules[0].Paths = append(huge.Rules[0].Paths, path)
		}
		r.ready(huge, web(), node(1))
		got := strings.Join(r.messages(), "\n")
		if len(got) > 500 || !strings.Contains(got, "[huge.example.com/0000 ") || !strings.Contains(got, " and 991 more]") {
			t.Errorf("said in %d bytes: %.500s", len(got), got)
		}
	})
}

// TestReady has what is awaited, in the order in which it is told.
func TestReady(t *testing.T) {
	inBubble(t, func(r *rig) {
		expect := func(want string) {
			t.Helper()
			if ok, reason := r.Ready(); reason != want || ok != (want == "") {
				t.Errorf("ready %v: %q, want %q", ok, reason, want)
			}
			if status := r.Status(); want != "" && status != want {
				t.Errorf("status %q, want %q", status, want)
			}
		}
		west := r.opts.Clusters[0]
		west.Name = "west"
		r.opts.Clusters = append(r.opts.Clusters, west)
		r.cdn.answer(func(call string, n int) reply { return reply{after: 10 * time.Second} })
		r.dns.answer(func(call string, n int) reply {
			if call == "list" && n == 1 {
				return reply{after: 20 * time.Second, err: refusal(http.StatusUnauthorized)}
			}
			return reply{after: 5 * time.Second}
		})
		r.opts.Metrics, r.Syncer = nil, nil
		r.start()
		r.pass(time.Second)
		expect("cluster main: no complete snapshot yet")
		r.Cluster("main").Ready("uid-main")
		r.pass(time.Second)
		expect("cluster west: no complete snapshot yet")
		r.Cluster("west").Ready("uid-west")
		r.pass(time.Second)
		expect("edgio: what stands there was not read yet")
		r.pass(10 * time.Second)
		expect("vultr: what stands there was not read yet")
		r.pass(10 * time.Second)
		expect("vultr: what stands there was not read yet: POST /x: 401 Unauthorized")
		r.pass(10 * time.Second)
		expect("")
		if got, want := r.Status(), "0 rules, 0 addresses; 0 operations to do"; got != want {
			t.Errorf("status %q, want %q", got, want)
		}
		r.dns.answer(func(string, int) reply { return reply{err: refusal(http.StatusUnauthorized)} })
		r.pass(20 * time.Minute)
		expect("") // a resync that fails does not take it back
	})
}

func TestUnknownClusterPanics(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.start()
		defer func() {
			if recover() == nil {
				t.Error("a cluster that is not configured is handed out")
			}
		}()
		r.Cluster("nowhere")
	})
}
