package emulator

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
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

// Chooser decides what goes wrong with a call: the nth, from 1, since it was
// set. The call's Status is 0, as it is not answered yet.
type Chooser func(n int, call Call) Fault

// Nth has one fault befall the nth call.
func Nth(n int, fault Fault) Chooser {
	return func(i int, _ Call) Fault {
		if i != n {
			return Fault{}
		}
		return fault
	}
}

// Always has the same fault befall all calls.
func Always(fault Fault) Chooser { return func(int, Call) Fault { return fault } }

// Random has one of the faults, each as likely, befall the given share of all
// calls. What befalls the nth call depends on nothing but the seed and n.
func Random(seed uint64, share float64, faults ...Fault) Chooser {
	return func(n int, _ Call) Fault {
		rng := rand.New(rand.NewPCG(seed, uint64(n)))
		if rng.Float64() >= share {
			return Fault{}
		}
		return faults[rng.IntN(len(faults))]
	}
}

// Only has the faults of choose befall no other calls than those. The others
// are counted nevertheless.
func Only(which func(Call) bool, choose Chooser) Chooser {
	return func(n int, call Call) Fault {
		if !which(call) {
			return Fault{}
		}
		return choose(n, call)
	}
}

// Faults decide which calls go wrong. The zero value lets all pass; give one to
// several emulators to count their calls together. It is safe for concurrent
// use.
type Faults struct {
	mu     sync.Mutex
	choose Chooser
	n      int
}

// Set has choose decide from now on, and counts calls anew; nil ends all faults.
func (f *Faults) Set(choose Chooser) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.choose, f.n = choose, 0
}

// Count returns how many calls came since the last Set.
func (f *Faults) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// next is what goes wrong with the next call. One call at a time is decided on.
func (f *Faults) next(call Call) Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	if f.choose == nil {
		return Fault{}
	}
	return f.choose(f.n, call)
}

// stage is where calls go wrong.
func (f *Faults) stage(refuse refuse) stage {
	return func(next handler) handler {
		if f == nil {
			return next
		}
		return func(r *request) reply {
			fault := f.next(Call{Method: r.Method, Path: r.route.path})
			return delay(fault.Delay)(func(r *request) reply { return fault.befall(r, next, refuse) })(r)
		}
	}
}

// befall answers r with what next does, as far as the fault lets it.
func (f Fault) befall(r *request, next handler, refuse refuse) reply {
	refused := f.Status != 0 || f.Reset || f.Hang
	var answer reply
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
		return reply{status: statusClientGone}
	}
	if f.Status != 0 {
		answer = refuse(f.Status, strings.ToLower(http.StatusText(f.Status)))
		if f.RetryAfter != "" {
			answer.header.Set("Retry-After", f.RetryAfter)
		}
	}
	if f.Body != "" && answer.status != http.StatusNoContent {
		answer.body = []byte(f.Body)
		if strings.HasPrefix(f.Body, "<") {
			answer.header.Set("Content-Type", "text/html")
		}
	}
	answer.reset, answer.cut = f.Reset, f.Cut
	if f.Reset {
		answer.status = statusReset
	}
	return answer
}

// send sends the reply, or the part of it that a fault leaves.
func (r reply) send(w http.ResponseWriter) {
	if r.reset || r.cut && len(r.body) == 0 {
		reset(w)
	}
	for name, values := range r.header {
		w.Header()[name] = values
	}
	body := r.body
	if r.cut {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		body = body[:len(body)/2]
	}
	w.WriteHeader(r.status)
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
