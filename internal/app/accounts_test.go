package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
)

// TestAccountsOutliveAReload: an account, and so its pace and its pauses, is the
// same whatever else of the configuration changes.
func TestAccountsOutliveAReload(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*provider.Account)
		same   bool
	}{
		"nothing":            {func(*provider.Account) {}, true},
		"the same key, anew": {func(a *provider.Account) { a.Key = schema.NewSecret("KEY") }, true},
		"the limit":          {func(a *provider.Account) { a.Limit = 10 }, true},
		"another key":        {func(a *provider.Account) { a.Key = schema.NewSecret("NEW") }, false},
		"another user":       {func(a *provider.Account) { a.User = "other" }, false},
		"another API":        {func(a *provider.Account) { a.BaseURL = "https://x" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			var accounts Accounts
			of := provider.Account{Name: "cdn", BaseURL: "https://e", User: "bot", Key: schema.NewSecret("KEY"), Limit: 50, Interval: time.Minute}
			first := accounts.account(of)
			first.Take(time.Now())
			test.change(&of)
			if now := accounts.account(of); (now == first) != test.same {
				t.Errorf("it is the same: %v, want %v", now == first, test.same)
			} else if ok, _ := now.Take(time.Now()); ok == test.same {
				t.Errorf("a further call at once: %v", ok)
			}
			if text := fmt.Sprintf("%+v", &accounts); strings.Contains(text, "KEY") {
				t.Errorf("a key can be printed: %s", text)
			}
		})
	}
}
