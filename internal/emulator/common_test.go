package emulator

import (
	"encoding/hex"
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
	testAPIKey    = "VULTR-KEY"
	testZone      = "example.com"
)

func testNow() time.Time { return time.UnixMilli(testMillis) }

// newTestEdgio returns an account at testNow with the vectors' key.
func newTestEdgio(options EdgioOptions) *Edgio {
	options.Username, options.SharedKey, options.Shortname = testUser, testKey, testShortname
	if options.Now == nil {
		options.Now = testNow
	}
	return NewEdgio(options)
}

func newTestVultr(options VultrOptions) *Vultr {
	options.Key, options.Domains = testAPIKey, append(options.Domains, testZone)
	if options.Now == nil {
		options.Now = testNow
	}
	return NewVultr(options)
}

// callEdgio makes a signed call; path is what follows /config-api/v1/.
func callEdgio(e *Edgio, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/config-api/v1/"+path, strings.NewReader(body))
	key, err := hex.DecodeString(e.options.SharedKey)
	must(err)
	timestamp := strconv.FormatInt(e.options.Now().UnixMilli(), 10)
	r.Header.Set(headerPrincipal, testUser)
	r.Header.Set(headerTimestamp, timestamp)
	r.Header.Set(headerToken, signature(key, method, signedURL(r, ""), timestamp, []byte(body)))
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w
}

// callVultr makes an authorized call; path is what follows /v2/.
func callVultr(v *Vultr, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/v2/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+testAPIKey)
	w := httptest.NewRecorder()
	v.ServeHTTP(w, r)
	return w
}

// wantStatus ends the test if a reply has another status.
func wantStatus(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d; body %s", w.Code, status, w.Body)
	}
}

// decode reads the body of a reply of status 200 or 201.
func decode[T any](t *testing.T, w *httptest.ResponseRecorder) T {
	t.Helper()
	if w.Code != http.StatusCreated {
		wantStatus(t, w, http.StatusOK)
	}
	var v T
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}
