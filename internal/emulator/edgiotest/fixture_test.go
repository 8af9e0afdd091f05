package edgiotest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What the signing vectors were made with.
const (
	testUser      = "cdn-bot@example.com"
	testKey       = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	testMillis    = 1700000000000
	testShortname = "acme"
)

func testNow() time.Time { return time.UnixMilli(testMillis) }

// newTestAccount returns an account at testNow with the vectors' key.
func newTestAccount(options Options) *Account {
	options.Username, options.SharedKey, options.Shortname = testUser, testKey, testShortname
	if options.Now == nil {
		options.Now = testNow
	}
	return NewAccount(options)
}

// request makes a call signed with testKey; path is what follows /config-api/v1/.
func request(a *Account, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, base+path, strings.NewReader(body))
	timestamp := strconv.FormatInt(a.options.Now().UnixMilli(), 10)
	r.Header.Set(headerPrincipal, testUser)
	r.Header.Set(headerTimestamp, timestamp)
	r.Header.Set(headerToken, signature(decodeKey(testKey), method, signedURL(r, ""), timestamp, []byte(body)))
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

// wantStatus ends the test if a reply has another status.
func wantStatus(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d; body %s", w.Code, status, w.Body)
	}
}

// decode reads the body of a reply of status 200.
func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	wantStatus(t, w, http.StatusOK)
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}
