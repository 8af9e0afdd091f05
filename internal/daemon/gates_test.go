package daemon

import (
	"fmt"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/schema"
	"strings"
	"testing"
	"time"
)

// TestGatesOutliveAReload: an account's gate, and so its pace and its pauses, is the
// same whatever else of the configuration changes.
func TestGatesOutliveAReload(t *testing.T) {
	edgio := config.Edgio{BaseURL: "https://e", Username: "bot", SharedKey: schema.NewSecret("KEY"), RequestsPerMinute: 50}
	vultr := config.Vultr{BaseURL: "https://v", APIKey: schema.NewSecret("KEY"), RequestsPerSecond: 20}
	for name, tc := range map[string]struct {
		edgio func(*config.Edgio)
		vultr func(*config.Vultr)
		same  bool
	}{
		"nothing":             {func(*config.Edgio) {}, func(*config.Vultr) {}, true},
		"the same key, anew":  {func(c *config.Edgio) { c.SharedKey = schema.NewSecret("KEY") }, func(c *config.Vultr) { c.APIKey = schema.NewSecret("KEY") }, true},
		"the limit":           {func(c *config.Edgio) { c.RequestsPerMinute = 10 }, func(c *config.Vultr) { c.RequestsPerSecond = 1 }, true},
		"another part of it":  {func(c *config.Edgio) { c.Shortname = "other" }, func(c *config.Vultr) { c.Domain = "example.org" }, true},
		"another key":         {func(c *config.Edgio) { c.SharedKey = schema.NewSecret("NEW") }, func(c *config.Vultr) { c.APIKey = schema.NewSecret("NEW") }, false},
		"another account":     {func(c *config.Edgio) { c.Username = "other" }, func(c *config.Vultr) { c.APIKey = schema.NewSecret("NEW") }, false},
		"another API, as one": {func(c *config.Edgio) { c.BaseURL = "https://x" }, func(c *config.Vultr) { c.BaseURL = "https://x" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			var gates Gates
			e, v := gates.edgioGate(edgio), gates.vultrGate(vultr)
			e.Take(time.Now())
			nextEdgio, nextVultr := edgio, vultr
			tc.edgio(&nextEdgio)
			tc.vultr(&nextVultr)
			if now := gates.edgioGate(nextEdgio); (now == e) != tc.same {
				t.Errorf("Edgio's gate is the same: %v, want %v", now == e, tc.same)
			} else if ok, _ := now.Take(time.Now()); ok == tc.same {
				t.Errorf("a further call at once: %v", ok)
			}
			if now := gates.vultrGate(nextVultr); (now == v) != tc.same {
				t.Errorf("Vultr's gate is the same: %v, want %v", now == v, tc.same)
			}
			if text := fmt.Sprintf("%+v", &gates); strings.Contains(text, "KEY") {
				t.Errorf("a key can be printed: %s", text)
			}
		})
	}
}
