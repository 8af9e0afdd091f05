package emulator

import (
	"net/http"
	"testing"
)

// TestReplaceKey: from then on the old key is refused, and the new one is not.
func TestReplaceKey(t *testing.T) {
	e := newTestEdgio(EdgioOptions{})
	const path = "svcinst/delivery/shortname/acme"
	wantStatus(t, callEdgio(e, "GET", path, ""), http.StatusOK)
	e.ReplaceKey("c0ffee")
	wantStatus(t, callEdgio(e, "GET", path, ""), http.StatusUnauthorized)
	e.ReplaceKey(e.options.SharedKey)
	wantStatus(t, callEdgio(e, "GET", path, ""), http.StatusOK)

	v := newTestVultr(VultrOptions{})
	old := v.options.Key
	wantStatus(t, callVultr(v, "GET", "domains", ""), http.StatusOK)
	v.ReplaceKey("another")
	wantStatus(t, callVultr(v, "GET", "domains", ""), http.StatusUnauthorized)
	v.ReplaceKey(old)
	wantStatus(t, callVultr(v, "GET", "domains", ""), http.StatusOK)
}
