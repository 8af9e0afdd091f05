package daemon

import "testing"

func TestStatusLine(t *testing.T) {
	const want = `STATUS=vultr: not read yet: 502 Bad Gateway: \x1b[2K; MAINPID=1`
	if got := statusLine("vultr: not read yet: 502 Bad Gateway: \x1b[2K\nMAINPID=1"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
