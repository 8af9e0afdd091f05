package model_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

func TestParseOwnerLabel(t *testing.T) {
	mine := model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()}
	good := mine.String(fixture.ShopKey())
	tests := map[string]struct {
		text string
		key  model.RuleKey
		want model.OwnerLabel
		ok   bool
	}{
		"ours":               {good, fixture.ShopKey(), mine, true},
		"dots in the name":   {"acme/main/default/a.b/2680d284a82a0108", fixture.ShopKey(), model.OwnerLabel{Owner: fixture.Owner, IngressID: model.IngressID{Cluster: "main", Namespace: "default", Name: "a.b"}}, true},
		"at another path":    {good, model.RuleKey{CDN: fixture.Edgio, Host: "www.example.com", Path: "/b"}, model.OwnerLabel{}, false},
		"at another host":    {good, model.RuleKey{CDN: fixture.Edgio, Host: "web.example.com", Path: "/a"}, model.OwnerLabel{}, false},
		"another hash":       {good[:len(good)-1] + "0", fixture.ShopKey(), model.OwnerLabel{}, false},
		"an upper-case hash": {strings.ToUpper(good), fixture.ShopKey(), model.OwnerLabel{}, false},
		"empty":              {"", fixture.ShopKey(), model.OwnerLabel{}, false},
		"too few parts":      {"acme/main/shop/2680d284a82a0108", fixture.ShopKey(), model.OwnerLabel{}, false},
		"too many parts":     {"acme/main/default/shop/x/2680d284a82a0108", fixture.ShopKey(), model.OwnerLabel{}, false},
		"an empty owner":     {"/main/default/shop/2680d284a82a0108", fixture.ShopKey(), model.OwnerLabel{}, false},
		"an empty name":      {"acme/main/default//2680d284a82a0108", fixture.ShopKey(), model.OwnerLabel{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := model.ParseOwnerLabel(test.text, test.key)
			if ok != test.ok || ok && got != test.want {
				t.Errorf("%+v, %v; want %+v, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func TestRuleLabel(t *testing.T) {
	mine, theirs := model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()}.String(fixture.ShopKey()), model.OwnerLabel{Owner: "other", IngressID: fixture.ShopID()}.String(fixture.ShopKey())
	copied := model.OwnerLabel{Owner: fixture.Owner, IngressID: fixture.ShopID()}.String(model.RuleKey{CDN: fixture.Edgio, Host: "www.example.com", Path: "/b"})
	tests := map[string]struct {
		labels   []string
		owner    string // "": it has no valid label
		labelled bool
	}{
		"no protocols":                 {nil, "", false},
		"none":                         {[]string{"", ""}, "", false},
		"both":                         {[]string{mine, mine}, fixture.Owner, true},
		"one lost":                     {[]string{"", mine}, fixture.Owner, true},
		"another owner's":              {[]string{theirs, theirs}, "other", true},
		"two owners'":                  {[]string{mine, theirs}, "", true},
		"a copy":                       {[]string{copied, copied}, "", true},
		"a copy beside a valid one":    {[]string{mine, copied}, "", true},
		"somebody's header":            {[]string{"1"}, "", true},
		"somebody's beside a lost one": {[]string{"1", ""}, "", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := model.Rule{RuleKey: fixture.ShopKey()}
			for _, m := range test.labels {
				r.Protocols = append(r.Protocols, model.Protocol{Label: m})
			}
			m, ok := r.OwnerLabel()
			if ok != (test.owner != "") || m.Owner != test.owner {
				t.Errorf("label of %q, %v; want %q", m.Owner, ok, test.owner)
			}
			if r.Labelled() != test.labelled {
				t.Errorf("labelled %v, want %v", r.Labelled(), test.labelled)
			}
		})
	}
}

func TestRuleEqual(t *testing.T) {
	base := func() model.Rule {
		return model.Rule{ID: "1", RuleKey: fixture.ShopKey(), SourceHost: "o", SourcePath: "/", Profile: "p",
			Protocols: []model.Protocol{{Published: "http", Source: "http", SourcePort: 1, Label: "m"}, {Published: "https", PublishedPort: 443, Source: "http", SourcePort: 1, Label: "m"}}}
	}
	tests := map[string]struct {
		change func(*model.Rule)
		want   bool
	}{
		"the same":                      {func(*model.Rule) {}, true},
		"another ID":                    {func(r *model.Rule) { r.ID = "2" }, true},
		"a port that was told, 80":      {func(r *model.Rule) { r.Protocols[0].PublishedPort = 80 }, true},
		"a port that was not told, 443": {func(r *model.Rule) { r.Protocols[1].PublishedPort = 0 }, true},
		"another published port":        {func(r *model.Rule) { r.Protocols[0].PublishedPort = 8080 }, false},
		"another path":                  {func(r *model.Rule) { r.Path = "/b" }, false},
		"another origin":                {func(r *model.Rule) { r.SourceHost = "x" }, false},
		"another source path":           {func(r *model.Rule) { r.SourcePath = "/a" }, false},
		"another profile":               {func(r *model.Rule) { r.Profile = "x" }, false},
		"another source protocol":       {func(r *model.Rule) { r.Protocols[0].Source = "https" }, false},
		"another source port":           {func(r *model.Rule) { r.Protocols[1].SourcePort = 2 }, false},
		"a lost label":                  {func(r *model.Rule) { r.Protocols[1].Label = "" }, false},
		"one protocol less":             {func(r *model.Rule) { r.Protocols = r.Protocols[:1] }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			other := base()
			test.change(&other)
			if got := base().Equal(other); got != test.want {
				t.Errorf("equal %v, want %v: %s", got, test.want, cmp.Diff(base().Protocols, other.Protocols))
			}
			if got := other.Equal(base()); got != test.want {
				t.Errorf("the other way round: equal %v, want %v", got, test.want)
			}
		})
	}
}
