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

// ForeignClusterError says that the client no longer leads to the cluster it led to
// before.
type ForeignClusterError struct {
	Was, Is string // UIDs of the namespace kube-system
}

func (e *ForeignClusterError) Error() string {
	return fmt.Sprintf("another cluster answers: its namespace kube-system has the UID %s, before it was %s; "+
		"nothing is taken over from it: point the kubeconfig back, or restart edgeward if the change is meant", e.Is, e.Was)
}

// rollbackError says that the API server has lost versions that it had served.
type rollbackError struct{ was, is string }

func (e *rollbackError) Error() string {
	return fmt.Sprintf("the API server has gone back from version %s to %s: was etcd restored from a backup? What there is now is listed anew", e.was, e.is)
}

// A failure is the end of a list or a watch, and what it calls for.
type failure struct {
	reason    string
	level     slog.Level    // to log it at
	advice    string        // what a person can do; "" if nothing
	slow      bool          // only a person can mend it: Timings.SlowRetry
	suggested time.Duration // the server asked to wait this long; 0 if it did not
}

// classify tells the ends of a list or a watch apart (errClosed for a clean one).
func classify(err error) failure {
	var foreign *ForeignClusterError
	f := failure{reason: reasonError, level: slog.LevelWarn}
	switch {
	case errors.Is(err, errClosed):
		f.reason, f.level = reasonClosed, slog.LevelDebug
	case errors.Is(err, errSilent), errors.As(err, new(*HangingPluginError)):
		f.reason = reasonTimeout
	case errors.As(err, &foreign):
		f.level, f.slow = slog.LevelError, true
	case errors.As(err, new(*rollbackError)):
		f.reason = reasonExpired
	case isExpired(err), isTooLargeVersion(err):
		f.reason, f.level = reasonExpired, slog.LevelInfo
	case apierrors.IsUnauthorized(err):
		f.reason, f.level, f.slow = reasonUnauthorized, slog.LevelError, true
		f.advice = "renew the token or certificate in the kubeconfig; it is read again at each try"
	case apierrors.IsForbidden(err):
		f.reason, f.level, f.slow = reasonForbidden, slog.LevelError, true
		f.advice = "let the kubeconfig's user get, list and watch this (RBAC)"
	case apierrors.IsTooManyRequests(err):
		f.reason = reasonThrottled
	}
	if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
		f.suggested = time.Duration(seconds) * time.Second
	}
	return f
}

// failuresBeforeSnapshot is how many failures in a row a version survives.
const failuresBeforeSnapshot = 5

// needsSnapshot reports whether a new snapshot is due after the nth failure in a row: at
// once if the version is of no use any more; from time to time after what might come from
// the version, or from something on the way that breaks watches but lets lists through;
// never where a list would not fare better.
func (f failure) needsSnapshot(n int) bool {
	switch f.reason {
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

// isTooLargeVersion: 504 from a server that has not come as far as the version yet,
// because it lags behind its peers or was restored from a backup. Servers before 1.18.6
// say so in the message only (client-go, reflector.go).
func isTooLargeVersion(err error) bool {
	if apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge) {
		return true
	}
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code == http.StatusGatewayTimeout &&
		strings.Contains(status.Status().Message, "Too large resource version")
}
