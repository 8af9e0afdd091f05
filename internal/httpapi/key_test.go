package httpapi

import "testing"

// TestKey tells a key that is refused from what passes by itself.
func TestKey(t *testing.T) {
	k := new(key)
	for _, step := range []struct {
		status int // 0: no reply
		want   bool
	}{
		{429, false}, {502, false}, {0, false}, {0, false}, {0, false},
		{401, true}, {503, true}, {429, true}, {0, true},
		{200, false}, {401, true}, {404, false},
	} {
		if k.ended(result{status: step.status}); k.refused != step.want {
			t.Errorf("after %d: refused %t", step.status, k.refused)
		}
	}
}
