package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// defaultPageSize is how many instances a page has if the call does not say.
const defaultPageSize = 100

// results is the shape of every list. Whether the real API adds totals is not
// known; clients read pages until one is short.
type results[T any] struct {
	Results []T `json:"results"`
}

func (e *Edgio) healthCheck(*request) reply { return replyJSON(http.StatusOK, []string{"OK"}) }

func (e *Edgio) utilsStatus(*request) reply {
	return replyJSON(http.StatusOK, map[string]string{"version": "v1", "status": "OK"})
}

func (e *Edgio) listInstances(r *request) reply { return e.answerPage(r, nil) }

// searchInstances lists the instances whose body has, for each parameter
// body.NAME, the string of its value in the field NAME, exactly. Whether the
// real search is exact is not known.
func (e *Edgio) searchInstances(r *request) reply {
	filters := make(map[string]string)
	for name, values := range r.URL.Query() {
		if field, ok := strings.CutPrefix(name, "body."); ok {
			filters[field] = values[0]
		}
	}
	return e.answerPage(r, filters)
}

// answerPage answers the page that r asks for of the instances that fit filters.
func (e *Edgio) answerPage(r *request, filters map[string]string) reply {
	size, sizeOK := positive(r.URL.Query().Get("size"), defaultPageSize)
	page, pageOK := positive(r.URL.Query().Get("page"), 1)
	if !sizeOK || !pageOK {
		return refuseEdgio(http.StatusBadRequest, "size and page must be positive integers")
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	found := []json.RawMessage{} // an empty list, not null
	for _, h := range e.past.show(r, e.instances, e.options.Now()) {
		if raw := h.latest().Raw; matchesBody(raw, filters) {
			found = append(found, raw)
		}
	}
	pages := slices.Collect(slices.Chunk(found, size))
	if page > len(pages) {
		return e.replyInstances(found[:0])
	}
	return e.replyInstances(pages[page-1])
}

// positive reads a positive decimal; "" is otherwise.
func positive(s string, otherwise int) (n int, ok bool) {
	if s == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n > 0
}

// matchesBody says that the body in an instance's raw fields has these strings.
func matchesBody(raw []byte, filters map[string]string) bool {
	if len(filters) == 0 {
		return true
	}
	fields, err := parseDocument(raw)
	var body document
	if err != nil || fields.read("body", &body) != nil {
		return false
	}
	for field, want := range filters {
		var value string
		if body.read(field, &value) != nil || value != want {
			return false
		}
	}
	return true
}

// find returns the index of an instance, or -1. The caller holds e.mu.
func (e *Edgio) find(uuid string) int {
	return slices.IndexFunc(e.instances, func(h history) bool { return h[0].UUID == uuid })
}

// withHistory answers with what f makes of the history of the instance that r
// names, or 404.
func (e *Edgio) withHistory(r *request, f func(history) reply) reply {
	e.mu.RLock()
	defer e.mu.RUnlock()
	i := e.find(r.PathValue("uuid"))
	if i < 0 {
		return noInstance()
	}
	return f(e.instances[i])
}

func noInstance() reply { return refuseEdgio(http.StatusNotFound, "no such service instance") }

func (e *Edgio) getInstance(r *request) reply {
	return e.withHistory(r, func(h history) reply { return e.replyInstance(h.latest().Raw) })
}

func (e *Edgio) listVersions(r *request) reply {
	return e.withHistory(r, func(h history) reply {
		var all []json.RawMessage
		for n := range h {
			all = append(all, h.version(n+1))
		}
		return e.replyInstances(all)
	})
}

func (e *Edgio) getVersion(r *request) reply {
	return e.withHistory(r, func(h history) reply {
		n, ok := positive(r.PathValue("version"), 0)
		if !ok || n > len(h) {
			return refuseEdgio(http.StatusNotFound, "no such version")
		}
		return e.replyInstance(h.version(n))
	})
}
