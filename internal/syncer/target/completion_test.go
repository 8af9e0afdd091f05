package target

import (
	"context"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/model"
)

// TestVerifiedTooEarly has the reply to a reading of one record come after that of
// its deletion was lost: the deletion may have happened in between.
func TestVerifiedTooEarly(t *testing.T) {
	for name, test := range map[string]struct {
		lost     time.Duration // after the reading began
		unproven bool
	}{"before": {-time.Second, false}, "in between": {time.Second, true}} {
		t.Run(name, func(t *testing.T) {
			r := model.Record{ID: "a", Name: "a"}
			dns := newTarget(nil, Config[model.Record]{}, nil, func(_ context.Context, r model.Record) (model.Record, error) { return r, nil })
			dns.cache.put(r)
			serial, began := dns.cache.serial, time.Now()
			dns.cache.doubt("a")
			dns.cache.doubted["a"] = began.Add(test.lost)
			dns.verified(completion[model.Record]{op: model.Verification(r), began: began, serial: serial, objects: []model.Record{r}})
			if got := dns.cache.mayBeGone()["a"]; got != test.unproven {
				t.Errorf("unproven: %t", got)
			}
		})
	}
}
