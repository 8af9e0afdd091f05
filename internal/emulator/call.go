package emulator

import (
	"fmt"
	"slices"
	"sync"
)

// Call is one call that an emulated API has answered, refused ones included.
type Call struct {
	Method string
	// Path is the endpoint's template without the API's base, such as
	// "domains/{domain}/records"; of a path that no endpoint has, the path.
	Path string
	// Status is the HTTP status, 499 if the client left before the answer, or 0
	// if a fault reset the connection.
	Status int
	// ReadOnly says that the endpoint changes nothing.
	ReadOnly bool
}

// String is the call on one line: "POST domains 200".
func (c Call) String() string { return fmt.Sprintf("%s %s %d", c.Method, c.Path, c.Status) }

// callLog counts and keeps the calls to an API, in the order they ended.
type callLog struct {
	mu            sync.Mutex
	calls         []Call
	reads, writes int
}

// Calls returns every call since the start or the last ResetCalls, in the order
// of their ends. A call is there before its caller has the answer.
func (l *callLog) Calls() []Call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls)
}

// Reads returns how many of the calls were to endpoints that change nothing.
func (l *callLog) Reads() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.reads
}

// Writes returns how many of the calls were to endpoints that change something,
// whether they were let do so or not.
func (l *callLog) Writes() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writes
}

// ResetCalls forgets all calls and sets both counts to zero.
func (l *callLog) ResetCalls() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls, l.reads, l.writes = nil, 0, 0
}

// stage keeps each call once its reply is known.
func (l *callLog) stage(next Handler) Handler {
	return func(r *Request) Reply {
		answer := next(r)
		call := r.route.call(r.Method)
		call.Status = answer.Status
		l.mu.Lock()
		defer l.mu.Unlock()
		l.calls = append(l.calls, call)
		if call.ReadOnly {
			l.reads++
		} else {
			l.writes++
		}
		return answer
	}
}
