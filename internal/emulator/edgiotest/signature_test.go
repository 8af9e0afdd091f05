package edgiotest

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	vectorURL  = "https://apis.llnw.com/config-api/v1/svcinst/delivery/78df6c87-b19f-42cb-bee7-263ec58e3950"
	vectorBody = `{"body":{"serviceKey":{"name":"delivery"},"publishedHostname":"www.example.com"},"accounts":[{"shortname":"acme"}]}`
)

// TestSignature checks the vectors, which were computed with the Python SDK's
// own code and with openssl.
func TestSignature(t *testing.T) {
	for _, tc := range []struct {
		name, method, url, body, want string
	}{
		{"GET without query", "GET", vectorURL, "", "dbbb982686ba9d2e88afd5055eaa590c270f766dc934d69fe040b3c72e958713"},
		{"GET with query", "GET",
			"https://apis.llnw.com/config-api/v1/svcinst/delivery/shortname/acme/searchAuto?body.publishedUrlPath=%2Fapp%2F&body.publishedHostname=www.example.com",
			"", "c2e39936a72d0dc0b36b756ad486be74680e5c1cadc1b66254ebb3cceabc9b70"},
		{"POST", "POST", "https://apis.llnw.com/config-api/v1/svcinst/delivery", vectorBody,
			"d464d207954710e0b35036c31d6fc0f882c497af939b2dbd321ea033572dfe8b"},
		{"DELETE with empty body", "DELETE", vectorURL, "", "4410339ae7553f3d521d55271f3a86d73657934b155491d329370c3bf400d8a8"},
		{"DELETE with body null", "DELETE", vectorURL, "null", "b4b17216ec2ee1aaccacb6110d00849426fd1d79edf011725021da7cb545431c"},
		{"GET at a port", "GET", strings.Replace(vectorURL, "https://apis.llnw.com", "http://127.0.0.1:8099", 1), "",
			"5efade9e93478e9870810610440508917ddf463be73470cefbe9d186372f3c45"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := newTestAccount(Options{})
			got := signature(*a.key.Load(), tc.method, tc.url, strconv.Itoa(testMillis), []byte(tc.body))
			if got != tc.want {
				t.Errorf("signature %s, want %s", got, tc.want)
			}
			// The same through the handler, which has to rebuild the URL.
			r := httptest.NewRequest(tc.method, tc.url, strings.NewReader(tc.body))
			r.RequestURI = r.URL.RequestURI() // origin form, as clients send it
			r.Header.Set(headerPrincipal, testUser)
			r.Header.Set(headerTimestamp, strconv.Itoa(testMillis))
			r.Header.Set(headerToken, tc.want)
			w := httptest.NewRecorder()
			a.ServeHTTP(w, r)
			if w.Code == http.StatusUnauthorized {
				t.Errorf("refused: %s", w.Body)
			}
		})
	}
}

func TestSignatureKeepsSecondQuestionMark(t *testing.T) {
	one := signature([]byte("key"), "GET", "http://h/p?a=b?c", "1", nil)
	if two := signature([]byte("key"), "GET", "http://h/p?a=bc", "1", nil); one == two {
		t.Error("a second question mark is not signed")
	}
}

func TestAuthenticate(t *testing.T) {
	// The first vector, which names an instance that is not there, and what may
	// be wrong with it.
	for _, tc := range []struct {
		name    string
		options Options
		alter   func(r *http.Request)
		status  int
		text    string // part of the reply
	}{
		{name: "as it should be", status: http.StatusNotFound},
		{name: "another user", status: 401, text: `"code":1024`,
			alter: func(r *http.Request) { r.Header.Set(headerPrincipal, "mallory") }},
		{name: "no token", status: 401, text: `"code":1026`,
			alter: func(r *http.Request) { r.Header.Del(headerToken) }},
		{name: "token in upper case", status: 401, text: `"code":1026`,
			alter: func(r *http.Request) { r.Header.Set(headerToken, strings.ToUpper(r.Header.Get(headerToken))) }},
		{name: "no timestamp", status: 401, text: `"code":1010`,
			alter: func(r *http.Request) { r.Header.Del(headerTimestamp) }},
		{name: "timestamp not signed", status: 401, text: `"code":1026`,
			alter: func(r *http.Request) { r.Header.Set(headerTimestamp, strconv.Itoa(testMillis+1)) }},
		{name: "another method", status: 401, text: `"code":1026`,
			alter: func(r *http.Request) { r.Method = "DELETE" }},
		{name: "another path", status: 401, text: `"code":1026`,
			alter: func(r *http.Request) { r.RequestURI += "1" }},
		{name: "another body", status: 401, text: `"code":1026`,
			alter: func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("null")) }},
		{name: "another query", status: 401, text: `"code":1026`,
			alter: func(r *http.Request) { r.RequestURI += "?a" }},
		{name: "another host", status: 401, text: `"code":1026`,
			alter: func(r *http.Request) { r.Host = "apis.llnw.com:443" }},
		{name: "without TLS", status: 401, text: `"code":1026`,
			alter: func(r *http.Request) { r.TLS = nil }},
		{name: "without TLS, behind a public URL", status: 404, options: Options{PublicURL: "https://apis.llnw.com/"},
			alter: func(r *http.Request) { r.TLS, r.Host = nil, "127.0.0.1:8099" }},
		{name: "absolute form", status: 404,
			alter: func(r *http.Request) { r.RequestURI = vectorURL }},
		{name: "old, but not too old", status: 404, options: at(300 * time.Second)},
		{name: "too old", status: 401, text: `"code":1010`, options: at(300*time.Second + time.Millisecond)},
		{name: "early, but not too early", status: 404, options: at(-300 * time.Second)},
		{name: "too early", status: 401, text: `"code":1010`, options: at(-300*time.Second - time.Millisecond)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := httptest.NewRequest("GET", vectorURL, nil)
			r.RequestURI = r.URL.RequestURI()
			r.TLS = new(tls.ConnectionState)
			r.Header.Set(headerPrincipal, testUser)
			r.Header.Set(headerTimestamp, strconv.Itoa(testMillis))
			r.Header.Set(headerToken, "dbbb982686ba9d2e88afd5055eaa590c270f766dc934d69fe040b3c72e958713")
			if tc.alter != nil {
				tc.alter(r)
			}
			w := httptest.NewRecorder()
			newTestAccount(tc.options).ServeHTTP(w, r)
			wantStatus(t, w, tc.status)
			if !strings.Contains(w.Body.String(), tc.text) {
				t.Errorf("reply %s, want %s in it", w.Body, tc.text)
			}
		})
	}
}

// at is an account whose clock is ahead of the vectors' by d.
func at(d time.Duration) Options {
	return Options{Now: func() time.Time { return testNow().Add(d) }}
}
