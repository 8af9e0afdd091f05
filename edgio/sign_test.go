package edgio

import (
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/emulator/edgiotest"
	"github.com/edgeward/edgeward/internal/httpapi"
)

const (
	vectorTime = "1700000000000"
	vectorURL  = "https://apis.llnw.com/config-api/v1/svcinst/delivery"
	vectorUUID = "/78df6c87-b19f-42cb-bee7-263ec58e3950"
	vectorBody = `{"body":{"serviceKey":{"name":"delivery"},"publishedHostname":"www.example.com"},"accounts":[{"shortname":"acme"}]}`
)

// TestSign: the first three signatures were also computed by the Python SDK and by openssl.
func TestSign(t *testing.T) {
	key, err := hex.DecodeString(testKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, method, url, body, want string
	}{
		{"V1: GET without a query", "GET", vectorURL + vectorUUID, "",
			"dbbb982686ba9d2e88afd5055eaa590c270f766dc934d69fe040b3c72e958713"},
		{"V2: GET with a query", "GET",
			vectorURL + "/shortname/acme/searchAuto?body.publishedUrlPath=%2Fapp%2F&body.publishedHostname=www.example.com", "",
			"c2e39936a72d0dc0b36b756ad486be74680e5c1cadc1b66254ebb3cceabc9b70"},
		{"V3: POST", "POST", vectorURL, vectorBody,
			"d464d207954710e0b35036c31d6fc0f882c497af939b2dbd321ea033572dfe8b"},
		{"DELETE without a body", "DELETE", vectorURL + vectorUUID, "",
			"4410339ae7553f3d521d55271f3a86d73657934b155491d329370c3bf400d8a8"},
		{"DELETE with the body null", "DELETE", vectorURL + vectorUUID, "null",
			"b4b17216ec2ee1aaccacb6110d00849426fd1d79edf011725021da7cb545431c"},
		{"GET from a port", "GET", "http://127.0.0.1:8099/config-api/v1/svcinst/delivery" + vectorUUID, "",
			"5efade9e93478e9870810610440508917ddf463be73470cefbe9d186372f3c45"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := sign(key, tc.method, tc.url, vectorTime, []byte(tc.body)); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestAuthenticate(t *testing.T) {
	client, err := New(Options{Username: testUser, SharedKey: testKey, HTTP: httpapi.New(httpapi.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest("GET", vectorURL+vectorUUID, nil)
	if err != nil {
		t.Fatal(err)
	}
	client.authenticate(req, nil, time.UnixMilli(1700000000000))
	for header, want := range map[string]string{
		"X-LLNW-Security-Principal": testUser,
		"X-LLNW-Security-Timestamp": vectorTime,
		"X-LLNW-Security-Token":     "dbbb982686ba9d2e88afd5055eaa590c270f766dc934d69fe040b3c72e958713",
	} {
		if got := req.Header.Get(header); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
}

func TestSharedKeyMustBeHexadecimal(t *testing.T) {
	for _, key := range []string{"", "abc", "not hexadecimal", testKey + " "} {
		client, err := New(Options{SharedKey: key})
		if err == nil || client != nil || err.Error() != "the shared key is not hexadecimal" {
			t.Errorf("key %q: got %v", key, err)
		}
	}
}

func TestWrongKeyIsRefused(t *testing.T) {
	api := edgiotest.NewAccount(edgiotest.Options{Username: testUser, SharedKey: "00", Shortname: testShortname})
	client, _ := newClient(t, api)
	_, err := client.List(t.Context())
	var refusal *httpapi.Error
	if !errors.As(err, &refusal) || refusal.Status != http.StatusUnauthorized || !httpapi.NotSent(err) {
		t.Errorf("got %v, want 401", err)
	}
}

// An API that repeats the key does not get it into an error.
func TestTheKeyIsNotShown(t *testing.T) {
	client, _ := newClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "no "+testKey)
	}))
	if _, err := client.List(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "403 Forbidden: no [redacted]") {
		t.Errorf("got %v", err)
	}
}

// A signature is good for minutes only, and calls may have to wait that long.
func TestCallsAreSignedWhenTheyGo(t *testing.T) {
	const wait = 200 * time.Millisecond
	var signed time.Time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		millis, err := strconv.ParseInt(r.Header.Get("X-LLNW-Security-Timestamp"), 10, 64)
		if err != nil {
			t.Error(err)
		}
		signed = time.UnixMilli(millis)
		_, _ = io.WriteString(w, "[]")
	}))
	t.Cleanup(server.Close)
	client, err := New(Options{
		BaseURL: server.URL, SharedKey: testKey,
		HTTP: httpapi.New(httpapi.Options{Account: httpapi.NewAccount(1, wait)}),
	})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now().Truncate(time.Millisecond)
	for range 2 {
		if _, err := client.List(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if after := signed.Sub(start); after < wait-time.Millisecond {
		t.Errorf("the second call was signed after %v, before it was let through", after)
	}
}
