package model

import "testing"

func TestListed(t *testing.T) {
	for name, test := range map[string]struct {
		elements  []string
		separator string
		want      string
	}{
		"none":              {nil, ", ", ""},
		"one":               {[]string{"a"}, ", ", "a"},
		"as many as listed": {[]string{"a", "b", "c", "d", "e"}, "; ", "a; b; c; d; e"},
		"one more":          {[]string{"a", "b", "c", "d", "e", "f"}, ", ", "a, b, c, d, e and 1 more"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Listed(test.elements, test.separator); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
