package kube

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestPairsAreNotPrinted(t *testing.T) {
	s := TLSSecret{Meta: Meta{Namespace: "shop", Name: "tls"}, Names: []string{"www.example.com"}}.WithPair("CHAIN", "SECRET")
	type wrapper struct{ S TLSSecret }
	type hidden struct { // fmt calls no method of its fields
		s TLSSecret
		p *TLSSecret
	}
	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%t", "%10s"} {
		for _, value := range []any{s, &s, []TLSSecret{s}, wrapper{s}, &wrapper{s}, hidden{s, &s}} {
			fmt.Fprintf(&printed, verb+"\n", value)
		}
	}
	for _, log := range []*slog.Logger{
		slog.New(slog.NewTextHandler(&printed, nil)), slog.New(slog.NewJSONHandler(&printed, nil)),
	} {
		log.Info("value", "s", s, "pointer", &s, "list", []TLSSecret{s}, "wrapper", wrapper{s})
	}
	if err := json.NewEncoder(&printed).Encode([]any{s, &s, wrapper{s}}); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"SECRET", "CHAIN"} {
		for _, form := range []string{"%s", "%x", "%X", "%d", "%o", "%v"} {
			if shown := strings.Trim(fmt.Sprintf(form, []byte(secret)), "[]"); strings.Contains(printed.String(), shown) {
				t.Errorf("%s, as %s, is in %s", secret, form, &printed)
			}
		}
	}
	if s.Chain() != "CHAIN" || s.PrivateKey() != "SECRET" {
		t.Errorf("it holds %q and %q", s.Chain(), s.PrivateKey())
	}
	if got := fmt.Sprint(s, " ", &s); got != "Secret shop/tls Secret shop/tls" {
		t.Errorf("got %q", got)
	}
}

func TestTLSSecretsAreEqual(t *testing.T) {
	begin := time.Unix(1e9, 0)
	one := func() TLSSecret {
		return TLSSecret{
			Meta: Meta{Namespace: "shop", Name: "tls", UID: "u", ResourceVersion: "1"}, Names: []string{"www.example.com"},
			NotBefore: begin, NotAfter: begin.Add(time.Hour),
		}.WithPair("chain", "key")
	}
	tests := map[string]struct {
		edit func(*TLSSecret)
		want bool
	}{
		"itself":             {func(*TLSSecret) {}, true},
		"another version":    {func(s *TLSSecret) { s.ResourceVersion = "2" }, true},
		"another time zone":  {func(s *TLSSecret) { s.NotAfter = s.NotAfter.UTC() }, true},
		"another name":       {func(s *TLSSecret) { s.Name = "x" }, false},
		"another namespace":  {func(s *TLSSecret) { s.Namespace = "x" }, false},
		"made anew":          {func(s *TLSSecret) { s.UID = "x" }, false},
		"another chain":      {func(s *TLSSecret) { *s = s.WithPair("x", "key") }, false},
		"another key":        {func(s *TLSSecret) { *s = s.WithPair("chain", "x") }, false},
		"another host":       {func(s *TLSSecret) { s.Names = []string{"x"} }, false},
		"another end":        {func(s *TLSSecret) { s.NotAfter = begin }, false},
		"another begin":      {func(s *TLSSecret) { s.NotBefore = begin.Add(1) }, false},
		"something is wrong": {func(s *TLSSecret) { s.Fault = "x" }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			other := one()
			test.edit(&other)
			if got, back := one().Equal(other), other.Equal(one()); got != test.want || back != test.want {
				t.Errorf("got %v and, the other way round, %v; want %v", got, back, test.want)
			}
		})
	}
}

func TestIngressesWithTLSAreEqual(t *testing.T) {
	of := func(tls ...IngressTLS) Ingress { return Ingress{TLS: tls} }
	both := IngressTLS{Hosts: []string{"a.example", "b.example"}, Secret: "tls"}
	tests := map[string]struct {
		a, b Ingress
		want bool
	}{
		"the same":       {of(both), of(both), true},
		"none":           {of(), of(both), false},
		"one more":       {of(both, both), of(both), false},
		"another host":   {of(IngressTLS{Hosts: []string{"a.example"}, Secret: "tls"}), of(both), false},
		"another Secret": {of(IngressTLS{Hosts: both.Hosts, Secret: "x"}), of(both), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.a.Equal(&test.b); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
