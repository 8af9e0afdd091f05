package daemon

import (
	"log/slog"
	"sync"
	"time"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/httpapi"
)

// patience is how many 403 in a row, with no success between, mean the key and
// not what it was used for. A 401 always means it.
const patience = 3

// keyWatch tells when a provider begins to refuse our key, and when it takes it
// again, each once. It learns that from the calls that are made anyway.
type keyWatch struct {
	tell func(accepted bool, code string)

	mu      sync.Mutex
	known   bool // something was told
	refused bool
	denied  int // 403 in a row
}

// learn takes the status code of a reply, "error" for none.
func (k *keyWatch) learn(code string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	refused := k.refused
	switch {
	case code == "401":
		refused = true
	case code == "403":
		k.denied++
		refused = refused || k.denied >= patience
	case code[0] == '2':
		refused, k.denied = false, 0
	default:
		return // it says nothing of the key
	}
	if k.known && refused == k.refused {
		return
	}
	if k.known = k.known || refused || code[0] == '2'; k.known {
		k.refused = refused
		k.tell(!refused, code)
	}
}

// observe is for Connect: it counts the calls to a provider and watches its key.
func (d *daemon) observe(log *slog.Logger) app.Observe {
	return func(provider string) httpapi.Observe {
		return watchKey(d.metrics.KeyAccepted.WithLabelValues(provider).Set, log.With("target", provider), d.metrics.Request(provider))
	}
}

// watchKey passes calls on to observe, and tells the log and the gauge of what
// they show of the key.
func watchKey(gauge func(float64), log *slog.Logger, observe httpapi.Observe) httpapi.Observe {
	k := &keyWatch{}
	refusedOnce := false
	k.tell = func(accepted bool, code string) {
		if accepted {
			gauge(1)
			if refusedOnce {
				log.Info("the provider takes our key again")
			}
			return
		}
		gauge(0)
		refusedOnce = true
		log.Error("the provider refuses our key: it is wrong, was revoked, lacks rights or may not be used from this address; "+
			"nothing can be changed there until it is replaced, and calls are tried ever more rarely", "status", code)
	}
	return func(method, code string, took time.Duration) {
		observe(method, code, took)
		k.learn(code)
	}
}
