package emulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxBody bounds the body of a request, in bytes. The largest real ones have a
// few thousand.
const maxBody = 1 << 20

// statusClientGone is logged for a call whose client left before it was
// answered. The number is nginx's; nobody receives it.
const statusClientGone = 499

// statusReset is logged for a call whose connection a fault has reset.
const statusReset = 0

// API is what one emulated API does differently from others.
type API struct {
	Base   string // of every path: "/v2/"
	Routes []Route
	// Refuse makes the API's own kind of error reply.
	Refuse Refuse
	// Authenticate refuses the calls of those who may not make them; nil: all may.
	Authenticate Stage

	Limit   Limit
	Latency time.Duration    // of each call
	Now     func() time.Time // by which the limit is counted; nil: time.Now
	Faults  *Faults          // nil: none
}

// Server answers the calls of an API and logs them. It is safe for concurrent
// use if the API's handlers are.
type Server struct {
	callLog
	api    API
	handle Handler
}

// NewServer returns the server of an API.
func NewServer(api API) *Server {
	if api.Authenticate == nil {
		api.Authenticate = func(next Handler) Handler { return next }
	}
	if api.Now == nil {
		api.Now = time.Now
	}
	s := &Server{api: api}
	s.handle = pipeline(dispatch,
		s.callLog.stage,
		readBody(api.Refuse),
		api.Faults.stage(api.Refuse),
		Delay(api.Latency),
		api.Authenticate,
		api.Limit.stage(api.Now, api.Refuse),
	)
	return s
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, values := s.api.find(r)
	for name, value := range values {
		r.SetPathValue(name, value)
	}
	s.handle(&Request{Request: r, route: route}).send(w)
}

// Request is one call. Its body is read in full, since a signature may cover
// the bytes of it.
type Request struct {
	*http.Request
	Body []byte

	route Route

	// How far a list is behind the state; see Fault.
	behind int
	lag    time.Duration
}

// Handler answers a call, and Stage wraps a handler into another.
type (
	Handler func(*Request) Reply
	Stage   func(next Handler) Handler
)

// Refuse makes an error reply.
type Refuse func(status int, message string) Reply

// pipeline runs a call through stages, the first one outermost, to last.
func pipeline(last Handler, stages ...Stage) Handler {
	for i := len(stages) - 1; i >= 0; i-- {
		last = stages[i](last)
	}
	return last
}

// readBody reads the body, at most maxBody bytes of it.
func readBody(refuse Refuse) Stage {
	return func(next Handler) Handler {
		return func(r *Request) Reply {
			body, err := io.ReadAll(http.MaxBytesReader(nil, r.Request.Body, maxBody))
			if tooLong := new(http.MaxBytesError); errors.As(err, &tooLong) {
				return refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("body of more than %d bytes", tooLong.Limit))
			}
			if err != nil {
				return Reply{Status: statusClientGone}
			}
			r.Body = body
			return next(r)
		}
	}
}

// Delay lets each call wait for latency. One whose client leaves meanwhile
// ends there and has no effect.
func Delay(latency time.Duration) Stage {
	return func(next Handler) Handler {
		if latency <= 0 {
			return next
		}
		return func(r *Request) Reply {
			timer := time.NewTimer(latency)
			defer timer.Stop()
			select {
			case <-timer.C:
				return next(r)
			case <-r.Context().Done():
				return Reply{Status: statusClientGone}
			}
		}
	}
}

// dispatch is the end of a pipeline: the endpoint that the call names.
func dispatch(r *Request) Reply { return r.route.Handle(r) }
