package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Error is a reply by which a provider refused a call.
type Error struct {
	Method     string
	Path       string // of the URL, without the query
	Status     int
	Message    string        // the provider's own words, shortened and printable
	RetryAfter time.Duration // 0: the provider did not say
	// Clock is how far the provider's clock is before this machine's (negative: behind),
	// where that may be why: signatures have a time in them. 0: both agree.
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

// ErrNotKept is wrapped by the error for a change that the provider accepted
// and did not carry out as asked.
var ErrNotKept = errors.New("the provider keeps something else than was sent")

// ErrForeign is wrapped by the error for an object that turned out not to be
// ours when it was read before a change.
var ErrForeign = errors.New("it is not ours any more")

// ErrUnsupported is wrapped by the error for a change that the provider has no
// way to make. Nothing was changed.
var ErrUnsupported = errors.New("the provider cannot do that")

// ErrTaken is wrapped by the error for an object that the provider refused to make
// beside another one of ours, for which it has room alone.
var ErrTaken = errors.New("there is no room for it beside what stands there")

// IsNotFound reports whether err is a reply of status 404 or 410.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusGone)
}

// unsent is the error of a call of which nothing was sent.
type unsent struct{ error }

func (u unsent) Unwrap() error { return u.error }

// Unsent marks the error of a call that was not sent, for clients of no HTTP API.
func Unsent(err error) error { return unsent{err} }

// NotSent reports whether a failed call certainly had no effect: no connection
// to the provider came about, it was turned away at the door by the rate limit
// or the authentication, or it was not made as there is no such call
// (ErrUnsupported). After any other failure it has to be looked up.
func NotSent(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.Status == http.StatusTooManyRequests || e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden
	}
	return errors.As(err, new(unsent)) || errors.Is(err, ErrUnsupported)
}

// Permanent reports whether repeating the call can hardly help: the provider
// understood it and refused.
func Permanent(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return e.Status >= 400 && e.Status < 500 && e.Status != http.StatusTooManyRequests && e.Status != http.StatusRequestTimeout
	}
	return errors.Is(err, ErrNotKept) || errors.Is(err, ErrForeign) || errors.Is(err, ErrUnsupported)
}

// failure returns the error that a reply means, or nil for a 2xx.
func failure(req *http.Request, resp *http.Response, body []byte, secrets []string) error {
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	now := time.Now()
	e := &Error{
		Method: req.Method, Path: req.URL.Path, Status: resp.StatusCode,
		Message: message(body, secrets...), RetryAfter: retryAfter(resp.Header, now),
	}
	switch off := sent(resp.Header, now).Sub(now); resp.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		if off.Abs() >= time.Minute {
			e.Clock = off
		}
	}
	return e
}

// sent is when a reply was sent by its sender's clock; now where it does not say.
func sent(h http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return date
	}
	return now
}

// maxMessage bounds a message, in bytes.
const maxMessage = 200

// fault is what Edgio says of one (a guess). The sentence that helps may
// be in either text.
type fault struct {
	Source      string `json:"source"` // the field at fault
	Message     string `json:"message"`
	Description string `json:"description"`
}

// String is all that the fault says, without what is said again by another part.
func (f fault) String() string {
	var parts []string
	for _, part := range []string{f.Source, f.Message, f.Description} {
		part = strings.TrimSpace(part)
		holds := func(whole string) bool { return strings.Contains(strings.ToLower(whole), strings.ToLower(part)) }
		if slices.ContainsFunc(parts, holds) {
			continue
		}
		parts = slices.DeleteFunc(parts, func(said string) bool {
			return strings.Contains(strings.ToLower(part), strings.ToLower(said))
		})
		parts = append(parts, part)
	}
	return strings.Join(parts, ": ")
}

// message finds the words in an error's body: Vultr's {"error": …}, Edgio's
// {"errors": [fault]} or a fault alone, or the text itself. The secrets are taken
// out of them.
func message(body []byte, secrets ...string) string {
	var known struct {
		Error  string  `json:"error"`
		Errors []fault `json:"errors"`
		fault
	}
	text := string(body)
	switch err := json.Unmarshal(body, &known); {
	case err != nil && strings.HasPrefix(strings.TrimSpace(text), "<"):
		text = "an HTML page"
	case err != nil:
	case known.Error != "":
		text = known.Error
	case len(known.Errors) > 0 && known.Errors[0].String() != "":
		text = known.Errors[0].String()
	case known.fault.String() != "":
		text = known.fault.String()
	}
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return strings.TrimSpace(text)
}

// retryAfter reads the header Retry-After, in seconds or as a date (RFC 9110), which
// counts from the reply's own date, capped; 0 where there is none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(v); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 1<<20))*time.Second, maxRetryAfter)
	}
	if date, err := http.ParseTime(v); err == nil {
		return min(max(0, date.Sub(sent(h, now))), maxRetryAfter)
	}
	return 0
}

type recorderKey struct{}

// Recorder keeps how the last call made under its context failed. A client
// library may reduce that to a text; here it stays an *Error.
type Recorder struct{ failure error }

// Record returns a context whose calls are recorded.
func Record(ctx context.Context) (context.Context, *Recorder) {
	r := new(Recorder)
	return context.WithValue(ctx, recorderKey{}, r), r
}

// Error returns the recorded failure in place of err, if there was one.
func (r *Recorder) Error(err error) error {
	if r.failure != nil {
		return r.failure
	}
	return err
}
