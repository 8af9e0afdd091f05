package vultrdns

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/edgeward/edgeward/internal/emulator/vultrtest"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/vultrapi"
)

const (
	testKey  = "VULTR-KEY"
	testZone = "example.com"
)

// newClient returns a client of the API that handler stands for.
func newClient(t *testing.T, handler http.Handler) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	api, err := vultrapi.New(server.URL, testKey, httpapi.New(httpapi.Options{UserAgent: "edgeward/test"}))
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{API: api, Domain: testZone})
}

// newZone returns an emulated account with the zone, and a client of it.
func newZone(t *testing.T, options vultrtest.Options) (*vultrtest.Account, *Client) {
	t.Helper()
	options.Key, options.Domains = testKey, []string{testZone}
	api := vultrtest.NewAccount(options)
	return api, newClient(t, api)
}

// answer is an API that gives every call the same reply.
func answer(status int, contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// addressRecord is a wanted A record.
func addressRecord(name, ip string) model.Record {
	return model.Record{Name: name, Type: "A", Data: ip, TTL: 120}
}

// create makes a record that a test begins with.
func create(t *testing.T, client *Client, r model.Record) model.Record {
	t.Helper()
	made, err := client.Create(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return made
}
