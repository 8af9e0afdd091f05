package target

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
)

// echo is a CDN that makes whatever it is asked to.
type echo struct{ provider.Objects[model.Rule] }

func (echo) Create(_ context.Context, r model.Rule) (model.Rule, error) { return r, nil }

// TestPause has a provider that asks for a pause: nothing begins before it is
// over, and it is known when to ask again.
func TestPause(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer api.Close()
	account := httpapi.NewAccount(0, time.Minute)
	client := httpapi.New(httpapi.Options{Account: account})
	if err := client.Do(t.Context(), httpapi.Call{Method: http.MethodGet, URL: api.URL}, nil); err == nil {
		t.Fatal("no error")
	}

	results := make(chan Result, 1)
	target := New(echo{}, Config[model.Rule]{Account: account, Log: slog.New(slog.DiscardHandler), Results: results})
	target.Follow([]model.Op[model.Rule]{{Verb: model.Create, To: new(model.Rule)}})
	now := time.Now()
	if target.BeginNext(t.Context(), now) || target.attempts.inFlight > 0 {
		t.Error("it began during the pause")
	}
	if wait := target.retryAt.Sub(now); wait < 110*time.Second || wait > 120*time.Second || target.Starved(now) {
		t.Errorf("during the pause: again in %s, starved %v; want about 120s, false", wait, target.Starved(now))
	}
	after := target.retryAt
	if !target.BeginNext(t.Context(), after) || target.attempts.inFlight != 1 {
		t.Errorf("after the pause: %d begun; want 1", target.attempts.inFlight)
	}
	if target.BeginNext(t.Context(), after) {
		t.Error("after the pause: it began something else")
	}
	(<-results).Apply()
	if !target.Starved(after) {
		t.Error("it does not want a plan although all has ended")
	}
}
