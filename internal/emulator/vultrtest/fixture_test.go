package vultrtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	testAPIKey = "VULTR-KEY"
	testZone   = "example.com"
)

func testNow() time.Time { return time.UnixMilli(1700000000000) }

// newTestAccount returns an account with a zone, at testNow.
func newTestAccount(options Options) *Account {
	options.Key, options.Domains = testAPIKey, append(options.Domains, testZone)
	if options.Now == nil {
		options.Now = testNow
	}
	return NewAccount(options)
}

// request makes an authorized call; path is what follows /v2/.
func request(a *Account, method, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, base+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+testAPIKey)
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

// wantJSON compares two JSON texts by value.
func wantJSON(t *testing.T, want string, got []byte) {
	t.Helper()
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%v in %s", err, got)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("JSON differs (-want +got):\n%s", diff)
	}
}
