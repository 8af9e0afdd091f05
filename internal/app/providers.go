package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/provider"
)

// Providers are the clients of the providers in force.
type Providers struct {
	CDNs []CDN // in the order of model.Settings.CDNs
	DNS  DNS
}

// CDN is a CDN's client, and its account.
type CDN struct {
	provider.Definition
	Client  provider.CDN
	Account *httpapi.Account
}

// DNS is a DNS's client, and its account.
type DNS struct {
	provider.Definition
	Client  provider.DNS
	Account *httpapi.Account
}

// Observe returns the function that is told of each call to the named provider.
type Observe func(provider string) httpapi.Observe

// Connect makes the clients of the providers that the configuration names. Those of one
// account share the connections to it, and what is observed of it. It makes no call.
func Connect(cfg *config.Config, accounts *Accounts, version string, observe Observe, log *slog.Logger) (Providers, error) {
	var p Providers
	clients := make(map[*httpapi.Account]*httpapi.Client)
	for _, d := range cfg.Providers {
		of := d.Account(cfg.Sections)
		account := accounts.account(of)
		if clients[account] == nil {
			clients[account] = httpapi.New(httpapi.Options{
				Account: account, UserAgent: "edgeward/" + version, Observe: observe(string(of.Name)),
			})
		}
		on := provider.Connection{HTTP: clients[account], Log: log.With("target", string(d.Name))}
		var err error
		if d.CDN != nil {
			cdn := CDN{Definition: d, Account: account}
			cdn.Client, err = d.CDN.Connect(cfg.Sections, on)
			p.CDNs = append(p.CDNs, cdn)
		} else {
			p.DNS = DNS{Definition: d, Account: account}
			p.DNS.Client, err = d.DNS.Connect(cfg.Sections, on)
		}
		if err != nil {
			return p, fmt.Errorf("%s: %w", d.Section.Name, err)
		}
	}
	return p, nil
}

// Rules returns all rules at all CDNs, ours or not.
func (p Providers) Rules(ctx context.Context) ([]model.Rule, error) {
	var all []model.Rule
	var errs []error
	for _, c := range p.CDNs {
		rules, err := c.Client.List(ctx)
		all, errs = append(all, rules...), append(errs, err)
	}
	return all, errors.Join(errs...)
}

// Records returns all records of all zones, ours or not. A zone of published hosts
// that cannot be read is a fault of that part and no error.
func (p Providers) Records(ctx context.Context) (observed.View[model.Record], error) {
	view := observed.View[model.Record]{Known: true, Parts: make(map[string]observed.Part)}
	var records []model.Record
	for i, zone := range p.DNS.Client.Zones() {
		part := observed.Part{Known: true, Read: time.Now()}
		found, err := p.DNS.Client.Find(ctx, model.Record{Zone: zone})
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

// cdn is the client of the CDN that a rule is at.
func (p Providers) cdn(r model.Rule) (provider.CDN, error) {
	i := slices.IndexFunc(p.CDNs, func(c CDN) bool { return c.Name == r.CDN })
	if i < 0 {
		return nil, fmt.Errorf("rule %s: the configuration has no %s", r.RuleKey, r.CDN)
	}
	return p.CDNs[i].Client, nil
}

// DeleteRule removes a rule of ours from its CDN.
func (p Providers) DeleteRule(ctx context.Context, r model.Rule) error {
	cdn, err := p.cdn(r)
	if err != nil {
		return err
	}
	return cdn.Delete(ctx, r)
}

// Raw returns a rule as its CDN has it, for a backup.
func (p Providers) Raw(ctx context.Context, r model.Rule) (json.RawMessage, error) {
	cdn, err := p.cdn(r)
	if err != nil {
		return nil, err
	}
	return cdn.Raw(ctx, r.ID)
}

// Unobserved is for Connect where nobody counts calls.
func Unobserved(string) httpapi.Observe { return nil }
