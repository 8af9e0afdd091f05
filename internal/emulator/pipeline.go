package emulator

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxBody bounds the body of a request, in bytes. The largest real one, a
// delivery instance with its options, has a few thousand.
const maxBody = 1 << 20

// statusClientGone is logged for a call whose client left before it was
// answered. The number is nginx's; nobody receives it.
const statusClientGone = 499

// statusReset is logged for a call whose connection a fault has reset.
const statusReset = 0

// request is one call. Its body is read in full, since Edgio's signature covers
// the bytes of it.
type request struct {
	*http.Request
	route route
	body  []byte

	// How far a list is behind the state; see Fault.
	behind int
	lag    time.Duration
}

// reply is a whole answer. It is a value, so that a stage can look at it,
// change it or keep it back before anything is sent.
type reply struct {
	status int
	header http.Header
	body   []byte

	reset, cut bool // by a fault
}

// ok says that the call did what it was meant to.
func (r reply) ok() bool { return r.status >= 200 && r.status < 300 }

// handler answers a call, and stage wraps a handler into another.
type (
	handler func(*request) reply
	stage   func(next handler) handler
)

// refuse makes an emulator's own kind of error reply.
type refuse func(status int, message string) reply

// pipeline runs a call through stages, the first one outermost, to last.
func pipeline(last handler, stages ...stage) handler {
	for i := len(stages) - 1; i >= 0; i-- {
		last = stages[i](last)
	}
	return last
}

// serve answers r by way of handle.
func serve(w http.ResponseWriter, r *http.Request, table routes, handle handler) {
	handle(&request{Request: r, route: table.find(r)}).send(w)
}

// readBody reads the body, at most maxBody bytes of it.
func readBody(refuse refuse) stage {
	return func(next handler) handler {
		return func(r *request) reply {
			body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
			if tooLong := new(http.MaxBytesError); errors.As(err, &tooLong) {
				return refuse(http.StatusRequestEntityTooLarge, fmt.Sprintf("body of more than %d bytes", tooLong.Limit))
			}
			if err != nil {
				return reply{status: statusClientGone}
			}
			r.body = body
			return next(r)
		}
	}
}

// delay lets each call wait for latency. One whose client leaves meanwhile
// ends there and has no effect.
func delay(latency time.Duration) stage {
	return func(next handler) handler {
		if latency <= 0 {
			return next
		}
		return func(r *request) reply {
			timer := time.NewTimer(latency)
			defer timer.Stop()
			select {
			case <-timer.C:
				return next(r)
			case <-r.Context().Done():
				return reply{status: statusClientGone}
			}
		}
	}
}

// dispatch is the end of a pipeline: the endpoint that the call names.
func dispatch(r *request) reply { return r.route.handle(r) }
