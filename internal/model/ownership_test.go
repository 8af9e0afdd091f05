package model

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOwnership(t *testing.T) {
	var many []string
	for i := range 40 {
		many = append(many, ZoneTag(fmt.Sprintf("zone-%d.example.com", i)))
	}
	slices.Sort(many)
	long := strings.Repeat("o", 32)
	const uid = "0a1b2c3d-0000-4000-8000-0123456789ab"
	tests := map[string]struct {
		said Ownership
		text string
		read Ownership // from the text, where it is not said
	}{
		"the least": {said: Ownership{Owner: "acme", UID: uid}, text: "heritage=edgeward,edgeward/owner=acme,edgeward/cluster=" + uid},
		"one CDN":   {said: Ownership{Owner: "acme", UID: uid, CDNs: []Provider{"edgio"}}, text: "heritage=edgeward,edgeward/owner=acme,edgeward/cluster=" + uid + ",edgeward/cdns=edgio"},
		"all": {
			said: Ownership{Owner: "acme", UID: uid, CDNs: []Provider{"edgio", "vultr-cdn"}, Zones: []string{"abc", "x-_"}},
			text: "heritage=edgeward,edgeward/owner=acme,edgeward/cluster=" + uid + ",edgeward/cdns=edgio+vultr-cdn,edgeward/zones=abcx-_",
		},
		"more zones than fit": {
			said: Ownership{Owner: long, UID: uid, CDNs: []Provider{"edgio", "vultr-cdn"}, Zones: many},
			text: "heritage=edgeward,edgeward/owner=" + long + ",edgeward/cluster=" + uid + ",edgeward/cdns=edgio+vultr-cdn,edgeward/zones=*",
			read: Ownership{Owner: long, UID: uid, CDNs: []Provider{"edgio", "vultr-cdn"}, Zones: []string{anyZone}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.text, test.said.String()); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			if test.read.Owner == "" {
				test.read = test.said
			}
			read, ok := ParseOwnership(test.text)
			if diff := cmp.Diff(test.read, read); diff != "" || !ok {
				t.Errorf("read, %v (-want +got):\n%s", ok, diff)
			}
			if len(test.text) > maxText {
				t.Errorf("it has %d characters", len(test.text))
			}
		})
	}
	for _, text := range []string{"", "x", "heritage=edgeward", "heritage=edgeward,v=2", "heritage=external-dns,edgeward/owner=a,edgeward/cluster=b", AliasLabel("acme", "main")} {
		if o, ok := ParseOwnership(text); ok {
			t.Errorf("%q reads as %+v", text, o)
		}
	}
	later, ok := ParseOwnership("heritage=edgeward,edgeward/owner=acme,edgeward/cluster=u,edgeward/new=1,edgeward/cdns=edgio")
	if diff := cmp.Diff(Ownership{Owner: "acme", UID: "u", CDNs: []Provider{"edgio"}}, later); diff != "" || !ok {
		t.Errorf("what a later version says (-want +got):\n%s", diff)
	}
}

// TestUnlistedZone has in which zones hosts may be led to a CDN unseen.
func TestUnlistedZone(t *testing.T) {
	tests := map[string]struct {
		said, listed, forget []string // zones
		host, want           string
	}{
		"never published":               {nil, nil, nil, "www.example.com", ""},
		"still listed":                  {[]string{"example.com"}, []string{"example.com"}, nil, "www.example.com", ""},
		"taken out":                     {[]string{"example.com"}, nil, nil, "www.example.com", "example.com"},
		"deep below it":                 {[]string{"example.com"}, nil, nil, "a.b.www.example.com", "example.com"},
		"its apex":                      {[]string{"example.com"}, nil, nil, "example.com", ""},
		"another zone":                  {[]string{"example.com"}, nil, nil, "www.example.org", ""},
		"to be forgotten":               {[]string{"example.com"}, nil, []string{"example.com"}, "www.example.com", ""},
		"another one to be forgotten":   {[]string{"example.com"}, nil, []string{"example.org"}, "www.example.com", "example.com"},
		"a part of a listed zone":       {[]string{"example.com", "sub.example.com"}, []string{"example.com"}, nil, "www.sub.example.com", "sub.example.com"},
		"beside that part":              {[]string{"example.com", "sub.example.com"}, []string{"example.com"}, nil, "www.example.com", ""},
		"above a listed zone":           {[]string{"example.com", "sub.example.com"}, []string{"sub.example.com"}, nil, "www.sub.example.com", "example.com"},
		"too many to tell":              {[]string{anyZone}, nil, nil, "www.example.com", "example.com"},
		"too many, one forgotten":       {[]string{anyZone}, nil, []string{"example.com"}, "www.example.com", ""},
		"too many, all to be forgotten": {[]string{anyZone}, nil, []string{anyZone}, "www.example.com", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var said Ownership
			for _, zone := range test.said {
				if zone != anyZone {
					zone = ZoneTag(zone)
				}
				said.Zones = append(said.Zones, zone)
			}
			settings := Settings{PublishZones: test.listed, Forget: test.forget}
			if got := settings.UnlistedZone(said, test.host); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
