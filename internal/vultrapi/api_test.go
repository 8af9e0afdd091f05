package vultrapi

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/vultr/govultr/v3"

	"github.com/edgeward/edgeward/internal/httpapi"
)

func TestBaseURLMustBeOne(t *testing.T) {
	if api, err := New("://", "KEY", httpapi.New(httpapi.Options{})); err == nil {
		t.Errorf("got %v", api)
	}
}

// replies answers each call without a network.
type replies func(*http.Request) (*http.Response, error)

func (f replies) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestCall: govultr reduces every failure to a text, repeats calls, and takes replies that
// it does not understand for empty ones.
func TestCall(t *testing.T) {
	reply := func(status int, body string) replies {
		return func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
		}
	}
	lost := errors.New("the connection broke")
	for _, tc := range []struct {
		name    string
		replies replies
		status  int   // of an *httpapi.Error; 0: none
		is      error // nil: anything
		text    string
	}{
		{"a success", reply(200, `{"domain":{"domain":"example.com"}}`), 0, nil, ""},
		{"a refusal", reply(400, `{"error":"no KEY, no ONE"}`), 400, nil, "reading it: GET /v2/domains/example.com: 400 Bad Request: no [redacted], no [redacted]"},
		{"a redirect", reply(302, ""), 302, nil, "reading it: GET /v2/domains/example.com: 302 Found"},
		{"a lost reply", func(*http.Request) (*http.Response, error) { return nil, lost }, 0, lost, "reading it: the connection broke"},
		{"no JSON", reply(200, "<html>"), 0, nil, "the reply is not a JSON object"},
		{"null", reply(200, "null"), 0, nil, "the reply is not a JSON object"},
		{"an error as a success", reply(200, `{"error":"KEY"}`), 0, nil, "the reply is an error in spite of its status 200"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			calls := 0
			api, err := New("https://api.vultr.com", "KEY", httpapi.New(httpapi.Options{Transport: replies(func(req *http.Request) (*http.Response, error) {
				calls++
				if got := req.Header.Get("Authorization"); got != "Bearer KEY" {
					t.Errorf("authorization %q", got)
				}
				return tc.replies(req)
			})}))
			if err != nil {
				t.Fatal(err)
			}
			err = api.Hiding("ONE").Call("reading it", func(client *govultr.Client) error {
				_, _, err := client.Domain.Get(t.Context(), "example.com")
				return err
			})
			var refusal *httpapi.Error
			status := 0
			if errors.As(err, &refusal) {
				status = refusal.Status
			}
			if (err == nil) != (tc.text == "") || err != nil && !strings.HasSuffix(err.Error(), tc.text) || status != tc.status {
				t.Errorf("got %v with the status %d, want %q with %d", err, status, tc.text, tc.status)
			}
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("got %v, want %v in it", err, tc.is)
			}
			if calls != 1 {
				t.Errorf("%d calls, want one", calls)
			}
		})
	}
}
