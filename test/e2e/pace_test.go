package e2e

import (
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/edgeward/edgeward/test/lab"
)

// timed takes down when the calls to a provider come in.
type timed struct {
	mu sync.Mutex
	at []time.Time
}

func (c *timed) observe(provider string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if provider == "edgio" {
			c.mu.Lock()
			c.at = append(c.at, time.Now())
			c.mu.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}

// TestPaceSurvivesReloads sends SIGHUP again and again: each reload reads what stands,
// and all of them together make no more calls than the limit allows.
func TestPaceSurvivesReloads(t *testing.T) {
	calls := new(timed)
	b := newBed(t, lab.Options{Observe: calls.observe})
	b.nodes("192.0.2.1")
	b.apply(service(30080), ingress("one", "www.example.com/one"))
	d := b.start(b.config(sections{"edgio": "requests_per_minute: 120"}))
	b.exact(rule("www.example.com/one", 30080))
	b.idle(d)
	for i := range 20 {
		must(t, d.Signal(syscall.SIGHUP))
		b.until(func() error {
			return same("reloads", len(d.lines("the configuration was read again and is in force")), i+1)
		})
	}
	b.until(func() error { return d.ready() })
	calls.mu.Lock()
	defer calls.mu.Unlock()
	took := calls.at[len(calls.at)-1].Sub(calls.at[0])
	if allowed := 1 + int((took+550*time.Millisecond)/(500*time.Millisecond)); len(calls.at) > allowed {
		t.Errorf("%d calls in %s, while the limit allows %d", len(calls.at), took, allowed)
	}
}
