package daemon

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/config"
)

// TestAccountsOutliveAReload: an account, and so its pace and its pauses, is the same
// whatever else of the configuration changes.
func TestAccountsOutliveAReload(t *testing.T) {
	const key = "c0ffee"
	before := config.Config{
		Edgio: config.Edgio{On: true, BaseURL: "https://e", Username: "bot", SharedKey: config.NewSecret(key), RequestsPerMinute: 50},
		Vultr: config.Vultr{BaseURL: "https://v", APIKey: config.NewSecret(key), RequestsPerSecond: 20},
	}
	for name, tc := range map[string]struct {
		change     func(*config.Config)
		edgio, dns bool // the account is another
	}{
		"nothing": {change: func(*config.Config) {}},
		"the same keys, anew": {change: func(c *config.Config) {
			c.Edgio.SharedKey, c.Vultr.APIKey = config.NewSecret(key), config.NewSecret(key)
		}},
		"the limits":            {change: func(c *config.Config) { c.Edgio.RequestsPerMinute, c.Vultr.RequestsPerSecond = 10, 1 }},
		"another part of it":    {change: func(c *config.Config) { c.Edgio.Shortname, c.Vultr.Domain = "other", "example.org" }},
		"another key at a CDN":  {change: func(c *config.Config) { c.Edgio.SharedKey = config.NewSecret("00ff") }, edgio: true},
		"another user at a CDN": {change: func(c *config.Config) { c.Edgio.Username = "other" }, edgio: true},
		"another API of a CDN":  {change: func(c *config.Config) { c.Edgio.BaseURL = "https://x" }, edgio: true},
		"another key for DNS":   {change: func(c *config.Config) { c.Vultr.APIKey = config.NewSecret("00ff") }, dns: true},
		"another API of DNS":    {change: func(c *config.Config) { c.Vultr.BaseURL = "https://x" }, dns: true},
	} {
		t.Run(name, func(t *testing.T) {
			var accounts Accounts
			connect := func(cfg config.Config) Providers {
				p, err := Connect(&cfg, &accounts, "test", Unobserved, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				return p
			}
			old := connect(before)
			old.CDNs[0].Account.Take(time.Now())
			after := before
			tc.change(&after)
			p := connect(after)
			if another := p.CDNs[0].Account != old.CDNs[0].Account; another != tc.edgio {
				t.Errorf("the CDN's account is another: %v, want %v", another, tc.edgio)
			} else if ok, _ := p.CDNs[0].Account.Take(time.Now()); ok != another {
				t.Errorf("a further call at the CDN may go at once: %v", ok)
			}
			if another := p.VultrAccount != old.VultrAccount; another != tc.dns {
				t.Errorf("the account for DNS is another: %v, want %v", another, tc.dns)
			}
			if text := fmt.Sprintf("%+v", &accounts); strings.Contains(text, key) {
				t.Errorf("a key can be printed: %s", text)
			}
		})
	}
}
