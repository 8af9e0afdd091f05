package schema

import (
	"testing"
)

func TestAbout(t *testing.T) {
	faults := Faults{{Key: "sync"}, {Key: "clusters[0]"}, {Key: "edgio.published_protocols[1]"}, {Key: "vultr.api_key"}}
	cases := []struct {
		name string
		key  string
		want bool
	}{
		{"the key itself", "vultr.api_key", true},
		{"its section", "sync.linger", true},
		{"its entry", "clusters[0].name", true},
		{"an element", "edgio.published_protocols", true},
		{"a longer name", "vultr.api_key_file", false},
		{"another entry", "clusters[1].name", false},
		{"nothing", "owner", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := faults.About(c.key); got != c.want {
				t.Errorf("about(%q) = %v", c.key, got)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	candidates := []string{"owner", "ttl", "shared_key", "shared_key_file", "base_url"}
	cases := []struct{ name, want string }{
		{"ownr", "owner"},
		{"OWNER", "owner"},
		{"shared-key", "shared_key"},
		{"sharedKey", "shared_key"},
		{"shared_keyfile", "shared_key_file"},
		{"baseURL", "base_url"},
		{"tll", "ttl"},
		{"bse-ur", "base_url"},
		{"shared_key_pa", ""}, // three letters too many
		{"abc", ""},           // three letters, none of them right
		{"tax", ""},           // one letter of three is no likeness
		{"colour", ""},
		{"", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Nearest(c.name, candidates); got != c.want {
				t.Errorf("nearest(%q) = %q, want %q", c.name, got, c.want)
			}
		})
	}
}
