package model_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edgeward/edgeward/internal/fixture"
	"github.com/edgeward/edgeward/internal/model"
)

func TestSame(t *testing.T) {
	at := func(path string) model.Rule {
		return model.Rule{RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "www.example.com", Path: path}}
	}
	for name, test := range map[string]struct {
		a, b model.Op[model.Rule]
		want bool
	}{
		"the same":                      {model.Op[model.Rule]{Verb: model.Create, To: new(at("/a"))}, model.Op[model.Rule]{Verb: model.Create, To: new(at("/a")), Urgency: 3}, true},
		"another verb":                  {model.Op[model.Rule]{Verb: model.Create, To: new(at("/a"))}, model.Op[model.Rule]{Verb: model.Update, To: new(at("/a"))}, false},
		"another content":               {model.Op[model.Rule]{Verb: model.Create, To: new(at("/a"))}, model.Op[model.Rule]{Verb: model.Create, To: new(at("/b"))}, false},
		"another object":                {model.Op[model.Rule]{Verb: model.Delete, From: new(at("/a").WithIdentity("1"))}, model.Op[model.Rule]{Verb: model.Delete, From: new(at("/a").WithIdentity("2"))}, false},
		"searches for two of one scope": {model.Op[model.Rule]{Verb: model.LookUp, To: new(at("/a"))}, model.Op[model.Rule]{Verb: model.LookUp, To: new(at("/b"))}, true},
		"searches of two scopes":        {model.Op[model.Rule]{Verb: model.LookUp, To: new(at("/a"))}, model.Op[model.Rule]{Verb: model.LookUp, To: new(model.Rule{RuleKey: model.RuleKey{CDN: fixture.Edgio, Host: "b.example.com", Path: "/a"}})}, false},
		"a search and a creation":       {model.Op[model.Rule]{Verb: model.LookUp, To: new(at("/a"))}, model.Op[model.Rule]{Verb: model.Create, To: new(at("/a"))}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if test.a.Same(test.b) != test.want || test.b.Same(test.a) != test.want {
				t.Errorf("same %v and %v, want %v", test.a.Same(test.b), test.b.Same(test.a), test.want)
			}
		})
	}
}

// TestReplace: what an operation on a whole set is, where it works, and what it touches.
func TestReplace(t *testing.T) {
	at := func(ip string, ttl int) *model.Record { return new(model.AddressRecord("nodes.main.acme", ip, ttl)) }
	set := func(records ...*model.Record) []*model.Record { return records }
	op := model.Op[model.Record]{Verb: model.Replace, FromSet: set(at("192.0.2.1", 60), at("192.0.2.2", 60)), ToSet: set(at("192.0.2.1", 60), at("192.0.2.3", 60))}
	place := model.Place{Kind: "A", Name: "nodes.main.acme"}
	made := model.Op[model.Record]{Verb: model.Replace, ToSet: op.ToSet}
	gone := model.Op[model.Record]{Verb: model.Replace, FromSet: op.FromSet}
	for _, op := range []model.Op[model.Record]{op, made, gone} {
		if op.Key() != place {
			t.Errorf("it works at %v, want %v", op.Key(), place)
		}
	}
	if diff := cmp.Diff(set(at("192.0.2.2", 60), at("192.0.2.3", 60)), op.Touched()); diff != "" {
		t.Errorf("touched (-want +got):\n%s", diff)
	}
	other := op
	other.ToSet = set(at("192.0.2.1", 30), at("192.0.2.3", 30))
	if n := len(other.Touched()); n != 4 {
		t.Errorf("another TTL touches %d records, want 4", n)
	}
	if again := op; !again.Same(op) || other.Same(op) || made.Same(op) || gone.Same(op) {
		t.Error("it is the same as another one, or not as itself")
	}
}
