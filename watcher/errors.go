package watcher

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Why a watch ended or a list failed: the reasons Metrics.Restarts is given.
const (
	reasonClosed       = "closed"       // a clean end by the server
	reasonExpired      = "expired"      // the version cannot be watched from, or the list not be continued
	reasonTimeout      = "timeout"      // our own deadline
	reasonUnauthorized = "unauthorized" // 401
	reasonForbidden    = "forbidden"    // 403
	reasonThrottled    = "throttled"    // 429
	reasonError        = "error"        // all else
)

var (
	errClosed = errors.New("the API server closed the watch")
	errSilent = errors.New("the API server did not answer in time")
)

// ForeignClusterError says that the client no longer leads to the cluster it
// led to before.
type ForeignClusterError struct {
	Was, Is string // UIDs of the namespace kube-system
}

func (e *ForeignClusterError) Error() string {
	return fmt.Sprintf("another cluster answers: its namespace kube-system has the UID %s, before it was %s; "+
		"nothing is taken over from it: point the kubeconfig back, or restart edgeward if the change is meant", e.Is, e.Was)
}

// wentBackError says that what was seen is yet to come for the API server.
type wentBackError struct{ was, is string }

func (e *wentBackError) Error() string {
	return fmt.Sprintf("the API server has gone back from version %s to %s: was etcd restored from a backup? What there is now is listed anew", e.was, e.is)
}

// A verdict is what the end of a list or a watch calls for.
type verdict struct {
	reason    string
	level     slog.Level    // how loud it is told
	advice    string        // what a person can do; "" if nothing
	slow      bool          // only a person can mend it: Timings.SlowRetry
	suggested time.Duration // the server asked to wait this long; 0 if it did not
}

// judge tells the ends of a list or a watch apart (errClosed for a clean one).
func judge(err error) verdict {
	var foreign *ForeignClusterError
	v := verdict{reason: reasonError, level: slog.LevelWarn}
	switch {
	case errors.Is(err, errClosed):
		v.reason, v.level = reasonClosed, slog.LevelDebug
	case errors.Is(err, errSilent), errors.As(err, new(*HangingPluginError)):
		v.reason = reasonTimeout
	case errors.As(err, &foreign):
		v.level, v.slow = slog.LevelError, true
	case errors.As(err, new(*wentBackError)):
		v.reason = reasonExpired
	case isExpired(err), isTooLargeVersion(err):
		v.reason, v.level = reasonExpired, slog.LevelInfo
	case apierrors.IsUnauthorized(err):
		v.reason, v.level, v.slow = reasonUnauthorized, slog.LevelError, true
		v.advice = "renew the token or certificate in the kubeconfig; it is read again at each try"
	case apierrors.IsForbidden(err):
		v.reason, v.level, v.slow = reasonForbidden, slog.LevelError, true
		v.advice = "let the kubeconfig's user get, list and watch this (RBAC)"
	case apierrors.IsTooManyRequests(err):
		v.reason = reasonThrottled
	}
	if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
		v.suggested = time.Duration(seconds) * time.Second
	}
	return v
}

// failuresBeforeSnapshot is how many failures in a row a version survives.
const failuresBeforeSnapshot = 5

// renews reports whether a new snapshot is due after the nth failure in a row:
// at once if the version is of no use any more; from time to time after what
// might come from the version, or from something on the way that breaks
// watches but lets lists through; never where a list would not fare better.
func (v verdict) renews(n int) bool {
	switch v.reason {
	case reasonExpired:
		return true
	case reasonThrottled, reasonUnauthorized, reasonForbidden:
		return false
	}
	return n%failuresBeforeSnapshot == 0
}

// isExpired: 410, as the HTTP status or in the stream.
func isExpired(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
}

// isTooLargeVersion: 504 from a server that has not come as far as the version
// yet, because it lags behind its peers or was restored from a backup. Servers
// before 1.18.6 say so in the message only (client-go, reflector.go).
func isTooLargeVersion(err error) bool {
	if apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		return true
	}
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code == http.StatusGatewayTimeout &&
		strings.Contains(status.Status().Message, "Too large resource version")
}

// A streak counts failures in a row, where no event and no long-lived watch
// came in between.
type streak struct {
	n      int    // failures
	reason string // of the latest
	same   int    // how many of the latest have this reason
	told   bool   // one of them was told at warning or above
}

// next is the streak with one more failure.
func (s streak) next(reason string) streak {
	if s.reason != reason {
		s.same = 0
	}
	return streak{n: s.n + 1, reason: reason, same: s.same + 1, told: s.told}
}

// loudness is the level at which the latest failure is told: the verdict's at
// each change of reason and then at growing intervals, else debug. Closes
// count as trouble only when several have followed each other.
func (s streak) loudness(v verdict) slog.Level {
	level := v.level
	if v.reason == reasonClosed && s.same >= 4 {
		level = slog.LevelWarn
	}
	if s.same&(s.same-1) != 0 && s.same%64 != 0 {
		return slog.LevelDebug
	}
	return level
}
