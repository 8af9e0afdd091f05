package httpapi

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func TestReplyCutShortIsAnError(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"less than Content-Length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"results":[]}`)
		},
		"chunks without an end": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"results":[]}`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, handler)
			body, err := get(t.Context(), New(Options{}), server.URL)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %q, %v; want an unexpected end", body, err)
			}
			if NotSent(err) {
				t.Error("it counts as not sent")
			}
		})
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") })
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	_, err := get(t.Context(), New(Options{}), server.URL+"/here")
	var refusal *Error
	if !errors.As(err, &refusal) || refusal.Status != http.StatusTemporaryRedirect || refusal.Path != "/here" {
		t.Errorf("got %v, want an *Error with status 307", err)
	}
}

func TestSecretIsNeverInAnError(t *testing.T) {
	const secret = `K/E"Y`
	escaped, _ := json.Marshal(secret)
	for name, body := range map[string]string{
		"as it is":              "unknown key " + secret,
		"in JSON":               `{"error":"unknown key ` + strings.Trim(string(escaped), `"`) + `"}`,
		"escaped as PHP does":   `{"error":"unknown key K\/E\"Y"}`,
		"in an unreadable page": "<html>" + secret,
		"at the cut":            strings.Repeat("x", maxMessage-2) + secret,
	} {
		for _, status := range []int{302, 400, 401, 403, 429, 500} {
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			})
			_, err := get(t.Context(), New(Options{Secrets: []string{secret}}), server.URL)
			if err == nil || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "K/") {
				t.Errorf("%s, status %d: %v", name, status, err)
			}
		}
	}
}

func TestNotSentNeedsThatNothingWasSent(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	silent := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tc := range []struct {
		name string
		ctx  context.Context
		url  string
		want bool
	}{
		{"nobody listens", t.Context(), closed.URL, true},
		{"a certificate we do not trust", t.Context(), untrusted.URL, true},
		{"a context that has ended", ended, silent.URL, true},
		{"a connection closed without a reply", t.Context(), silent.URL, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := get(tc.ctx, New(Options{}), tc.url)
			if err == nil {
				t.Fatal("no error")
			}
			if got := NotSent(err); got != tc.want {
				t.Errorf("NotSent: %v for %v", got, err)
			}
		})
	}
}

func TestProxyVariablesAreHonoured(t *testing.T) {
	// ProxyFromEnvironment reads the environment once in a process and leaves
	// out loopback hosts, so it cannot be seen at work here.
	base := newTransport()
	if base.Proxy == nil || reflect.ValueOf(base.Proxy).Pointer() != reflect.ValueOf(http.ProxyFromEnvironment).Pointer() {
		t.Error("the proxy is not taken from the environment")
	}
	if http.DefaultTransport == http.RoundTripper(base) {
		t.Error("the transport is the process's default and not a copy")
	}
}

func TestTLS(t *testing.T) {
	for _, tc := range []struct {
		name    string
		newest  uint16 // version that the provider speaks
		trusted bool
		want    string // in the error; empty: none
	}{
		{"1.3", tls.VersionTLS13, true, ""},
		{"1.2", tls.VersionTLS12, true, ""},
		{"1.1", tls.VersionTLS11, true, "protocol version"},
		{"an unknown authority", tls.VersionTLS13, false, "certificate"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "fine")
			}))
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tc.newest}
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			server.StartTLS()
			t.Cleanup(server.Close)
			client := New(Options{})
			if tc.trusted {
				base := client.opts.Transport.(*http.Transport)
				if base.TLSClientConfig == nil {
					base.TLSClientConfig = new(tls.Config)
				}
				base.TLSClientConfig.RootCAs = x509.NewCertPool()
				base.TLSClientConfig.RootCAs.AddCert(server.Certificate())
			}
			body, err := get(t.Context(), client, server.URL)
			switch {
			case tc.want == "" && (err != nil || body != "fine"):
				t.Errorf("got %q, %v", body, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want an error about the %s", err, tc.want)
			}
		})
	}
}
