package emulator

import (
	"net/http"
	"net/url"
	"strings"
)

// Route is one endpoint.
type Route struct {
	Method string
	// Path is the template below the API's base: "domains/{domain}/records".
	Path   string
	Handle Handler
	// ReadOnly marks an endpoint that changes nothing though it is not a GET.
	ReadOnly bool
}

// call is what is known of a call to the endpoint before it is answered.
func (r Route) call(method string) Call {
	return Call{Method: method, Path: r.Path, ReadOnly: r.ReadOnly || r.Method == http.MethodGet}
}

// find returns the first endpoint that r names, with its path values, or one
// that answers 404, or 405 if only the method is wrong. net/http's own ServeMux
// would answer unclean paths with redirects, and names a pattern only to the
// handler itself, too late for a log of refused calls.
func (a API) find(r *http.Request) (found Route, values map[string]string) {
	status := http.StatusNotFound
	// A path elsewhere keeps its leading slash, which no template has.
	path := strings.TrimPrefix(r.URL.EscapedPath(), a.Base)
	for _, route := range a.Routes {
		values, ok := matchPath(route.Path, path)
		switch {
		case !ok:
		case route.Method != r.Method:
			status = http.StatusMethodNotAllowed
		default:
			return route, values
		}
	}
	return Route{
		Method: r.Method,
		Path:   path,
		Handle: func(*Request) Reply { return a.Refuse(status, http.StatusText(status)) },
	}, nil
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
