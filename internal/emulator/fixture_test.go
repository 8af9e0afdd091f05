package emulator

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// notebook is an emulated account as small as one can be: an API whose only
// objects are notes, which anybody may make who has the password.
type notebook struct {
	*Server
	state   *State
	notes   []string
	history History[string]
	clock   *time.Time // by which the history is kept; nil: testNow
}

const password = "secret"

func testNow() time.Time { return time.UnixMilli(1700000000000) }

// newNotebook returns one whose API is as the test has it, but for its own parts.
func newNotebook(api API, changes *Changes) *notebook {
	n := new(notebook)
	n.state = NewState(changes, func() { n.history.Keep(n.notes, n.now()) })
	api.Base, api.Refuse = "/v1/", refuseNote
	api.Routes = []Route{
		{Method: "GET", Path: "notes", Handle: n.list},
		{Method: "POST", Path: "notes", Handle: n.create},
		{Method: "POST", Path: "notes/check", Handle: func(*Request) Reply { return ReplyJSON(http.StatusOK, "fine") }, ReadOnly: true},
		{Method: "GET", Path: "notes/{note}", Handle: n.get},
		{Method: "DELETE", Path: "notes/{note}", Handle: n.delete},
	}
	api.Authenticate = func(next Handler) Handler {
		return func(r *Request) Reply {
			if r.Header.Get("Authorization") != password {
				return refuseNote(http.StatusUnauthorized, "no password")
			}
			return next(r)
		}
	}
	n.Server = NewServer(api)
	return n
}

func refuseNote(status int, message string) Reply {
	return ReplyJSON(status, map[string]string{"error": message})
}

func (n *notebook) now() time.Time {
	if n.clock == nil {
		return testNow()
	}
	return *n.clock
}

func (n *notebook) list(r *Request) Reply {
	n.state.RLock()
	defer n.state.RUnlock()
	return ReplyJSON(http.StatusOK, append([]string{}, n.history.List(r, n.notes, n.now())...))
}

func (n *notebook) get(r *Request) Reply {
	n.state.RLock()
	defer n.state.RUnlock()
	if !slices.Contains(n.notes, r.PathValue("note")) {
		return refuseNote(http.StatusNotFound, "no such note")
	}
	return ReplyJSON(http.StatusOK, r.PathValue("note"))
}

func (n *notebook) create(r *Request) Reply {
	return n.state.Call(func() Reply {
		var note string
		if json.Unmarshal(r.Body, &note) != nil {
			return refuseNote(http.StatusBadRequest, "not a note")
		}
		n.notes = append(n.notes, note)
		return ReplyJSON(http.StatusCreated, note)
	})
}

func (n *notebook) delete(r *Request) Reply {
	return n.state.Call(func() Reply {
		i := slices.Index(n.notes, r.PathValue("note"))
		if i < 0 {
			return refuseNote(http.StatusNotFound, "no such note")
		}
		n.notes = slices.Delete(n.notes, i, i+1)
		return Reply{Status: http.StatusNoContent}
	})
}

// Notes are those that stand.
func (n *notebook) Notes() []string {
	n.state.RLock()
	defer n.state.RUnlock()
	return slices.Clone(n.notes)
}

// request makes a call with the password; path is what follows /v1/.
func request(n *notebook, method, path, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	n.ServeHTTP(w, newRequest(method, path, body))
	return w
}

func newRequest(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, "/v1/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", password)
	return r
}

// wantStatus ends the test if a reply has another status.
func wantStatus(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d; body %s", w.Code, status, w.Body)
	}
}
