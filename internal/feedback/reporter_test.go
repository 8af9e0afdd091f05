package feedback

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
)

// rig is a Reporter before a fake API server, under the fake clock of synctest.
type rig struct {
	*Reporter
	t      *testing.T
	fake   *fakeAPI
	log    *bytes.Buffer
	denied []string   // "patch ingresses/status", "create events"
	mu     sync.Mutex // of what follows, where the Reporter runs beside the test
	fail   func(call string, nth int) error
	calls  []string // all but reviews and the reading of kube-system
	asked  int      // reviews
}

// inBubble runs a test with a rig whose Reporter is not started.
func inBubble(t *testing.T, test func(*rig)) {
	synctest.Test(t, func(t *testing.T) {
		in := standing("")
		fake := newFakeAPI(t, in, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system", UID: "uid-main"}})
		r := &rig{t: t, log: new(bytes.Buffer), fake: fake}
		fake.PrependReactor("*", "*", r.react)
		r.Reporter = NewReporter(Options{
			Status: true, Log: slog.New(slog.NewTextHandler(r.log, nil)),
			Connect: func() (API, error) { return r.fake, nil },
		})
		test(r)
	})
}

func (r *rig) react(a clienttesting.Action) (bool, runtime.Object, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	resource := a.GetResource().Resource
	if s := a.GetSubresource(); s != "" {
		resource += "/" + s
	}
	call := a.GetVerb() + " " + resource
	if create, ok := a.(clienttesting.CreateAction); ok && resource == "selfsubjectaccessreviews" {
		r.asked++
		review := create.GetObject().(*authorizationv1.SelfSubjectAccessReview).DeepCopy()
		attributes := review.Spec.ResourceAttributes
		asked := strings.TrimSuffix(attributes.Verb+" "+attributes.Resource+"/"+attributes.Subresource, "/")
		review.Status.Allowed = !slices.Contains(r.denied, asked)
		return true, review, nil
	}
	if resource == "namespaces" {
		return false, nil, nil
	}
	r.calls = append(r.calls, call)
	if r.fail != nil {
		if err := r.fail(call, len(r.calls)); err != nil {
			return true, nil, err
		}
	}
	return false, nil, nil
}

// runs runs the Reporter for d.
func (r *rig) runs(d time.Duration) {
	ctx, cancel := context.WithTimeout(r.t.Context(), d)
	defer cancel()
	r.Run(ctx)
}

func (r *rig) did(want ...string) {
	r.t.Helper()
	if diff := cmp.Diff(want, r.calls); diff != "" {
		r.t.Errorf("calls (-want +got):\n%s\nthe log:\n%s", diff, r.log)
	}
	r.calls = nil
}

func (r *rig) logged(times int, words string) {
	r.t.Helper()
	if n := strings.Count(r.log.String(), words); n != times {
		r.t.Errorf("%q is in the log %d times, want %d:\n%s", words, n, times, r.log)
	}
}

func refusal(code int) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Code: int32(code), Reason: map[int]metav1.StatusReason{
		403: metav1.StatusReasonForbidden, 409: metav1.StatusReasonConflict, 422: metav1.StatusReasonInvalid,
		401: metav1.StatusReasonUnauthorized, 404: metav1.StatusReasonNotFound,
	}[code], Message: http.StatusText(code)}}
}

// news is a report for which there is a status and an Event to write.
func news() Report {
	o := shows("7", cdn)
	o.Messages = []Message{normal("Synced", "a")}
	return o
}

func TestReporter(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.runs(time.Minute)
		r.did() // nobody has said anything
		if r.asked > 0 {
			t.Error("it asks for rights in a cluster that it does not know")
		}
		r.Update("uid-main", slices.Values([]Report{news()}))
		r.runs(time.Minute)
		r.did("get ingresses", "patch ingresses/status", "create events")
		in, err := r.fake.Ingress(r.t.Context(), "default", "shop")
		if err != nil || len(in.Status.LoadBalancer.Ingress) != 1 || in.Status.LoadBalancer.Ingress[0].Hostname != cdn {
			t.Errorf("it shows %v, %v", in.Status, err)
		}
		r.calls = nil
		for range 10 {
			r.Update("uid-main", slices.Values([]Report{news()}))
			r.runs(time.Minute)
		}
		r.did()
		if r.asked != 3 {
			t.Errorf("it asked %d times, want once for each verb", r.asked)
		}
	})
}

