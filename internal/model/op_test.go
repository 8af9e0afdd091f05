package model_test

import (
	"testing"

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
