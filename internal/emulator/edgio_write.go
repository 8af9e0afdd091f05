package emulator

import (
	"net/http"
	"slices"
	"strings"
)

// change answers with what f, which may change the state, does; hooks run if it
// succeeded.
func (e *Edgio) change(f func() reply) (answer reply) {
	e.apply(true, func() bool {
		answer = f()
		return answer.ok()
	})
	return answer
}

// apply changes the state by f, which says whether it did, for the sake of a
// call or, as a test wants it, behind the client's back.
func (e *Edgio) apply(byCall bool, f func() bool) (changed bool) {
	return e.options.Changes.apply(&e.mu, byCall, func() bool {
		changed := f()
		if changed && e.options.Faults != nil {
			e.past.keep(e.instances, e.options.Now())
		}
		return changed
	})
}

// parseInstance reads and checks the instance in a request's body.
func (e *Edgio) parseInstance(body []byte) (document, *refusal) {
	sent, err := parseDocument(body)
	if err != nil {
		return nil, refuseField(http.StatusBadRequest, "", err.Error())
	}
	return account{e.options.Shortname, e.options.Profiles}.check(sent)
}

func (e *Edgio) createInstance(r *request) reply {
	sent, refused := e.parseInstance(r.body)
	if refused != nil {
		return refused.reply()
	}
	return e.change(func() reply {
		next, refused := e.nextVersion(nil, newUUID(), sent)
		if refused != nil {
			return refused.reply()
		}
		e.instances = append(e.instances, history{next})
		return e.replyInstance(next.Raw)
	})
}

// inheritInstance is createInstance for a clone of the instance parentId. What it
// inherits is not known: the SDK sends all of it.
func (e *Edgio) inheritInstance(r *request) reply {
	r.SetPathValue("uuid", r.URL.Query().Get("parentId"))
	if answer := e.getInstance(r); !answer.ok() {
		return answer
	}
	return e.createInstance(r)
}

// updateInstance replaces all that the client may set. That a uuid in the body
// must be that of the path is a guess.
func (e *Edgio) updateInstance(r *request) reply {
	sent, refused := e.parseInstance(r.body)
	if refused != nil {
		return refused.reply()
	}
	if uuid := r.PathValue("uuid"); sent.read("uuid", &uuid) != nil || uuid != r.PathValue("uuid") {
		return refuseField(http.StatusBadRequest, "uuid", "differs from the one in the path").reply()
	}
	return e.revise(r, func(h history) (document, *refusal) {
		var body document
		must(sent.read("body", &body)) // it was checked
		next, err := decodeBody(body)
		must(err)
		if e.options.FixedProfiles && next.Profile != h.latest().Profile {
			return nil, refuseField(http.StatusBadRequest, "body.serviceProfileName", "the service profile of an instance cannot be changed")
		}
		return sent, nil
	})
}

// rollbackInstance makes an earlier version the latest, under a new number.
func (e *Edgio) rollbackInstance(r *request) reply {
	return e.revise(r, func(h history) (document, *refusal) {
		n, ok := positive(r.PathValue("version"), 0)
		if !ok || n > len(h) {
			return nil, refuseField(http.StatusNotFound, "", "no such version")
		}
		return h.fields(n), nil
	})
}

// revise gives the instance that r names a new version, with the fields that
// edit makes of its history.
func (e *Edgio) revise(r *request, edit func(history) (document, *refusal)) reply {
	return e.change(func() reply {
		i := e.find(r.PathValue("uuid"))
		if i < 0 {
			return noInstance()
		}
		sent, refused := edit(e.instances[i])
		if refused != nil {
			return refused.reply()
		}
		next, refused := e.nextVersion(e.instances[i], r.PathValue("uuid"), sent)
		if refused != nil {
			return refused.reply()
		}
		e.instances[i] = append(e.instances[i], next)
		return e.replyInstance(next.Raw)
	})
}

func (e *Edgio) deleteInstance(r *request) reply {
	return e.change(func() reply {
		i := e.find(r.PathValue("uuid"))
		if i < 0 {
			return noInstance()
		}
		last := e.instances[i].latest()
		e.instances = slices.Delete(e.instances, i, i+1)
		return e.replyInstance(last.Raw)
	})
}

// validateInstance says what createInstance would, in the key Success, and
// changes nothing. Its status is always 200.
func (e *Edgio) validateInstance(r *request) reply {
	sent, refused := e.parseInstance(r.body)
	if refused == nil {
		e.mu.RLock()
		defer e.mu.RUnlock()
		_, refused = e.nextVersion(nil, newUUID(), sent)
	}
	if refused != nil {
		return replyJSON(http.StatusOK, map[string]any{"Success": false, "errors": refused.errors})
	}
	return replyJSON(http.StatusOK, map[string]any{"Success": true})
}

// nextVersion makes of sent, which keeps the field rules, the version after
// those of before, unless it may not stand beside the other instances. The
// caller holds e.mu.
func (e *Edgio) nextVersion(before history, uuid string, sent document) (Instance, *refusal) {
	next, err := newVersion(sent, uuid, e.options.Shortname, e.options.Username, len(before)+1, e.options.Now())
	if err != nil {
		return Instance{}, refuseField(http.StatusBadRequest, "body", err.Error())
	}
	// That is the rare option, and looking through ten thousand rules is not free.
	if e.options.RefuseDuplicates && slices.ContainsFunc(e.instances, func(h history) bool {
		other := h.latest()
		return other.UUID != uuid && strings.EqualFold(other.Host, next.Host) && other.Path == next.Path
	}) {
		return Instance{}, refuseField(http.StatusBadRequest, "body.publishedUrlPath", "another instance publishes this host and path")
	}
	return next, nil
}
