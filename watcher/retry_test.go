package watcher

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
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

func TestClassify(t *testing.T) {
	resource := schema.GroupResource{Resource: "nodes"}
	status := func(code int32, reason metav1.StatusReason, message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Code: code, Reason: reason, Message: message}}
	}
	type outline struct { // a failure without its wording
		Reason    string
		Level     slog.Level
		Slow      bool
		Suggested time.Duration
	}
	tests := map[string]struct {
		err      error
		want     outline
		snapshot bool // is due on the first failure
	}{
		"clean close":         {errClosed, outline{Reason: "closed", Level: slog.LevelDebug}, false},
		"own deadline":        {fmt.Errorf("list: %w", errSilent), outline{Reason: "timeout", Level: slog.LevelWarn}, false},
		"410 Expired":         {apierrors.NewResourceExpired("too old"), outline{Reason: "expired", Level: slog.LevelInfo}, true},
		"410 Gone":            {status(410, metav1.StatusReasonGone, ""), outline{Reason: "expired", Level: slog.LevelInfo}, true},
		"410 on a page":       {fmt.Errorf("list: %w", apierrors.NewResourceExpired("token")), outline{Reason: "expired", Level: slog.LevelInfo}, true},
		"too large, new form": {fmt.Errorf("x: %w", tooLarge()), outline{Reason: "expired", Level: slog.LevelInfo, Suggested: time.Second}, true},
		"too large, old form": {status(504, metav1.StatusReasonTimeout, "Too large resource version: 5, current: 4"), outline{Reason: "expired", Level: slog.LevelInfo}, true},
		"another 504":         {status(504, metav1.StatusReasonTimeout, "timeout"), outline{Reason: "error", Level: slog.LevelWarn}, false},
		"401":                 {fmt.Errorf("list: %w", apierrors.NewUnauthorized("expired token")), outline{Reason: "unauthorized", Level: slog.LevelError, Slow: true}, false},
		"403":                 {apierrors.NewForbidden(resource, "", errors.New("RBAC")), outline{Reason: "forbidden", Level: slog.LevelError, Slow: true}, false},
		"429":                 {apierrors.NewTooManyRequests("busy", 7), outline{Reason: "throttled", Level: slog.LevelWarn, Suggested: 7 * time.Second}, false},
		"429 without a delay": {status(429, metav1.StatusReasonTooManyRequests, ""), outline{Reason: "throttled", Level: slog.LevelWarn}, false},
		"503 with a delay":    {apierrors.NewServerTimeout(resource, "list", 3), outline{Reason: "error", Level: slog.LevelWarn, Suggested: 3 * time.Second}, false},
		"another cluster":     {fmt.Errorf("x: %w", &ForeignClusterError{Was: "a", Is: "b"}), outline{Reason: "error", Level: slog.LevelError, Slow: true}, false},
		"anything":            {errors.New("connection refused"), outline{Reason: "error", Level: slog.LevelWarn}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := classify(test.err)
			got := outline{f.reason, f.level, f.slow, f.suggested}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("failure (-want +got):\n%s", diff)
			}
			if got := f.needsSnapshot(1); got != test.snapshot {
				t.Errorf("a snapshot is due at the first failure: %t", got)
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

func TestNeedsSnapshot(t *testing.T) {
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
				if (failure{reason: reason}).needsSnapshot(n) {
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
	quick, slow := failure{reason: reasonError}, failure{reason: reasonForbidden, slow: true}
	suggests := func(d time.Duration) failure { return failure{reason: reasonThrottled, suggested: d} }
	tests := map[string]struct {
		failures []failure
		want     time.Duration // after the last of them
	}{
		"first":                        {[]failure{quick}, 200 * ms},
		"doubles":                      {slices.Repeat([]failure{quick}, 4), 1600 * ms},
		"whatever the reason":          {[]failure{quick, suggests(0), quick, suggests(0)}, 1600 * ms},
		"capped":                       {slices.Repeat([]failure{quick}, 7), 8 * time.Second},
		"no overflow":                  {slices.Repeat([]failure{quick}, 1000), 8 * time.Second},
		"slow, first":                  {[]failure{slow}, 3750 * ms},
		"slow, doubles":                {[]failure{slow, slow}, 7500 * ms},
		"slow, first after an outage":  {[]failure{quick, quick, quick, slow}, 3750 * ms},
		"slow, capped":                 {slices.Repeat([]failure{slow}, 100), 30 * time.Second},
		"suggested":                    {[]failure{suggests(20 * time.Second)}, 20 * time.Second},
		"suggested, less than our own": {slices.Repeat([]failure{suggests(time.Second)}, 100), 8 * time.Second},
		"suggested, absurd":            {[]failure{suggests(time.Hour)}, time.Minute},
		"suggested, negative":          {[]failure{suggests(-time.Hour)}, 200 * ms},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var s streak
			var got time.Duration
			for _, f := range test.failures {
				got = s.add(f, DefaultTimings())
			}
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

// TestRefusals: what may be forbidden for a moment is asked for again soon, for the better
// part of a minute.
func TestRefusals(t *testing.T) {
	var r refusals
	var total time.Duration
	for i, want := range []time.Duration{200, 400, 800, 1600, 3200, 6400, 8000, 8000, 8000, 30000, 30000} {
		got := r.add(DefaultTimings())
		if got != want*time.Millisecond {
			t.Errorf("after refusal %d: %v, want %v", i+1, got, want*time.Millisecond)
		}
		if got < DefaultTimings().SlowRetry {
			total += got
		}
	}
	if total < 30*time.Second || total > time.Minute {
		t.Errorf("asked again soon for %v", total)
	}
}

func TestLevel(t *testing.T) {
	// The failures, one letter each, and at which of them it is logged at
	// warning or above.
	reasons := map[rune]failure{
		'u': classify(apierrors.NewUnauthorized("")), 'e': classify(errors.New("x")), 'c': classify(errClosed), 'x': classify(apierrors.NewResourceExpired("")),
	}
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
				f := reasons[failure]
				s.add(f, DefaultTimings())
				if s.level(f) >= slog.LevelWarn {
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
