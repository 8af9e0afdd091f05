package transport

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

func ignore(string, string, time.Duration) {}

func open() *Gate { return NewGate(0, time.Second) }

// roundTripper answers calls without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// answer is a reply of status 200.
func answer(body io.Reader) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(body)}
}

// clientOf returns a client whose calls base answers.
func clientOf(gate *Gate, base roundTripper) *http.Client {
	client := NewClient(gate, "edgeward/test", "", ignore)
	client.Transport.(*paced).base = base
	return client
}

// serve answers calls on a real connection until the test ends.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// get makes a call and returns the reply's body, or the recorded error.
func get(ctx context.Context, client *http.Client, url string) (string, error) {
	ctx, record := Record(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err := record.Error(err); err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
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
	client := NewClient(open(), "edgeward/1.2", "", func(method, code string, took time.Duration) {
		if took <= 0 {
			t.Errorf("a call took %v", took)
		}
		got = append(got, seen{method, code})
	})
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

func TestRefusalsAreRecorded(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/fine" {
			w.Header().Set("Retry-After", "17")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"no"}`)
		}
	})
	client, record := NewClient(open(), "", "", ignore), new(Recorder)
	ctx := context.WithValue(t.Context(), recorderKey{}, record)
	call := func(path string) {
		req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(resp.Body); resp.StatusCode == http.StatusBadRequest && (err != nil || string(body) != `{"error":"no"}`) {
			t.Errorf("the caller reads %q, %v", body, err)
		}
	}
	reduced := errors.New("what a library makes of it")
	call("/wrong?secret=1")
	var got *Error
	if err := record.Error(reduced); !errors.As(err, &got) {
		t.Fatalf("got %v, want an *Error", err)
	}
	want := &Error{Method: "GET", Path: "/wrong", Status: 400, Message: "no", RetryAfter: 17 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("recorded (-want +got):\n%s", diff)
	}
	call("/fine")
	if err := record.Error(reduced); err != reduced {
		t.Errorf("got %v after a success, want the caller's own error", err)
	}
	if err := record.Error(nil); err != nil {
		t.Errorf("got %v after a success", err)
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
				_, err := get(t.Context(), clientOf(open(), base), "http://provider.test/")
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

func TestTimeLimitBeginsBehindTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := open()
		gate.learn(429, 4*time.Minute)
		client := clientOf(gate, func(*http.Request) (*http.Response, error) {
			return answer(strings.NewReader("fine")), nil
		})
		if body, err := get(t.Context(), client, "http://provider.test/"); err != nil || body != "fine" {
			t.Errorf("got %q, %v", body, err)
		}
	})
}

func TestBeforeSendComesAfterTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate, start := open(), time.Now()
		gate.learn(429, 4*time.Minute)
		client := clientOf(gate, func(req *http.Request) (*http.Response, error) {
			return answer(strings.NewReader(req.Header.Get("Signed"))), nil
		})
		ctx := BeforeSend(t.Context(), func(req *http.Request) { req.Header.Set("Signed", time.Since(start).String()) })
		if body, err := get(ctx, client, "http://provider.test/"); err != nil || body != "4m0s" {
			t.Errorf("signed after %q, %v; want 4m0s", body, err)
		}
	})
}

func TestFailuresCloseTheGate(t *testing.T) {
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
				gate := open()
				for range tc.calls {
					if _, err := get(t.Context(), clientOf(gate, tc.base), "http://provider.test/"); err == nil {
						t.Fatal("no error")
					}
				}
				wantPause(t, gate, tc.want, 4)
			})
		})
	}
}

func TestGivingUpIsNotTheProvidersFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gate := open()
		client := clientOf(gate, func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		for range 2 * patience {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := get(ctx, client, "http://provider.test/"); !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "30s") {
				t.Errorf("got %v, want the caller's own deadline", err)
			}
			cancel()
		}
		wantPause(t, gate, 0, 0)
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
			client := clientOf(open(), func(*http.Request) (*http.Response, error) {
				return answer(io.LimitReader(zeros{}, tc.size)), nil
			})
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

// A call may carry a secret of its own beside the client's.
func TestRedact(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"no KEY, ONE or TWO"}`)
	})
	client := NewClient(open(), "edgeward/test", "KEY", ignore)
	one := Redact(t.Context(), "ONE")
	for want, ctx := range map[string]context.Context{
		"no [redacted], ONE or TWO":               t.Context(),
		"no [redacted], [redacted] or TWO":        one,
		"no [redacted], [redacted] or [redacted]": Redact(one, "TWO"),
	} {
		_, err := get(ctx, client, server.URL)
		var refusal *Error
		if !errors.As(err, &refusal) || refusal.Message != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
