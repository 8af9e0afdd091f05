package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/edgeward/edgeward/edgio"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/syncer"
	"github.com/edgeward/edgeward/internal/vultrapi"
	"github.com/edgeward/edgeward/vultrcdn"
	"github.com/edgeward/edgeward/vultrdns"
)

// Providers are the clients of all providers and their accounts.
type Providers struct {
	CDNs         []syncer.CDN // in the order of plan.Settings.CDNs
	Edgio        *edgio.Client
	VultrCDN     *vultrcdn.Client
	Vultr        *vultrdns.Client
	VultrAccount *httpapi.Account // of DNS and CDN: they share a key and its limit
}

// Observe returns the function that is told of each call to the named provider.
type Observe func(provider string) httpapi.Observe

// Connect makes the clients of the providers that the configuration names. It
// makes no call.
func Connect(cfg *config.Config, accounts *Accounts, version string, observe Observe, log *slog.Logger) (Providers, error) {
	options := func(provider string, account *httpapi.Account) httpapi.Options {
		return httpapi.Options{Account: account, UserAgent: "edgeward/" + version, Observe: observe(provider)}
	}
	p := Providers{VultrAccount: accounts.account(cfg.Vultr.BaseURL, "", cfg.Vultr.APIKey, limit{cfg.Vultr.RequestsPerSecond, time.Second})}
	var err error
	if cfg.Edgio.On {
		account := accounts.account(cfg.Edgio.BaseURL, cfg.Edgio.Username, cfg.Edgio.SharedKey, limit{cfg.Edgio.RequestsPerMinute, time.Minute})
		p.Edgio, err = edgio.New(edgio.Options{
			BaseURL: cfg.Edgio.BaseURL, Username: cfg.Edgio.Username, SharedKey: cfg.Edgio.SharedKey.Reveal(),
			Shortname: cfg.Edgio.Shortname, Log: log.With("target", string(model.Edgio)),
			HTTP: options("edgio", account),
		})
		if err != nil {
			return p, fmt.Errorf("edgio: %w", err)
		}
		p.CDNs = append(p.CDNs, syncer.CDN{Target: model.Edgio, Provider: p.Edgio, Account: account})
	}
	api, err := vultrapi.New(cfg.Vultr.BaseURL, cfg.Vultr.APIKey.Reveal(), options("vultr", p.VultrAccount))
	if err != nil {
		return p, fmt.Errorf("vultr: %w", err)
	}
	p.Vultr = vultrdns.New(vultrdns.Options{API: api, Domain: cfg.Vultr.Domain, Zones: cfg.Vultr.PublishZones})
	if cfg.VultrCDN.On {
		p.VultrCDN = vultrcdn.New(vultrcdn.Options{API: api, Log: log.With("target", string(model.VultrCDN))})
		p.CDNs = append(p.CDNs, syncer.CDN{Target: model.VultrCDN, Provider: p.VultrCDN, Account: p.VultrAccount})
	}
	return p, nil
}

// Rules returns all rules at all CDNs, ours or not.
func (p Providers) Rules(ctx context.Context) ([]model.Rule, error) {
	var all []model.Rule
	var errs []error
	for _, c := range p.CDNs {
		rules, err := c.Provider.List(ctx)
		all, errs = append(all, rules...), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// Records returns all records of all zones, ours or not. A zone of published hosts
// that cannot be read is a fault of that part and no error.
func (p Providers) Records(ctx context.Context) (observed.View[model.Record], error) {
	view := observed.View[model.Record]{Known: true, Parts: make(map[string]observed.Part)}
	var records []model.Record
	for i, zone := range p.Vultr.Zones() {
		part := observed.Part{Known: true, Read: time.Now()}
		found, err := p.Vultr.Find(ctx, model.Record{Zone: zone})
		switch {
		case err != nil && i == 0:
			return observed.View[model.Record]{}, err
		case err != nil:
			part = observed.Part{Fault: err.Error()}
		}
		view.Parts[zone] = part
		records = append(records, found...)
	}
	view.Objects = observed.Refs(records)
	slices.SortFunc(view.Objects, func(a, b *model.Record) int { return a.Compare(*b) })
	return view, nil
}

// DeleteRule removes a rule of ours from its CDN.
func (p Providers) DeleteRule(ctx context.Context, r model.Rule) error {
	i := slices.IndexFunc(p.CDNs, func(c syncer.CDN) bool { return c.Target == r.CDN })
	if i < 0 {
		return fmt.Errorf("rule %s: the configuration has no %s", r.RuleKey, r.CDN)
	}
	return p.CDNs[i].Provider.Delete(ctx, r)
}

// Raw returns a rule as its CDN has it, for a backup.
func (p Providers) Raw(ctx context.Context, r model.Rule) (json.RawMessage, error) {
	if r.CDN == model.VultrCDN {
		return p.VultrCDN.Raw(ctx, r.ID)
	}
	return p.Edgio.Raw(ctx, r.ID)
}

// Unobserved is for Connect where nobody counts calls.
func Unobserved(string) httpapi.Observe { return nil }
