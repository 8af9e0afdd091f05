package httpapi

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

func TestWhatAnErrorMeans(t *testing.T) {
	status := func(status int) error { return fmt.Errorf("creating: %w", &Error{Status: status}) }
	for _, tc := range []struct {
		name                         string
		err                          error
		notFound, notSent, permanent bool
	}{
		{name: "none"},
		{name: "another error", err: errors.New("EOF")},
		{name: "nothing was sent", err: fmt.Errorf("creating: %w", unsent{context.Canceled}), notSent: true},
		{name: "302", err: status(302)},
		{name: "400", err: status(400), permanent: true},
		{name: "401", err: status(401), notSent: true, permanent: true},
		{name: "403", err: status(403), notSent: true, permanent: true},
		{name: "404", err: status(404), notFound: true, permanent: true},
		{name: "408", err: status(408)},
		{name: "409", err: status(409), permanent: true},
		{name: "410", err: status(410), notFound: true, permanent: true},
		{name: "422", err: status(422), permanent: true},
		{name: "429", err: status(429), notSent: true},
		{name: "500", err: status(500)},
		{name: "503", err: status(503)},
		{name: "504", err: status(504)},
		{name: "not kept", err: fmt.Errorf("creating: %w", ErrNotKept), permanent: true},
		{name: "foreign", err: fmt.Errorf("updating: %w", ErrForeign), permanent: true},
		{name: "unsupported", err: fmt.Errorf("updating: %w", ErrUnsupported), permanent: true, notSent: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := IsNotFound(tc.err); got != tc.notFound {
				t.Errorf("IsNotFound: %v", got)
			}
			if got := NotSent(tc.err); got != tc.notSent {
				t.Errorf("NotSent: %v", got)
			}
			if got := Permanent(tc.err); got != tc.permanent {
				t.Errorf("Permanent: %v", got)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	for _, tc := range []struct {
		err  Error
		want string
	}{
		{Error{Method: "GET", Path: "/v2/domains", Status: 401, Message: "Invalid API token."}, "GET /v2/domains: 401 Unauthorized: Invalid API token."},
		{Error{Method: "PUT", Path: "/a", Status: 502}, "PUT /a: 502 Bad Gateway"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
