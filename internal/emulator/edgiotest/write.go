package edgiotest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/edgeward/edgeward/internal/emulator"
)

func (a *Account) createInstance(r *emulator.Request) emulator.Reply {
	sent, refused := a.parseInstance(r.Body)
	if refused != nil {
		return a.reply(refused)
	}
	return a.state.Call(func() emulator.Reply {
		next, refused := a.nextVersion(nil, uuid.NewString(), sent)
		if refused != nil {
			return a.reply(refused)
		}
		a.instances = append(a.instances, versions{next})
		return a.replyInstance(next.Raw)
	})
}

// inheritInstance is createInstance for a clone of the instance parentId. What it
// inherits is not known: the SDK sends all of it.
func (a *Account) inheritInstance(r *emulator.Request) emulator.Reply {
	parent := a.readInstance(r.URL.Query().Get("parentId"), func(v versions) emulator.Reply {
		return a.replyInstance(v.latest().Raw)
	})
	if !parent.OK() {
		return parent
	}
	return a.createInstance(r)
}

// updateInstance replaces all that the client may set. That a uuid in the body
// must be that of the path is a guess.
func (a *Account) updateInstance(r *emulator.Request) emulator.Reply {
	sent, refused := a.parseInstance(r.Body)
	if refused != nil {
		return a.reply(refused)
	}
	if id := r.PathValue("uuid"); sent.Read("uuid", &id) != nil || id != r.PathValue("uuid") {
		return a.reply(refuseField(http.StatusBadRequest, "uuid", "differs from the one in the path"))
	}
	return a.revise(r, func(v versions) (emulator.Document, *refusal) {
		var body emulator.Document
		emulator.Must(sent.Read("body", &body)) // it was checked
		next, err := decodeBody(body)
		emulator.Must(err)
		if a.options.FixedProfiles && next.Profile != v.latest().Profile {
			return nil, refuseField(http.StatusBadRequest, "body.serviceProfileName", "the service profile of an instance cannot be changed")
		}
		return sent, nil
	})
}

// rollbackInstance makes an earlier version the latest, under a new number.
func (a *Account) rollbackInstance(r *emulator.Request) emulator.Reply {
	return a.revise(r, func(v versions) (emulator.Document, *refusal) {
		n, ok := emulator.ParsePositive(r.PathValue("version"), 0)
		if !ok || n > len(v) {
			return nil, refuseField(http.StatusNotFound, "", "no such version")
		}
		return v.fields(n), nil
	})
}

// revise gives the instance that r names a new version, with the fields that
// edit makes of those it has.
func (a *Account) revise(r *emulator.Request, edit func(versions) (emulator.Document, *refusal)) emulator.Reply {
	return a.state.Call(func() emulator.Reply {
		i := a.find(r.PathValue("uuid"))
		if i < 0 {
			return a.noInstance()
		}
		sent, refused := edit(a.instances[i])
		if refused != nil {
			return a.reply(refused)
		}
		next, refused := a.nextVersion(a.instances[i], r.PathValue("uuid"), sent)
		if refused != nil {
			return a.reply(refused)
		}
		a.instances[i] = append(a.instances[i], next)
		return a.replyInstance(next.Raw)
	})
}

func (a *Account) deleteInstance(r *emulator.Request) emulator.Reply {
	return a.state.Call(func() emulator.Reply {
		i := a.find(r.PathValue("uuid"))
		if i < 0 {
			return a.noInstance()
		}
		last := a.instances[i].latest()
		a.instances = slices.Delete(a.instances, i, i+1)
		return a.replyInstance(last.Raw)
	})
}

// validateInstance says what createInstance would, in the key Success, and
// changes nothing. Its status is always 200.
func (a *Account) validateInstance(r *emulator.Request) emulator.Reply {
	sent, refused := a.parseInstance(r.Body)
	if refused == nil {
		a.state.RLock()
		defer a.state.RUnlock()
		_, refused = a.nextVersion(nil, uuid.NewString(), sent)
	}
	if refused != nil {
		return emulator.ReplyJSON(http.StatusOK, map[string]any{"Success": false, "errors": refused.errors})
	}
	return emulator.ReplyJSON(http.StatusOK, map[string]any{"Success": true})
}

// nextVersion makes of sent, which keeps the field rules, the version after
// those of before, unless it may not stand beside the other instances. The
// caller holds the state.
func (a *Account) nextVersion(before versions, id string, sent emulator.Document) (Instance, *refusal) {
	next, err := a.newVersion(id, len(before)+1, sent)
	if err != nil {
		return Instance{}, refuseField(http.StatusBadRequest, "body", err.Error())
	}
	// That is the rare option, and looking through ten thousand rules is not free.
	if a.options.RefuseDuplicates && slices.ContainsFunc(a.instances, func(v versions) bool {
		other := v.latest()
		return other.UUID != id && strings.EqualFold(other.Host, next.Host) && other.Path == next.Path
	}) {
		return Instance{}, refuseField(http.StatusBadRequest, "body.publishedUrlPath", "another instance publishes this host and path")
	}
	return next, nil
}
