package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of every signed call.
const (
	headerPrincipal = "X-LLNW-Security-Principal" // user name
	headerTimestamp = "X-LLNW-Security-Timestamp" // Unix time in milliseconds
	headerToken     = "X-LLNW-Security-Token"     // lower-case hexadecimal HMAC-SHA256
)

// maxSkew is how far a timestamp may be from the server's clock. The
// documentation has "X seconds (usually 300)" for the past; the same for the
// future is a guess.
const maxSkew = 300 * time.Second

// Error codes of 401 and 403 replies, from the SmartPurge API's documentation.
const (
	codeTimestamp      = 1010 // invalid timestamp
	codeAuthentication = 1024 // authentication failed
	codeAuthorization  = 1025 // authorization failed
	codeToken          = 1026 // invalid token
)

// signature returns the token of a call: HMAC-SHA256, in lower-case
// hexadecimal, of method, URL before "?", query, timestamp and body, one after
// the other. The URL is absolute and the query as it is on the wire. Only the
// first "?" is left out, as in the Go SDK; the Python SDK leaves out all.
func signature(key []byte, method, url, timestamp string, body []byte) string {
	address, query, _ := strings.Cut(url, "?")
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{method, address, query, timestamp} {
		mac.Write([]byte(part))
	}
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// signedURL returns the URL that the client of r has signed: base, or scheme
// and Host header without one, and the request target as it came.
func signedURL(r *http.Request, base string) string {
	switch {
	case !strings.HasPrefix(r.RequestURI, "/"): // absolute form, RFC 9112 §3.2.2
		return r.RequestURI
	case base != "":
		return base + r.RequestURI
	case r.TLS != nil:
		return "https://" + r.Host + r.RequestURI
	default:
		return "http://" + r.Host + r.RequestURI
	}
}

// authenticate is the stage that refuses calls not signed by the account's user
// with 401.
func (e *Edgio) authenticate(next handler) handler {
	unauthorized := func(code int, source, message string) reply {
		fault := edgioError{Message: message, Code: code, Source: source}
		return refusal{http.StatusUnauthorized, []edgioError{fault}}.reply()
	}
	return func(r *request) reply {
		timestamp := r.Header.Get(headerTimestamp)
		millis, err := strconv.ParseInt(timestamp, 10, 64)
		if err != nil {
			return unauthorized(codeTimestamp, headerTimestamp, "not a time in milliseconds")
		}
		if skew := e.options.Now().Sub(time.UnixMilli(millis)).Abs(); skew > maxSkew {
			return unauthorized(codeTimestamp, headerTimestamp, fmt.Sprintf("%v from the server's clock", skew))
		}
		if r.Header.Get(headerPrincipal) != e.options.Username {
			return unauthorized(codeAuthentication, headerPrincipal, "unknown user")
		}
		want := signature(e.sharedKey(), r.Method, signedURL(r.Request, e.options.PublicURL), timestamp, r.body)
		if !hmac.Equal([]byte(want), []byte(r.Header.Get(headerToken))) {
			return unauthorized(codeToken, headerToken, "the signature does not fit the call")
		}
		return next(r)
	}
}

// ownAccount refuses with 403 a call whose path names another account.
func (e *Edgio) ownAccount(next handler) handler {
	return func(r *request) reply {
		if name := r.PathValue("shortname"); name != e.options.Shortname {
			return foreignAccount(name).reply()
		}
		return next(r)
	}
}

// foreignAccount refuses what is for the account called shortname.
func foreignAccount(shortname string) refusal {
	return refusal{http.StatusForbidden, []edgioError{{
		Message: fmt.Sprintf("no rights to the account %q", shortname),
		Code:    codeAuthorization,
		Source:  "shortname",
	}}}
}
