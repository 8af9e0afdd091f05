package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseMark(t *testing.T) {
	mine := Mark{testOwner, shopID()}
	good := mine.String(shopKey())
	tests := map[string]struct {
		text string
		key  RuleKey
		want Mark
		ok   bool
	}{
		"ours":               {good, shopKey(), mine, true},
		"dots in the name":   {"acme/main/default/a.b/2680d284a82a0108", shopKey(), Mark{testOwner, IngressID{"main", "default", "a.b"}}, true},
		"at another path":    {good, RuleKey{Edgio, "www.example.com", "/b"}, Mark{}, false},
		"at another host":    {good, RuleKey{Edgio, "web.example.com", "/a"}, Mark{}, false},
		"another hash":       {good[:len(good)-1] + "0", shopKey(), Mark{}, false},
		"an upper-case hash": {strings.ToUpper(good), shopKey(), Mark{}, false},
		"empty":              {"", shopKey(), Mark{}, false},
		"too few parts":      {"acme/main/shop/2680d284a82a0108", shopKey(), Mark{}, false},
		"too many parts":     {"acme/main/default/shop/x/2680d284a82a0108", shopKey(), Mark{}, false},
		"an empty owner":     {"/main/default/shop/2680d284a82a0108", shopKey(), Mark{}, false},
		"an empty name":      {"acme/main/default//2680d284a82a0108", shopKey(), Mark{}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := ParseMark(test.text, test.key)
			if ok != test.ok || ok && got != test.want {
				t.Errorf("%+v, %v; want %+v, %v", got, ok, test.want, test.ok)
			}
		})
	}
}

func TestRuleMark(t *testing.T) {
	mine, theirs := Mark{testOwner, shopID()}.String(shopKey()), Mark{"other", shopID()}.String(shopKey())
	copied := Mark{testOwner, shopID()}.String(RuleKey{Edgio, "www.example.com", "/b"})
	tests := map[string]struct {
		marks  []string
		owner  string // "": it has no valid mark
		marked bool
	}{
		"no protocols":                 {nil, "", false},
		"none":                         {[]string{"", ""}, "", false},
		"both":                         {[]string{mine, mine}, testOwner, true},
		"one lost":                     {[]string{"", mine}, testOwner, true},
		"another owner's":              {[]string{theirs, theirs}, "other", true},
		"two owners'":                  {[]string{mine, theirs}, "", true},
		"a copy":                       {[]string{copied, copied}, "", true},
		"a copy beside a valid one":    {[]string{mine, copied}, "", true},
		"somebody's header":            {[]string{"1"}, "", true},
		"somebody's beside a lost one": {[]string{"1", ""}, "", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := Rule{RuleKey: shopKey()}
			for _, m := range test.marks {
				r.Protocols = append(r.Protocols, Protocol{Mark: m})
			}
			m, ok := r.Mark()
			if ok != (test.owner != "") || m.Owner != test.owner {
				t.Errorf("mark of %q, %v; want %q", m.Owner, ok, test.owner)
			}
			if r.Marked() != test.marked {
				t.Errorf("marked %v, want %v", r.Marked(), test.marked)
			}
		})
	}
}

func TestRuleEqual(t *testing.T) {
	base := func() Rule {
		return Rule{ID: "1", RuleKey: shopKey(), SourceHost: "o", SourcePath: "/", Profile: "p",
			Protocols: []Protocol{{Published: "http", Source: "http", SourcePort: 1, Mark: "m"}, {Published: "https", PublishedPort: 443, Source: "http", SourcePort: 1, Mark: "m"}}}
	}
	tests := map[string]struct {
		change func(*Rule)
		want   bool
	}{
		"the same":                      {func(*Rule) {}, true},
		"another ID":                    {func(r *Rule) { r.ID = "2" }, true},
		"a port that was told, 80":      {func(r *Rule) { r.Protocols[0].PublishedPort = 80 }, true},
		"a port that was not told, 443": {func(r *Rule) { r.Protocols[1].PublishedPort = 0 }, true},
		"another published port":        {func(r *Rule) { r.Protocols[0].PublishedPort = 8080 }, false},
		"another path":                  {func(r *Rule) { r.Path = "/b" }, false},
		"another origin":                {func(r *Rule) { r.SourceHost = "x" }, false},
		"another source path":           {func(r *Rule) { r.SourcePath = "/a" }, false},
		"another profile":               {func(r *Rule) { r.Profile = "x" }, false},
		"another source protocol":       {func(r *Rule) { r.Protocols[0].Source = "https" }, false},
		"another source port":           {func(r *Rule) { r.Protocols[1].SourcePort = 2 }, false},
		"a lost mark":                   {func(r *Rule) { r.Protocols[1].Mark = "" }, false},
		"one protocol less":             {func(r *Rule) { r.Protocols = r.Protocols[:1] }, false},
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
