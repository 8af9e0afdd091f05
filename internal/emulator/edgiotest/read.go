package edgiotest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/emulator"
)

// defaultPageSize is how many instances a page has if the call does not say.
const defaultPageSize = 100

// results is the shape of every list. Whether the real API adds totals is not
// known; clients read pages until one is short.
type results[T any] struct {
	Results []T `json:"results"`
}

// filters are the strings that fields of an instance's body must have, by name.
type filters map[string]string

func (a *Account) listInstances(r *emulator.Request) emulator.Reply { return a.replyPage(r, nil) }

// searchInstances lists the instances whose body has, for each parameter
// body.NAME, the string of its value in the field NAME, exactly. Whether the
// real search is exact is not known.
func (a *Account) searchInstances(r *emulator.Request) emulator.Reply {
	wanted := make(filters)
	for name, values := range r.URL.Query() {
		if field, ok := strings.CutPrefix(name, "body."); ok {
			wanted[field] = values[0]
		}
	}
	return a.replyPage(r, wanted)
}

// replyPage is the page that r asks for of the instances that fit filters.
func (a *Account) replyPage(r *emulator.Request, wanted filters) emulator.Reply {
	size, sizeOK := emulator.ParsePositive(r.URL.Query().Get("size"), defaultPageSize)
	page, pageOK := emulator.ParsePositive(r.URL.Query().Get("page"), 1)
	if !sizeOK || !pageOK {
		return a.refuse(http.StatusBadRequest, "size and page must be positive integers")
	}
	a.state.RLock()
	defer a.state.RUnlock()
	var found []json.RawMessage
	for _, v := range a.history.List(r, a.instances, a.options.Now()) {
		if raw := v.latest().Raw; wanted.fit(raw) {
			found = append(found, raw)
		}
	}
	pages := slices.Collect(slices.Chunk(found, size))
	if page > len(pages) {
		return a.replyInstances(nil)
	}
	return a.replyInstances(pages[page-1])
}

// fit says that the body in an instance's raw fields has these strings.
func (f filters) fit(raw []byte) bool {
	if len(f) == 0 {
		return true
	}
	fields, err := emulator.ParseDocument(raw)
	var body emulator.Document
	if err != nil || fields.Read("body", &body) != nil {
		return false
	}
	for field, want := range f {
		var value string
		if body.Read(field, &value) != nil || value != want {
			return false
		}
	}
	return true
}

// find returns the index of an instance, or -1. The caller holds the state.
func (a *Account) find(id string) int {
	return slices.IndexFunc(a.instances, func(v versions) bool { return v[0].UUID == id })
}

// readInstance answers with what f makes of the versions of an instance, or 404.
func (a *Account) readInstance(id string, f func(versions) emulator.Reply) emulator.Reply {
	a.state.RLock()
	defer a.state.RUnlock()
	i := a.find(id)
	if i < 0 {
		return a.noInstance()
	}
	return f(a.instances[i])
}

func (a *Account) noInstance() emulator.Reply {
	return a.refuse(http.StatusNotFound, "no such service instance")
}

func (a *Account) getInstance(r *emulator.Request) emulator.Reply {
	return a.readInstance(r.PathValue("uuid"), func(v versions) emulator.Reply { return a.replyInstance(v.latest().Raw) })
}

func (a *Account) listVersions(r *emulator.Request) emulator.Reply {
	return a.readInstance(r.PathValue("uuid"), func(v versions) emulator.Reply {
		var all []json.RawMessage
		for i := range v {
			all = append(all, v.version(i+1))
		}
		return a.replyInstances(all)
	})
}

func (a *Account) getVersion(r *emulator.Request) emulator.Reply {
	return a.readInstance(r.PathValue("uuid"), func(v versions) emulator.Reply {
		n, ok := emulator.ParsePositive(r.PathValue("version"), 0)
		if !ok || n > len(v) {
			return a.refuse(http.StatusNotFound, "no such version")
		}
		return a.replyInstance(v.version(n))
	})
}
