package watcher

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edgeward/edgeward/internal/kube"
)

func TestJudge(t *testing.T) {
	resource := schema.GroupResource{Resource: "nodes"}
	status := func(code int32, reason metav1.StatusReason, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Reason: reason, Message: message}}
	}
	type verdictLess struct { // a verdict without its wording
		Reason    string
		Level     slog.Level
		Slow      bool
		Suggested time.Duration
	}
	tests := map[string]struct {
		err    error
		want   verdictLess
		renews bool // on the first failure
	}{
		"clean close":         {errClosed, verdictLess{Reason: "closed", Level: slog.LevelDebug}, false},
		"own deadline":        {fmt.Errorf("list: %w", errSilent), verdictLess{Reason: "timeout", Level: slog.LevelWarn}, false},
		"410 Expired":         {apierrors.NewResourceExpired("too old"), verdictLess{Reason: "expired", Level: slog.LevelInfo}, true},
		"410 Gone":            {status(410, metav1.StatusReasonGone, ""), verdictLess{Reason: "expired", Level: slog.LevelInfo}, true},
		"410 on a page":       {fmt.Errorf("list: %w", apierrors.NewResourceExpired("token")), verdictLess{Reason: "expired", Level: slog.LevelInfo}, true},
		"too large, new form": {fmt.Errorf("x: %w", tooLarge()), verdictLess{Reason: "expired", Level: slog.LevelInfo, Suggested: time.Second}, true},
		"too large, old form": {status(504, metav1.StatusReasonTimeout, "Too large resource version: 5, current: 4"), verdictLess{Reason: "expired", Level: slog.LevelInfo}, true},
		"another 504":         {status(504, metav1.StatusReasonTimeout, "timeout"), verdictLess{Reason: "error", Level: slog.LevelWarn}, false},
		"401":                 {fmt.Errorf("list: %w", apierrors.NewUnauthorized("expired token")), verdictLess{Reason: "unauthorized", Level: slog.LevelError, Slow: true}, false},
		"403":                 {apierrors.NewForbidden(resource, "", errors.New("RBAC")), verdictLess{Reason: "forbidden", Level: slog.LevelError, Slow: true}, false},
		"429":                 {apierrors.NewTooManyRequests("busy", 7), verdictLess{Reason: "throttled", Level: slog.LevelWarn, Suggested: 7 * time.Second}, false},
		"429 without a delay": {status(429, metav1.StatusReasonTooManyRequests, ""), verdictLess{Reason: "throttled", Level: slog.LevelWarn}, false},
		"503 with a delay":    {apierrors.NewServerTimeout(resource, "list", 3), verdictLess{Reason: "error", Level: slog.LevelWarn, Suggested: 3 * time.Second}, false},
		"another cluster":     {fmt.Errorf("x: %w", &ForeignClusterError{Was: "a", Is: "b"}), verdictLess{Reason: "error", Level: slog.LevelError, Slow: true}, false},
		"anything":            {errors.New("connection refused"), verdictLess{Reason: "error", Level: slog.LevelWarn}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v := judge(test.err)
			got := verdictLess{v.reason, v.level, v.slow, v.suggested}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if got := v.renews(1); got != test.renews {
				t.Errorf("renews at the first failure: %t", got)
			}
		})
	}
}

// tooLarge is built as the API server does (apiserver, storage/errors.go).
func tooLarge() error {
	err := apierrors.NewTimeoutError("Too large resource version", 1)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: metav1.CauseTypeResourceVersionTooLarge}}
	err.ErrStatus.Message = "reworded"
	return err
}

