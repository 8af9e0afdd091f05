package model_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/edgeward/edgeward/internal/model"
)

func TestCertificatesAreNotPrinted(t *testing.T) {
	c := *model.NewCertificate("CHAIN", "SECRET")
	rule := model.Rule{RuleKey: model.RuleKey{Host: "h", Path: "/"}, Certificate: &c}
	type wrapper struct{ C model.Certificate }
	type hidden struct { // fmt calls no method of its fields
		c model.Certificate
		p *model.Certificate
	}
	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%t", "%10s"} {
		for _, value := range []any{c, &c, rule, &rule, []model.Rule{rule}, []*model.Certificate{&c}, wrapper{c}, &wrapper{c}, hidden{c, &c}} {
			fmt.Fprintf(&printed, verb+"\n", value)
		}
	}
	for _, log := range []*slog.Logger{
		slog.New(slog.NewTextHandler(&printed, nil)), slog.New(slog.NewJSONHandler(&printed, nil)),
	} {
		log.Info("value", "c", c, "pointer", &c, "rule", rule, "list", []model.Rule{rule}, "wrapper", wrapper{c})
	}
	if err := json.NewEncoder(&printed).Encode([]any{c, &c, rule, wrapper{c}}); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"SECRET", "CHAIN"} {
		for _, form := range []string{"%s", "%x", "%X", "%d", "%o", "%v"} {
			shown := strings.Trim(fmt.Sprintf(form, []byte(secret)), "[]")
			if strings.Contains(printed.String(), shown) {
				t.Errorf("%s, as %s, is in %s", secret, form, &printed)
			}
		}
	}
	if c.Chain() != "CHAIN" || c.Key() != "SECRET" {
		t.Errorf("it holds %q and %q", c.Chain(), c.Key())
	}
	const name = "certificate 1ea5640c4c058748"
	if got, want := fmt.Sprint(c, " ", &c), name+" "+name; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRulesAreEqual(t *testing.T) {
	one := func() model.Rule {
		return model.Rule{
			ID: "a", RuleKey: model.RuleKey{Host: "www.example.com", Path: "/"}, SourceHost: "web.example.net", SourcePath: "/",
			Protocols:   []model.Protocol{{Published: "https", PublishedPort: 443, Source: "http", SourcePort: 80, Label: "m"}},
			Certificate: model.NewCertificate("chain", "key"),
		}
	}
	for _, tc := range []struct {
		name string
		edit func(*model.Rule)
		want bool
	}{
		{"itself", func(*model.Rule) {}, true},
		{"another ID", func(r *model.Rule) { r.ID = "b" }, true},
		{"a published port that was not told", func(r *model.Rule) { r.Protocols[0].PublishedPort = 0 }, true},
		{"a certificate of which the fingerprint alone is known", func(r *model.Rule) { r.Certificate = &model.Certificate{Fingerprint: r.Certificate.Fingerprint} }, true},
		{"still pending", func(r *model.Rule) { r.Pending = true }, true},
		{"at another host of the CDN", func(r *model.Rule) { r.Published = "cdn-a.example.org" }, true},
		{"another chain", func(r *model.Rule) { r.Certificate = model.NewCertificate("another", "key") }, false},
		{"another key", func(r *model.Rule) { r.Certificate = model.NewCertificate("chain", "another") }, false},
		{"no certificate", func(r *model.Rule) { r.Certificate = nil }, false},
		{"another host", func(r *model.Rule) { r.Host = "example.com" }, false},
		{"another source", func(r *model.Rule) { r.SourceHost = "example.net" }, false},
		{"another profile", func(r *model.Rule) { r.Profile = "p" }, false},
		{"another label", func(r *model.Rule) { r.Protocols[0].Label = "n" }, false},
		{"another protocol beside it", func(r *model.Rule) { r.Protocols = append(r.Protocols, model.Protocol{Published: "http"}) }, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			other := one()
			tc.edit(&other)
			if got, back := one().Equal(other), other.Equal(one()); got != tc.want || back != tc.want {
				t.Errorf("got %v and, the other way round, %v; want %v", got, back, tc.want)
			}
		})
	}
}