// TestRefusals has each call refused, or fail: what cannot get better by
// trying is tried once.
func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		call  string
		err   error
		calls int // of that kind in ten minutes
		log   string
	}{
		"forbidden status":      {"patch ingresses/status", refusal(403), 1, "Forbidden"},
		"forbidden Event":       {"create events", refusal(403), 1, "Forbidden"},
		"invalid status":        {"patch ingresses/status", refusal(422), 1, "Unprocessable"},
		"the Ingress is gone":   {"get ingresses", refusal(404), 1, ""},
		"gone meanwhile":        {"patch ingresses/status", refusal(404), 1, ""},
		"no such namespace":     {"create events", refusal(404), 1, ""},
		"a conflict":            {"patch ingresses/status", refusal(409), 600, ""},
		"a token that expired":  {"create events", refusal(401), 11, "Unauthorized"},
		"a server that is busy": {"create events", refusal(429), 11, "Too Many"},
		"a server that is ill":  {"get ingresses", refusal(500), 11, "Internal Server Error"},
		"no server":             {"get ingresses", errors.New("connection refused"), 11, "connection refused"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.fail = func(call string, _ int) error {
					if call == test.call {
						return test.err
					}
					return nil
				}
				r.Update("uid-main", slices.Values([]Report{news()}))
				r.runs(10*time.Minute - time.Millisecond) // before what falls due then
				n := 0
				for _, call := range r.calls {
					if call == test.call {
						n++
					}
				}
				if n != test.calls {
					t.Errorf("%d calls, want %d", n, test.calls)
				}
				if test.log != "" {
					r.logged(1, test.log)
				} else {
					r.logged(0, "level=WARN")
				}
			})
		})
	}
}

// TestOutage has the API server away for an hour: it is told once, and what
// became of the Ingress by then is written, once.
func TestOutage(t *testing.T) {
	inBubble(t, func(r *rig) {
		down := true
		r.fail = func(string, int) error {
			if down {
				return errors.New("connection refused")
			}
			return nil
		}
		go r.runs(2 * time.Hour)
		for i := range 60 {
			o := news()
			o.Messages[0].Text = strings.Repeat("a", i)
			r.Update("uid-main", slices.Values([]Report{o}))
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		r.logged(1, "connection refused")
		if n := len(r.calls); n < 30 || n > 40 {
			t.Errorf("%d calls in an hour", n)
		}
		r.mu.Lock()
		down, r.calls = false, nil
		r.mu.Unlock()
		time.Sleep(time.Hour + time.Minute)
		synctest.Wait()
		r.did("get ingresses", "patch ingresses/status", "create events")
		r.logged(1, "can be told again")
	})
}

// TestRightsAreAskedFor has neither allowed, one alone, and one of two verbs.
func TestRightsAreAskedFor(t *testing.T) {
	tests := map[string]struct {
		denied []string
		status bool
		calls  []string
		lines  int
	}{
		"both":                            {nil, true, []string{"get ingresses", "patch ingresses/status", "create events"}, 0},
		"neither":                         {[]string{"patch ingresses/status", "create events", "patch events"}, true, nil, 2},
		"no status":                       {[]string{"patch ingresses/status"}, true, []string{"create events"}, 1},
		"no creating":                     {[]string{"create events"}, true, []string{"get ingresses", "patch ingresses/status"}, 1},
		"no patching":                     {[]string{"patch events"}, true, []string{"get ingresses", "patch ingresses/status"}, 1},
		"no status, where none is wanted": {[]string{"patch ingresses/status"}, false, []string{"create events"}, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.denied, r.opts.Status = test.denied, test.status
				for range 3 {
					r.Update("uid-main", slices.Values([]Report{news()}))
					r.runs(time.Hour)
				}
				r.did(test.calls...)
				r.logged(test.lines, "left out")
			})
		})
	}
}

