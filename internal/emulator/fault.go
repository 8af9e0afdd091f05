package emulator

import (
	"net/http"
	"strings"
	"time"
)

// Fault is what goes wrong with one call. The zero value is nothing.
type Fault struct {
	// Delay is how long the call waits before anything else happens to it.
	Delay time.Duration

	// Status refuses the call with this status, and RetryAfter, if not empty,
	// is the header of that name. Reset resets the connection instead. Neither
	// lets the call have its effect, unless After says so: then only the reply
	// is lost.
	Status     int
	RetryAfter string
	Reset      bool
	After      bool
	// Hang leaves the call unanswered until its client gives up. It has its effect
	// nevertheless if After says so.
	Hang bool

	// Body, if not empty, replaces the body of the reply, whatever its status.
	Body string
	// Cut breaks off a reply in the middle of its body.
	Cut bool

	// Twice gives the call its effect two times, as if something on the way
	// had repeated it. The reply is that of the second.
	Twice bool

	// Behind lets a list or search show what stood before the last so many
	// changes, and Lag what stood so long ago. An object read by its ID is
	// always shown as it is.
	Behind int
	Lag    time.Duration

	// Then, if not nil, runs after the call had its effect, if it has one, and
	// before its reply is sent.
	Then func()
}

// htmlPage is what proxies in front of an API answer.
const htmlPage = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body><h1>Bad Gateway</h1></body>\n</html>\n"

// CommonFaults are the ways in which providers fail that nobody has to be
// surprised by, by name. Those of 401 and 403 are not among them: they do not
// pass by themselves.
func CommonFaults() map[string]Fault {
	return map[string]Fault{
		"429":                  {Status: http.StatusTooManyRequests},
		"429 with Retry-After": {Status: http.StatusTooManyRequests, RetryAfter: "1"},
		"500":                  {Status: http.StatusInternalServerError},
		"500 after the effect": {Status: http.StatusInternalServerError, After: true},
		"502 with HTML":        {Status: http.StatusBadGateway, Body: htmlPage, After: true},
		"503":                  {Status: http.StatusServiceUnavailable, RetryAfter: "1"},
		"504 after the effect": {Status: http.StatusGatewayTimeout, After: true},
		"reset before":         {Reset: true},
		"reset after":          {Reset: true, After: true},
		"cut short":            {Cut: true},
		"garbled":              {Body: `{"results":[{"uuid":"4`},
		"HTML with 200":        {Body: htmlPage},
		"another shape":        {Body: `{"results":{"records":7},"records":"none","meta":null}`},
		"a list for an object": {Body: `[]`},
		"null":                 {Body: `null`},
		"twice":                {Twice: true},
		"a list that lags":     {Behind: 1},
	}
}

// answer answers r with what next does, as far as the fault lets it.
func (f Fault) answer(r *Request, next Handler, refuse Refuse) Reply {
	refused := f.Status != 0 || f.Reset || f.Hang
	var answer Reply
	if !refused || f.After {
		r.behind, r.lag = f.Behind, f.Lag
		answer = next(r)
		if f.Twice {
			answer = next(r)
		}
	}
	if f.Then != nil {
		f.Then()
	}
	if f.Hang {
		<-r.Context().Done()
		return Reply{Status: statusClientGone}
	}
	if f.Status != 0 {
		answer = refuse(f.Status, strings.ToLower(http.StatusText(f.Status)))
		if f.RetryAfter != "" {
			answer.Header.Set("Retry-After", f.RetryAfter)
		}
	}
	if f.Body != "" && answer.Status != http.StatusNoContent {
		answer.Body = []byte(f.Body)
		if strings.HasPrefix(f.Body, "<") {
			answer.Header.Set("Content-Type", "text/html")
		}
	}
	answer.reset, answer.cut = f.Reset, f.Cut
	if f.Reset {
		answer.Status = statusReset
	}
	return answer
}
