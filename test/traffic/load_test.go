package traffic

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// TestLoad sends requests to a server that fails for a while: each is counted,
// and the failures are told with their time.
func TestLoad(t *testing.T) {
	var broken atomic.Bool
	var served, others, refused atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		if r.URL.Path == "/other" {
			others.Add(1)
		}
		if broken.Load() {
			refused.Add(1)
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer s.Close()
	accept := func(reply *http.Response) error {
		if reply.StatusCode != http.StatusOK {
			return errors.New(reply.Status)
		}
		return nil
	}
	const rate = 500
	begin := time.Now()
	l := StartLoad(t.Context(), s.Client(), rate, accept, s.URL)
	must(t, l.Await(t.Context(), 100))
	broken.Store(true)
	from := time.Now()
	must(t, l.Await(t.Context(), 100))
	broken.Store(false)
	to := time.Now()
	l.Aim(s.URL + "/other")
	must(t, l.Await(t.Context(), 100))
	report := l.Stop()

	if n := int(served.Load()); report.Sent != n || n < 300 {
		t.Errorf("%d sent, %d served, want at least 300", report.Sent, n)
	}
	if n := others.Load(); n < 100-workers {
		t.Errorf("%d requests to the other URL, want at least %d", n, 100-workers)
	}
	if n := int(refused.Load()); len(report.Failures) != n || n < 100-workers {
		t.Errorf("%d failures of %d, want at least %d", len(report.Failures), n, 100-workers)
	}
	for i, f := range report.Failures {
		if f.Sent.Before(from.Add(-100*time.Millisecond)) || f.Sent.After(to) || f.Reason != "502 Bad Gateway" || i > 0 && f.Sent.Before(report.Failures[i-1].Sent) {
			t.Errorf("failure %d: %+v", i, f)
		}
	}
	if most := int(time.Since(begin).Seconds()*rate) + workers; report.Sent > most {
		t.Errorf("%d requests are more than %d a second", report.Sent, rate)
	}
}