// TestRightTakenAway has a call forbidden that was said to be allowed: the right
// is asked for again.
func TestRightTakenAway(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.fail = func(call string, _ int) error {
			if call == "create events" {
				r.denied = []string{"create events"}
				return refusal(403)
			}
			return nil
		}
		r.Update("uid-main", slices.Values([]Report{news()}))
		r.runs(time.Minute)
		o := news()
		o.Messages[0].Text = "else"
		r.Update("uid-main", slices.Values([]Report{o}))
		r.runs(time.Minute)
		r.did("get ingresses", "patch ingresses/status", "create events")
		r.logged(1, "left out")
	})
}

// TestAnotherCluster has the kubeconfig lead elsewhere.
func TestAnotherCluster(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.Update("uid-other", slices.Values([]Report{news()}))
		r.runs(time.Hour)
		r.did()
		r.logged(1, "another cluster answers")
	})
}

func TestDryRun(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.opts.DryRun = true
		for range 3 {
			r.Update("uid-main", slices.Values([]Report{news()}))
			r.runs(time.Hour)
		}
		r.did("get ingresses")
		r.logged(1, "dry run: would write the Ingress's status")
		r.logged(1, "dry run: would record an Event")
	})
}

// TestFlush says all at once, and ends though the API server does not answer.
func TestFlush(t *testing.T) {
	inBubble(t, func(r *rig) {
		start := time.Now()
		r.Flush(r.t.Context())
		r.Update("uid-main", slices.Values([]Report{news()}))
		r.Flush(r.t.Context())
		r.did("get ingresses", "patch ingresses/status", "create events")
		if took := time.Since(start); took != 0 {
			t.Errorf("it took %s", took)
		}
		r.fail = func(string, int) error { return errors.New("connection refused") }
		r.Update("uid-main", slices.Values([]Report{says(warning("Invalid", "bad"))}))
		ctx, cancel := context.WithTimeout(r.t.Context(), 10*time.Second)
		defer cancel()
		r.Flush(ctx)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("it took %s", took)
		}
		r.logged(1, "telling the cluster what became of its Ingresses before the end")
		r.logged(1, "could be told to the cluster in time")
	})
}

// TestFight has another controller take the entry away for an hour.
func TestFight(t *testing.T) {
	inBubble(t, func(r *rig) {
		version := ""
		for range 3600 {
			version += "1"
			o := shows(version, cdn)
			r.Update("uid-main", slices.Values([]Report{o}))
			err := r.fake.tracker.Update(ingressesResource, standing(""), "default")
			if err != nil {
				t.Fatal(err)
			}
			r.runs(time.Second)
		}
		writes := 0
		for _, call := range r.calls {
			if call == "patch ingresses/status" {
				writes++
			}
		}
		if writes < 10 || writes > 25 {
			t.Errorf("%d writes in an hour", writes)
		}
		r.logged(1, "another controller")
	})
}

// TestRate has a thousand Ingresses published at once.
func TestRate(t *testing.T) {
	inBubble(t, func(r *rig) {
		var reports []Report
		for i := range 1000 {
			o := says(normal("Synced", "a"))
			o.Ingress = id("shop-" + time.Duration(i).String())
			reports = append(reports, o)
		}
		r.Update("uid-main", slices.Values(reports))
		r.runs(11 * time.Second)
		if n := len(r.calls); n < burst+90 || n > burst+110 {
			t.Errorf("%d in ten seconds", n)
		}
		r.runs(5 * time.Minute)
		if n := len(r.calls); n != 1000 {
			t.Errorf("%d in the end", n)
		}
	})
}
