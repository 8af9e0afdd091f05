package edgiotest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/edgeward/edgeward/internal/emulator"
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

// authenticate is the stage that refuses calls not signed by the account's user
// with 401.
func (a *Account) authenticate(next emulator.Handler) emulator.Handler {
	return func(r *emulator.Request) emulator.Reply {
		if refused := a.checkSignature(r); refused != nil {
			return a.reply(refused)
		}
		return next(r)
	}
}

// checkSignature returns why a call is not taken for one of the account's user;
// nil: it is.
func (a *Account) checkSignature(r *emulator.Request) *refusal {
	timestamp := r.Header.Get(headerTimestamp)
	millis, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return unauthorized(codeTimestamp, headerTimestamp, "not a time in milliseconds")
	}
	if skew := a.options.Now().Sub(time.UnixMilli(millis)).Abs(); skew > maxSkew {
		return unauthorized(codeTimestamp, headerTimestamp, fmt.Sprintf("%v from the server's clock", skew))
	}
	if r.Header.Get(headerPrincipal) != a.options.Username {
		return unauthorized(codeAuthentication, headerPrincipal, "unknown user")
	}
	want := signature(*a.key.Load(), r.Method, signedURL(r.Request, a.options.PublicURL), timestamp, r.Body)
	if !hmac.Equal([]byte(want), []byte(r.Header.Get(headerToken))) {
		return unauthorized(codeToken, headerToken, "the signature does not fit the call")
	}
	return nil
}

// ReplaceKey makes the shared key another one, hexadecimal; calls signed with the
// old one are refused from now on.
func (a *Account) ReplaceKey(sharedKey string) {
	key := decodeKey(sharedKey)
	a.key.Store(&key)
}

func decodeKey(sharedKey string) []byte {
	key, err := hex.DecodeString(sharedKey)
	emulator.Must(err)
	return key
}

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

// signedURL returns the URL that the client of r has signed: public, or scheme
// and Host header without one, and the request target as it came.
func signedURL(r *http.Request, public string) string {
	switch {
	case !strings.HasPrefix(r.RequestURI, "/"): // absolute form, RFC 9112 §3.2.2
		return r.RequestURI
	case public != "":
		return public + r.RequestURI
	case r.TLS != nil:
		return "https://" + r.Host + r.RequestURI
	default:
		return "http://" + r.Host + r.RequestURI
	}
}
