package memo

import "testing"

func TestMemo(t *testing.T) {
	asked := make(map[string]int)
	m := Of(func(s string) int {
		asked[s]++
		return len(s)
	})
	for range 2 {
		for _, s := range []string{"", "a", "bb"} {
			if got := m.Get(s); got != len(s) || asked[s] != 1 {
				t.Errorf("%q: got %d after %d questions, want %d after one", s, got, asked[s], len(s))
			}
		}
	}
}
