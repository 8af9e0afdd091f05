package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error is a reply by which a provider refused a call.
type Error struct {
	Method     string
	Path       string // of the URL, without the query
	Status     int
	Message    string        // the provider's own words, shortened and printable
	RetryAfter time.Duration // 0: the provider did not say
	// Clock is how far the provider's clock is ahead of this machine's (negative:
	// behind), where that may be why: signatures have a time in them. 0: both agree.
	Clock time.Duration
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s %s: %d %s", e.Method, e.Path, e.Status, http.StatusText(e.Status))
	if e.Message != "" {
		s += ": " + e.Message
	}
	if e.Clock != 0 {
		by, direction := e.Clock, "forward"
		if by < 0 {
			by, direction = -by, "back"
		}
		s += fmt.Sprintf("; the provider's clock says otherwise than this machine's, by %s: set this one %s if it is wrong",
			strings.TrimSuffix(by.Round(time.Minute).String(), "0s"), direction)
	}
	return s
}

// What a provider's package reports beside an Error. Its errors wrap one of these.
var (
	// ErrNotKept: the provider accepted a change and did not carry it out as asked.
	ErrNotKept = errors.New("the provider keeps something else than was sent")
	// ErrForeign: an object turned out not to be ours when it was read before a change.
	ErrForeign = errors.New("it is not ours any more")
	// ErrUnsupported: the provider has no way to make the change. Nothing was changed.
	ErrUnsupported = errors.New("the provider cannot do that")
	// ErrTaken: the provider refused to make an object beside another one of ours, for
	// which it has room alone.
	ErrTaken = errors.New("there is no room for it beside what stands there")
)

// unsent is the error of a call of which nothing was sent.
type unsent struct{ error }

func (u unsent) Unwrap() error { return u.error }

// Unsent marks the error of a call that was not sent, for clients of no HTTP API.
func Unsent(err error) error { return unsent{err} }

// IsNotFound reports whether err is a reply of status 404 or 410.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusGone)
}

// NotSent reports whether a failed call certainly had no effect: no connection to the
// provider came about, the rate limit or the authentication turned it away, or it was not
// made as there is no such call (ErrUnsupported). After any other failure one has to look.
func NotSent(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.Status == http.StatusTooManyRequests || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
	}
	return errors.As(err, new(unsent)) || errors.Is(err, ErrUnsupported)
}

// Permanent reports whether repeating the call can hardly help: the provider understood
// it and refused.
func Permanent(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.Status >= 400 && e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout
	}
	return errors.Is(err, ErrNotKept) || errors.Is(err, ErrForeign) || errors.Is(err, ErrUnsupported)
}
