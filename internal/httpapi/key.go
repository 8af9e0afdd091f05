package httpapi

import "net/http"

// A key remembers whether the provider refuses our credentials.
type key struct{ refused bool }

// ended takes the result of a call. One that failed, or was turned away for being one
// too many, tells nothing of the key.
func (k *key) ended(r result) {
	switch {
	case r.status == http.StatusUnauthorized:
		k.refused = true
	case !r.failed() && !r.refused():
		k.refused = false
	}
}