func TestRenews(t *testing.T) {
	tests := map[string][]int{ // of the first twelve failures, after which a snapshot is due
		reasonClosed:       {5, 10},
		reasonTimeout:      {5, 10},
		reasonError:        {5, 10},
		reasonExpired:      {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
		reasonThrottled:    nil,
		reasonUnauthorized: nil,
		reasonForbidden:    nil,
	}
	for reason, want := range tests {
		t.Run(reason, func(t *testing.T) {
			var got []int
			for n := 1; n <= 12; n++ {
				if (verdict{reason: reason}).renews(n) {
					got = append(got, n)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPause(t *testing.T) {
	const ms = time.Millisecond
	tests := map[string]struct {
		v    verdict
		n    int
		want time.Duration
	}{
		"first":                        {verdict{}, 1, 200 * ms},
		"doubles":                      {verdict{}, 4, 1600 * ms},
		"capped":                       {verdict{}, 7, 8 * time.Second},
		"no overflow":                  {verdict{}, 1 << 40, 8 * time.Second},
		"slow, first":                  {verdict{slow: true}, 1, 3750 * ms},
		"slow, capped":                 {verdict{slow: true}, 100, 30 * time.Second},
		"suggested":                    {verdict{suggested: 20 * time.Second}, 1, 20 * time.Second},
		"suggested, less than our own": {verdict{suggested: time.Second}, 100, 8 * time.Second},
		"suggested, absurd":            {verdict{suggested: time.Hour}, 1, time.Minute},
		"suggested, negative":          {verdict{suggested: -time.Hour}, 1, 200 * ms},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := DefaultTimings().pause(test.v, test.n)
			if got != test.want {
				t.Errorf("pause %v, want %v", got, test.want)
			}
			for range 100 {
				if d := jitter(got); d < got || d > got*3/2 {
					t.Fatalf("jitter made %v of %v", d, got)
				}
			}
		})
	}
}

func TestLoudness(t *testing.T) {
	// The failures, one letter each, and at which of them it is told at
	// warning or above.
	reasons := map[rune]verdict{'u': judge(apierrors.NewUnauthorized("")), 'e': judge(errors.New("x")), 'c': judge(errClosed), 'x': judge(apierrors.NewResourceExpired(""))}
	tests := map[string]struct {
		failures string
		loud     []int
	}{
		"growing intervals": {strings.Repeat("u", 130), []int{1, 2, 4, 8, 16, 32, 64, 128}},
		"and never silent":  {strings.Repeat("e", 260)[:200], []int{1, 2, 4, 8, 16, 32, 64, 128, 192}},
		"change of reason":  {"uuueeu", []int{1, 2, 4, 5, 6}},
		"a few closes":      {"ccc", nil},
		"a storm of closes": {"ccccc", []int{4}},
		"410 is routine":    {"xxxx", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var loud []int
			var s streak
			for i, failure := range test.failures {
				v := reasons[failure]
				s = s.next(v.reason)
				if s.loudness(v) >= slog.LevelWarn {
					loud = append(loud, i+1)
				}
			}
			if diff := cmp.Diff(test.loud, loud); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestRetryAfter: the wait that the server asks for is kept, and client-go does
// not retry behind our back.
func TestRetryAfter(t *testing.T) {
	server := newAPIServer(t, []answer{page("10", "")}, []answer{failsPlainly(http.StatusTooManyRequests, "Retry-After", "1"), streamOn()})
	var restarts tally
	stop := start(t, ingressLoop(t, server, func(o *LoopOptions[*kube.Ingress]) {
		o.Metrics.Restarts = func(_, reason string) { restarts.add(reason) }
	}).Run)
	var at []time.Time
	for _, want := range []string{"list", "watch 10", "watch 10"} {
		if got := receive(t, want, server.asked); got != want {
			t.Fatalf("asked %q, want %q", got, want)
		}
		at = append(at, <-server.times)
	}
	stop()
	if waited := at[2].Sub(at[1]); waited < time.Second {
		t.Errorf("asked again after %v", waited)
	}
	if diff := cmp.Diff([]string{"throttled"}, restarts.entries()); diff != "" {
		t.Errorf("restarts (-want +got):\n%s", diff)
	}
}

// TestCloseStorm: a server that closes each watch at once is asked ever more
// seldom, and now and then for a list.
func TestCloseStorm(t *testing.T) {
	server := newAPIServer(t, []answer{page("10", "")}, []answer{stream()})
	stop := start(t, ingressLoop(t, server, func(o *LoopOptions[*kube.Ingress]) {
		o.Timings.RetryMin, o.Timings.RetryMax = 2*time.Millisecond, 32*time.Millisecond
	}).Run)
	var at []time.Time
	for i, want := range []string{"list", "watch 10", "watch 10", "watch 10", "watch 10", "watch 10", "list", "watch 10", "watch 10", "watch 10"} {
		if got := receive(t, strconv.Itoa(i), server.asked); got != want {
			t.Fatalf("asked %q as number %d, want %q", got, i, want)
		}
		at = append(at, <-server.times)
	}
	stop()
	least := (2 + 4 + 8 + 16 + 32 + 0 + 32 + 32) * time.Millisecond // jitter only adds
	if took := at[9].Sub(at[1]); took < least {
		t.Errorf("eight closes within %v, want at least %v", took, least)
	}
}

// TestProgressEndsTheStreak: after an event the back-off begins anew.
func TestProgressEndsTheStreak(t *testing.T) {
	event := func(version string) answer { return stream(bookmark(version)) }
	server := newAPIServer(t, []answer{page("10", "")}, []answer{event("11"), event("12"), event("13"), event("14"), event("15"), event("16"), streamOn()})
	start(t, ingressLoop(t, server, func(o *LoopOptions[*kube.Ingress]) {}).Run)
	for _, want := range []string{"list", "watch 10", "watch 11", "watch 12", "watch 13", "watch 14", "watch 15", "watch 16"} {
		if got := receive(t, want, server.asked); got != want { // the fifth failure would ask for a list
			t.Fatalf("asked %q, want %q", got, want)
		}
	}
}

// TestLoudFailure: what only a person can mend is an error in the log, but not
// at each try, and its end is told.
func TestLoudFailure(t *testing.T) {
	const tries = 20
	watches := make([]answer, 0, tries+1)
	for range tries {
		watches = append(watches, fails(http.StatusForbidden, metav1.StatusReasonForbidden))
	}
	server := newAPIServer(t, []answer{page("10", "")}, append(watches, streamOn(bookmark("11"))))
	var log lockedBuffer
	var events = make(chan string, 10)
	stop := start(t, ingressLoop(t, server, func(o *LoopOptions[*kube.Ingress]) {
		o.Log = slog.New(slog.NewTextHandler(&log, nil))
		o.Metrics.Events = func(_, eventType string) { events <- eventType }
	}).Run)
	if got := receive(t, "bookmark", events); got != "bookmark" {
		t.Fatalf("event %q", got)
	}
	stop()
	text := log.String()
	for what, want := range map[string]int{
		`level=ERROR msg="watch interrupted"`:                    5, // 1, 2, 4, 8, 16
		`advice="let the kubeconfig's user`:                      5,
		`msg="watch works again" resource=ingresses failures=20`: 1,
	} {
		if got := strings.Count(text, what); got != want {
			t.Errorf("%d times %q in the log, want %d:\n%s", got, what, want, text)
		}
	}
}

// TestForbiddenAfterOutage: an API server that starts forbids for a moment; the
// slow pace begins anew there, however long it was out of reach before.
func TestForbiddenAfterOutage(t *testing.T) {
	failure := fails(http.StatusInternalServerError, metav1.StatusReasonInternalError)
	server := newAPIServer(t, []answer{failure, failure, failure, failure, fails(http.StatusForbidden, metav1.StatusReasonForbidden)}, []answer{silent})
	var log lockedBuffer
	restarts := make(chan string, 10)
	stop := start(t, ingressLoop(t, server, func(o *LoopOptions[*kube.Ingress]) {
		o.Timings.SlowRetry = 80 * time.Hour
		o.Log = slog.New(slog.NewJSONHandler(&log, nil))
		o.Metrics.Restarts = func(_, reason string) { restarts <- reason }
	}).Run)
	for receive(t, "403", restarts) != reasonForbidden {
	}
	stop()
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	var last struct {
		Reason  string
		RetryIn time.Duration `json:"retry_in"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if last.Reason != reasonForbidden || last.RetryIn < 10*time.Hour || last.RetryIn > 15*time.Hour {
		t.Errorf("last in the log: %+v", last)
	}
}
