package emulator

import (
	"net/http"
	"net/url"
	"strings"
)

// route is one endpoint.
type route struct {
	method string
	// path is the template below the table's base: "domains/{domain}/records".
	path   string
	handle handler
	// readOnly marks an endpoint that changes nothing though it is not a GET.
	readOnly bool
}

// reads says that the endpoint changes nothing.
func (r route) reads() bool { return r.readOnly || r.method == http.MethodGet }

// routes are an emulator's endpoints. net/http's own ServeMux would answer
// unclean paths with redirects, and names a pattern only to the handler itself,
// too late for a log of refused calls.
type routes struct {
	base   string // of every path: "/v2/"
	list   []route
	refuse refuse
}

// find returns the first endpoint that r names and sets r's path values, or one
// that answers 404, or 405 if only the method is wrong.
func (t routes) find(r *http.Request) route {
	status := http.StatusNotFound
	// A path elsewhere keeps its leading slash, which no template has.
	path := strings.TrimPrefix(r.URL.EscapedPath(), t.base)
	for _, candidate := range t.list {
		values, ok := matchPath(candidate.path, path)
		switch {
		case !ok:
			continue
		case candidate.method != r.Method:
			status = http.StatusMethodNotAllowed
			continue
		}
		for name, value := range values {
			r.SetPathValue(name, value)
		}
		return candidate
	}
	return route{
		method: r.Method,
		path:   path,
		handle: func(*request) reply { return t.refuse(status, http.StatusText(status)) },
	}
}

// matchPath compares path, escaped as it came, with a template, segment by
// segment, and returns what stands for each {name}, unescaped.
func matchPath(template, path string) (map[string]string, bool) {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return nil, false
	}
	values := make(map[string]string)
	for i := range want {
		segment, err := url.PathUnescape(have[i])
		if err != nil {
			return nil, false
		}
		name, isValue := strings.CutPrefix(want[i], "{")
		switch {
		case isValue && segment != "":
			values[strings.TrimSuffix(name, "}")] = segment
		case segment != want[i]:
			return nil, false
		}
	}
	return values, true
}
