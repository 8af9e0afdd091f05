package app

import (
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
)

// TestConnectSharesAnAccount: the providers of one account have one client, so that its
// calls are counted, and what they show of its key is said, once.
func TestConnectSharesAnAccount(t *testing.T) {
	clients := make(map[model.Provider]*httpapi.Client)
	define := func(name, account model.Provider) provider.Definition {
		return provider.Definition{
			Name:    name,
			Account: func(schema.Sections) provider.Account { return provider.Account{Name: account, User: string(account)} },
			CDN: &provider.CDNDefinition{Connect: func(_ schema.Sections, on provider.Connection) (provider.CDN, error) {
				clients[name] = on.HTTP
				return nil, nil
			}},
		}
	}
	cfg := &config.Config{Providers: provider.Table{define("one", "shared"), define("other", "other"), define("two", "shared")}}
	var observed []string
	observe := func(account string) httpapi.Observe {
		observed = append(observed, account)
		return nil
	}
	p, err := Connect(cfg, new(Accounts), "test", observe, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"shared", "other"}, observed); diff != "" {
		t.Errorf("accounts observed (-want +got):\n%s", diff)
	}
	if clients["one"] != clients["two"] || clients["one"] == clients["other"] {
		t.Errorf("the clients are %v", clients)
	}
	if p.CDNs[0].Account != p.CDNs[2].Account || p.CDNs[0].Account == p.CDNs[1].Account {
		t.Errorf("the accounts are %p, %p and %p", p.CDNs[0].Account, p.CDNs[1].Account, p.CDNs[2].Account)
	}
}
