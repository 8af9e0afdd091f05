package target

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/httpapi"
)

func TestBackoff(t *testing.T) {
	tests := map[string]struct {
		failures int
		refused  bool
		want     time.Duration // and up to a fifth more
	}{
		"the first":               {1, false, time.Second},
		"the second":              {2, false, 2 * time.Second},
		"the fifth":               {5, false, 16 * time.Second},
		"the longest":             {10, false, 5 * time.Minute},
		"never longer":            {1000, false, 5 * time.Minute},
		"the first refusal":       {1, true, 10 * time.Second},
		"the second refusal":      {2, true, 20 * time.Second},
		"a refusal, never longer": {1000, true, 5 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := errors.New("connection reset")
			if test.refused {
				err = &httpapi.Error{Status: http.StatusBadRequest}
			}
			for range 100 {
				var f failures
				var got time.Duration
				for range test.failures {
					got = withJitter(f.addRefusable(err, time.Now()))
				}
				if got < test.want || got > test.want+test.want/5 {
					t.Fatalf("got %s, want %s or up to a fifth more", got, test.want)
				}
			}
		})
	}
}
