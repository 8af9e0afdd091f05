// Package example is a CDN whose rules are a JSON file: what a provider's package needs
// at least, for docs/adding-a-provider.md. It is in no table but that of its tests.
//
// The file is a list of rules. Whatever a rule has besides our fields stays; so does a
// rule without our owner label. Whoever else writes the file must not do so at the same
// time.
package example

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/edgeward/edgeward/internal/httpapi"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
)

// Name is the provider's in metrics, ownership records and messages, and that of its
// section.
const Name model.Provider = "example"

// Config is the section of the configuration.
type Config struct {
	File         string `mapstructure:"file"`
	IngressClass string `mapstructure:"ingress_class"`
	Host         string `mapstructure:"host"` // that published hosts are led to
}

// Definition is what a table of providers has of the example.
func Definition() provider.Definition {
	config := func(s schema.Sections) *Config { return schema.ValuesOf[Config](s, string(Name)) }
	return provider.Definition{
		Name:  Name,
		Title: "the example",
		Section: schema.Section{
			Name: string(Name),
			Keys: []schema.Key{
				schema.Scalar("file", "", schema.Required(schema.FilePath)),
				schema.Scalar("ingress_class", "example", schema.Required(schema.PlainText)),
				schema.Scalar("host", "", schema.HostName),
			},
			New: func() any { return new(Config) },
		},
		Account: func(s schema.Sections) provider.Account {
			return provider.Account{Name: Name, BaseURL: "file://" + config(s).File}
		},
		CDN: &provider.CDNDefinition{
			Capabilities: func(s schema.Sections) model.CDN {
				c := config(s)
				return model.CDN{
					Class: c.IngressClass, PublishedProtocols: []string{"http", "https"},
					OneName: true, Host: c.Host, HostKey: "example.host",
				}
			},
			Connect: func(s schema.Sections, _ provider.Connection) (provider.CDN, error) {
				return New(config(s).File), nil
			},
			Check: func(ctx context.Context, s schema.Sections, cdn provider.CDN, found provider.Findings) {
				rules, err := cdn.List(ctx)
				if err != nil {
					found.Fail("example: %v", err)
					return
				}
				found.OK("example: %s has %d rules, %d of them ours", config(s).File, len(rules), found.Ours(rules))
			},
		},
	}
}

// Client reads and writes the file. Its methods are safe for concurrent use.
type Client struct {
	path string
	mu   sync.Mutex
}

// New returns a client of a file, which need not be there yet.
func New(path string) *Client { return &Client{path: path} }

// entry is a rule in the file, with whatever else it has there.
type entry map[string]json.RawMessage

// fields are those of an entry that are ours.
type fields struct {
	ID         string           `json:"id"`
	Host       string           `json:"host"`
	Path       string           `json:"path"`
	OriginHost string           `json:"origin_host"`
	OriginPath string           `json:"origin_path"`
	Protocols  []model.Protocol `json:"protocols"`
}

func (e entry) rule() (model.Rule, error) {
	var f fields
	text, err := json.Marshal(e)
	if err == nil {
		err = json.Unmarshal(text, &f)
	}
	return model.Rule{
		ID: f.ID, RuleKey: model.RuleKey{CDN: Name, Host: model.NormalHost(f.Host), Path: f.Path},
		SourceHost: model.NormalHost(f.OriginHost), SourcePath: f.OriginPath, Protocols: f.Protocols,
	}, err
}

// with returns the entry with our fields as a rule has them.
func (e entry) with(id string, r model.Rule) (entry, error) {
	text, err := json.Marshal(fields{id, r.Host, r.Path, r.SourceHost, r.SourcePath, r.Protocols})
	changed := make(entry)
	for name, value := range e {
		changed[name] = value
	}
	return changed, errors.Join(err, json.Unmarshal(text, &changed))
}

// read returns the file's entries and, in the same order, their rules.
func (c *Client) read(ctx context.Context) (entries []entry, rules []model.Rule, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, httpapi.Unsent(err)
	}
	text, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &entries)
	}
	for _, e := range entries {
		r, wrong := e.rule()
		rules, err = append(rules, r), errors.Join(err, wrong)
	}
	return entries, rules, err
}

// write replaces the file at once, so that no reader sees half of it.
func (c *Client) write(entries []entry) error {
	text, err := json.MarshalIndent(entries, "", "  ")
	if err == nil {
		err = os.WriteFile(c.path+".new", text, 0o644)
	}
	if err != nil {
		return err
	}
	return os.Rename(c.path+".new", c.path)
}

// List returns all rules, ours or not.
func (c *Client) List(ctx context.Context) ([]model.Rule, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, rules, err := c.read(ctx)
	return rules, err
}

// Find returns all rules of r's host.
func (c *Client) Find(ctx context.Context, r model.Rule) ([]model.Rule, error) {
	rules, err := c.List(ctx)
	return slices.DeleteFunc(rules, func(o model.Rule) bool { return o.Host != r.Host }), err
}

// Create appends a rule.
func (c *Client) Create(ctx context.Context, r model.Rule) (model.Rule, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries, _, err := c.read(ctx)
	if err != nil {
		return model.Rule{}, err
	}
	made, err := entry{}.with(rand.Text(), r)
	if err == nil {
		err = c.write(append(entries, made))
	}
	if err != nil {
		return model.Rule{}, err
	}
	return made.rule()
}

// Update changes a rule that is ours, or that nobody labelled with adopt.
func (c *Client) Update(ctx context.Context, old, r model.Rule, adopt bool) (model.Rule, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries, rules, err := c.read(ctx)
	if err != nil {
		return model.Rule{}, err
	}
	i := slices.IndexFunc(rules, func(o model.Rule) bool { return o.ID == old.ID })
	switch {
	case i < 0:
		return model.Rule{}, fmt.Errorf("rule %s: %w", r.RuleKey, &httpapi.Error{Status: 404})
	case rules[i].SameOwner(old), rules[i].SameOwner(r), rules[i].LostLabel(old), adopt && !rules[i].Labelled():
	default:
		return model.Rule{}, fmt.Errorf("rule %s: %w", r.RuleKey, httpapi.ErrForeign)
	}
	if entries[i], err = entries[i].with(old.ID, r); err == nil {
		err = c.write(entries)
	}
	if err != nil {
		return model.Rule{}, err
	}
	return entries[i].rule()
}

// Delete removes a rule that is ours.
func (c *Client) Delete(ctx context.Context, r model.Rule) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries, rules, err := c.read(ctx)
	i := slices.IndexFunc(rules, func(o model.Rule) bool { return o.ID == r.ID })
	switch {
	case err != nil || i < 0:
		return err
	case !rules[i].SameOwner(r) && !rules[i].LostLabel(r):
		return fmt.Errorf("rule %s: %w", r.RuleKey, httpapi.ErrForeign)
	}
	return c.write(slices.Delete(entries, i, i+1))
}

// Raw returns a rule as it stands in the file.
func (c *Client) Raw(ctx context.Context, id string) (json.RawMessage, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries, rules, err := c.read(ctx)
	i := slices.IndexFunc(rules, func(o model.Rule) bool { return o.ID == id })
	if err != nil || i < 0 {
		return nil, errors.Join(err, &httpapi.Error{Status: 404})
	}
	return json.Marshal(entries[i])
}
