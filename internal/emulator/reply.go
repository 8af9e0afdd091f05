package emulator

import (
	"net/http"
	"strconv"
)

// Reply is a whole answer. It is a value, so that a stage can look at it,
// change it or keep it back before anything is sent.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte

	reset, cut bool // by a fault
}

// OK says that the call did what it was meant to.
func (r Reply) OK() bool { return r.Status >= 200 && r.Status < 300 }

// send sends the reply, or the part of it that a fault leaves.
func (r Reply) send(w http.ResponseWriter) {
	if r.reset || r.cut && len(r.Body) == 0 {
		reset(w)
	}
	for name, values := range r.Header {
		w.Header()[name] = values
	}
	body := r.Body
	if r.cut {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		body = body[:len(body)/2]
	}
	w.WriteHeader(r.Status)
	_, _ = w.Write(body) // fails only if the client is gone
	if r.cut {
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // closes the connection
	}
}

// reset ends a connection without a reply: by a TCP reset where that can be
// had, else by closing it.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		if tcp, ok := connection.(interface{ SetLinger(int) error }); ok {
			_ = tcp.SetLinger(0)
		}
		_ = connection.Close()
	}
	panic(http.ErrAbortHandler)
}
