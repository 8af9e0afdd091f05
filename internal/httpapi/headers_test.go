package httpapi

import (
	"io"
	"net/http"
	"testing"
	"time"
)

// TestRetryAfterByAnotherClock has a provider name the time of the next call while its
// clock and this machine's disagree: its own date says how long that is.
func TestRetryAfterByAnotherClock(t *testing.T) {
	const date, next = "Mon, 27 Jul 2026 12:00:00 GMT", "Mon, 27 Jul 2026 12:01:30 GMT"
	theirs := time.Date(2026, 7, 27, 12, 0, 0, 0, time.UTC)
	for name, ours := range map[string]time.Time{
		"this machine's is right": theirs, "an hour behind": theirs.Add(-time.Hour), "an hour before": theirs.Add(time.Hour),
	} {
		if got := retryAfter(http.Header{"Retry-After": {next}, "Date": {date}}, ours); got != 90*time.Second {
			t.Errorf("%s: got %v, want 1m30s", name, got)
		}
	}
	if got := retryAfter(http.Header{"Retry-After": {next}, "Date": {"soon"}}, theirs); got != 90*time.Second {
		t.Errorf("a date that is none: got %v", got)
	}
}

// TestRefusalByAnotherClock: a signature with a time in it is refused where this
// machine's clock is wrong, and the refusal says so.
func TestRefusalByAnotherClock(t *testing.T) {
	const hint = "; the provider's clock says otherwise than this machine's, by "
	for _, tc := range []struct {
		name   string
		status int
		off    time.Duration // their clock, from ours
		want   string        // what follows the usual text
	}{
		{"both agree", 401, 0, ""},
		{"a little off", 401, 50 * time.Second, ""},
		{"this machine's is behind", 401, time.Hour, hint + "1h0m: set this one forward if it is wrong"},
		{"this machine's is before", 403, -10 * time.Minute, hint + "10m: set this one back if it is wrong"},
		{"bad request", 400, time.Hour, hint + "1h0m: set this one forward if it is wrong"},
		{"it has nothing to do with it", 404, time.Hour, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(tc.off).UTC().Format(http.TimeFormat))
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, `{"error":"no"}`)
			})
			_, err := get(t.Context(), New(Options{}), server.URL+"/x")
			want := (&Error{Method: "GET", Path: "/x", Status: tc.status, Message: "no"}).Error() + tc.want
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 7, 27, 12, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name, header string
		want         time.Duration
	}{
		{"absent", "", 0},
		{"seconds", "17", 17 * time.Second},
		{"no seconds", "0", 0},
		{"negative", "-5", 0},
		{"at the cap", "300", 5 * time.Minute},
		{"above the cap", "301", 5 * time.Minute},
		{"so many that they overflow a duration", "9223372036854775807", 5 * time.Minute},
		{"a date", "Mon, 27 Jul 2026 12:01:30 GMT", 90 * time.Second},
		{"a date in the oldest form", "Mon Jul 27 12:00:02 2026", 2 * time.Second},
		{"a date beyond the cap", "Tue, 28 Jul 2026 12:00:00 GMT", 5 * time.Minute},
		{"a date that is past", "Mon, 27 Jul 2026 11:59:59 GMT", 0},
		{"garbage", "soon", 0},
		{"a fraction", "1.5", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := retryAfter(http.Header{"Retry-After": {tc.header}}, now); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
	if got := retryAfter(nil, now); got != 0 {
		t.Errorf("got %v without any header", got)
	}
}
