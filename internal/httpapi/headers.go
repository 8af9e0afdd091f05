package httpapi

import (
	"net/http"
	"strconv"
	"time"
)

// maxRetryAfter caps what a provider may ask for.
const maxRetryAfter = 5 * time.Minute

// retryAfter reads the header Retry-After, in seconds or as a date (RFC 9110), which
// counts from the reply's own date, capped; 0 where there is none.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(v); err == nil && seconds > 0 {
		return min(time.Duration(min(seconds, 1<<20))*time.Second, maxRetryAfter)
	}
	if date, err := http.ParseTime(v); err == nil {
		return min(max(0, date.Sub(sentAt(h, now))), maxRetryAfter)
	}
	return 0
}

// clockError is how far the clock of a reply's sender is ahead of this machine's, where
// that may be why the call was refused; else 0.
func clockError(resp *http.Response, now time.Time) time.Duration {
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden:
		if off := sentAt(resp.Header, now).Sub(now); off.Abs() >= time.Minute {
			return off
		}
	}
	return 0
}

// sentAt is when a reply was sent by its sender's clock; now where it does not say.
func sentAt(h http.Header, now time.Time) time.Time {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		return date
	}
	return now
}
