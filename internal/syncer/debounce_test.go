package syncer

import (
	"testing"
	"time"
)

// TestDebounce has plans one after the other, and asks when the next one is due after
// the last of them.
func TestDebounce(t *testing.T) {
	const ms = time.Millisecond
	type made struct {
		at, took time.Duration
		acted    bool
	}
	tests := map[string]struct {
		plans                     []made
		events, starved, finished time.Duration // after the last plan; negative: at once
	}{
		"something was done":                 {[]made{{0, 0, true}}, eventPause, 0, callsPause},
		"nothing was":                        {[]made{{0, 0, false}}, -1, 0, callsPause},
		"nothing was, after something":       {[]made{{0, 0, true}, {5 * ms, 0, false}}, 15 * ms, 0, callsPause},
		"long ones":                          {[]made{{0, 30 * ms, true}, {100 * ms, 40 * ms, true}}, 60 * ms, 120 * ms, 600 * ms},
		"long ones, for finished operations": {[]made{{0, 30 * ms, true}, {100 * ms, 30 * ms, false}}, 60 * ms, 120 * ms, 600 * ms},
		"one that was held up":               {[]made{{0, 2 * ms, true}, {100 * ms, 80 * ms, true}}, eventPause, 8 * ms, callsPause},
		"one after that":                     {[]made{{0, 80 * ms, true}, {100 * ms, 2 * ms, true}}, eventPause, 8 * ms, callsPause},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			begun := time.Unix(1e9, 0)
			var d debounce
			for _, p := range test.plans {
				if d.planned(begun.Add(p.at), p.took); p.acted {
					d.acted = d.last
				}
			}
			if got := d.afterEvent().Sub(d.last); got != test.events && (got > 0 || test.events >= 0) {
				t.Errorf("for events after %s, want %s", got, test.events)
			}
			if got := d.whenStarved().Sub(d.last); got != test.starved {
				t.Errorf("for a provider at which nothing else can begin after %s, want %s", got, test.starved)
			}
			if got := d.afterCalls().Sub(d.last); got != test.finished {
				t.Errorf("for finished operations after %s, want %s", got, test.finished)
			}
		})
	}
}
