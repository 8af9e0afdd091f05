package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// roundTripper answers calls without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// answer is a reply of status 200.
func answer(body io.Reader) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(body)}
}

// serve answers calls on a real connection until the test ends.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// get makes a call as a library would and returns the reply's body.
func get(ctx context.Context, client *Client, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// TestDo: what a call sends, and what becomes of its reply.
func TestDo(t *testing.T) {
	type sent struct{ Request, Accept, ContentType, Body string }
	var got sent
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = sent{r.Method + " " + r.URL.String(), r.Header.Get("Accept"), r.Header.Get("Content-Type"), string(body)}
		switch r.URL.Path {
		case "/list":
			_, _ = io.WriteString(w, `{"n":7}`)
		case "/page":
			_, _ = io.WriteString(w, "<html>")
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	const accept, kind = "application/json", "application/json"
	var reply struct{ N int }
	for _, tc := range []struct {
		call Call
		out  any
		want sent
		err  string
	}{
		{Call{Method: "GET", URL: "/list?a=b"}, &reply, sent{"GET /list?a=b", accept, "", ""}, ""},
		{Call{Method: "PUT", URL: "/list", Body: []byte("{}")}, &reply, sent{"PUT /list", accept, kind, "{}"}, ""},
		{Call{Method: "DELETE", URL: "/page"}, nil, sent{"DELETE /page", accept, "", ""}, ""},
		{Call{Method: "GET", URL: "/page?a=b"}, &reply, sent{"GET /page?a=b", accept, "", ""},
			"GET /page: the reply is not what the API describes: invalid character '<' looking for beginning of value"},
		{Call{Method: "GET", URL: "/gone?a=b"}, &reply, sent{"GET /gone?a=b", accept, "", ""}, "GET /gone: 404 Not Found"},
	} {
		t.Run(tc.want.Request, func(t *testing.T) {
			reply.N = 0
			tc.call.URL = server.URL + tc.call.URL
			err := New(Options{}).Do(t.Context(), tc.call, tc.out)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
			switch {
			case tc.err != "" && (err == nil || err.Error() != tc.err):
				t.Errorf("error %v, want %s", err, tc.err)
			case tc.err == "" && (err != nil || tc.out != nil && reply.N != 7):
				t.Errorf("reply %d, error %v", reply.N, err)
			}
		})
	}
}

func TestCallsAreObserved(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			panic(http.ErrAbortHandler)
		}
		status, _ := strconv.Atoi(r.URL.Path[1:])
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, r.UserAgent())
	})
	type seen struct{ Method, Code string }
	var got []seen
	client := New(Options{UserAgent: "edgeward/1.2", Observe: func(method, code string, took time.Duration) {
		if took <= 0 {
			t.Errorf("a call took %v", took)
		}
		got = append(got, seen{method, code})
	}})
	body, err := get(t.Context(), client, server.URL+"/200")
	if err != nil || body != "edgeward/1.2" {
		t.Errorf("got %q, %v; want the user agent", body, err)
	}
	for _, path := range []string{"/404", "/503", "/broken"} {
		if _, err := get(t.Context(), client, server.URL+path); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
	want := []seen{{"GET", "200"}, {"GET", "404"}, {"GET", "503"}, {"GET", "error"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("observed (-want +got):\n%s", diff)
	}
}

func TestRefusalsAreErrors(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "17")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"no"}`)
	})
	_, err := get(t.Context(), New(Options{}), server.URL+"/wrong?secret=1")
	var got *Error
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want an *Error", err)
	}
	want := &Error{Method: "GET", Path: "/wrong", Status: 400, Message: "no", RetryAfter: 17 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestTimeLimit(t *testing.T) {
	for name, base := range map[string]roundTripper{
		"no reply": func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		},
		"a reply that stalls": func(req *http.Request) (*http.Response, error) {
			r, w := io.Pipe()
			context.AfterFunc(req.Context(), func() { w.CloseWithError(req.Context().Err()) })
			return answer(io.MultiReader(strings.NewReader("{"), r)), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				_, err := get(t.Context(), New(Options{Transport: base}), "http://provider.test/")
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no complete reply within 30s") {
					t.Errorf("got %v", err)
				}
				if took := time.Since(start); took != 30*time.Second {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

func TestTimeLimitBeginsAfterTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := new(Account)
		account.ended(time.Now(), result{429, 4 * time.Minute})
		client := New(Options{Account: account, Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			return answer(strings.NewReader("fine")), nil
		})})
		if body, err := get(t.Context(), client, "http://provider.test/"); err != nil || body != "fine" {
			t.Errorf("got %q, %v", body, err)
		}
	})
}

func TestCallsAreSignedAfterTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account, start := new(Account), time.Now()
		account.ended(time.Now(), result{429, 4 * time.Minute})
		client := New(Options{Account: account, Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			return answer(strings.NewReader(req.Header.Get("Signed"))), nil
		})})
		var signed string
		err := client.Do(t.Context(), Call{
			Method: http.MethodGet, URL: "http://provider.test/",
			Sign: func(req *http.Request) { req.Header.Set("Signed", strconv.Quote(time.Since(start).String())) },
		}, &signed)
		if err != nil || signed != "4m0s" {
			t.Errorf("signed after %q, %v; want 4m0s", signed, err)
		}
	})
}

func TestFailuresPauseTheAccount(t *testing.T) {
	status := func(status int, header http.Header) roundTripper {
		return func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: header, Body: http.NoBody}, nil
		}
	}
	lost := func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }
	for _, tc := range []struct {
		name  string
		base  roundTripper
		calls int
		want  time.Duration
	}{
		{"a 429 that says how long", status(429, http.Header{"Retry-After": {"17"}}), 1, 17 * time.Second},
		{"a 401", status(401, nil), 1, time.Second},
		{"four lost replies", lost, 4, time.Second},
		{"three lost replies", lost, 3, 0},
		{"a 404", status(404, nil), 9, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				account := new(Account)
				for range tc.calls {
					if _, err := get(t.Context(), New(Options{Account: account, Transport: tc.base}), "http://provider.test/"); err == nil {
						t.Fatal("no error")
					}
				}
				_, pause := account.Take(time.Now())
				wantPause(t, pause, tc.want, 4)
			})
		})
	}
}

func TestGivingUpIsNotTheProvidersFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := new(Account)
		client := New(Options{Account: account, Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})})
		for range 2 * patience {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := get(ctx, client, "http://provider.test/"); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "30s") {
				t.Errorf("got %v, want the caller's own deadline", err)
			}
			cancel()
		}
		if ok, wait := account.Take(time.Now()); !ok {
			t.Errorf("calls stop for %v", wait)
		}
	})
}

// zeros is a reply of any length.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestReplySizeIsBounded(t *testing.T) {
	for _, tc := range []struct {
		name string
		size int64
		ok   bool
	}{
		{"the largest", maxReply, true},
		{"a byte too many", maxReply + 1, false},
		{"endless", 1 << 60, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client := New(Options{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
				return answer(io.LimitReader(zeros{}, tc.size)), nil
			})})
			body, err := get(t.Context(), client, "http://provider.test/")
			if tc.ok != (err == nil) {
				t.Errorf("got %v", err)
			}
			if tc.ok && int64(len(body)) != tc.size {
				t.Errorf("got %d bytes", len(body))
			}
			if !tc.ok && !strings.Contains(err.Error(), "larger than 16 MiB") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Calls may hide secrets of their own beside the client's.
func TestHiding(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"no KEY, ONE or TWO"}`)
	})
	client := New(Options{Secrets: []string{"KEY"}})
	one := client.Hiding("ONE")
	for want, client := range map[string]*Client{
		"no [redacted], ONE or TWO":               client,
		"no [redacted], [redacted] or TWO":        one,
		"no [redacted], [redacted] or [redacted]": one.Hiding("TWO"),
	} {
		_, err := get(t.Context(), client, server.URL)
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Message != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
