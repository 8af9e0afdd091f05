package emulator

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// Instances returns the latest version of every instance, in the order of
// their creation.
func (e *Edgio) Instances() []Instance {
	e.mu.RLock()
	defer e.mu.RUnlock()
	all := make([]Instance, 0, len(e.instances))
	for _, h := range e.instances {
		all = append(all, h.latest().clone())
	}
	return all
}

// Seed adds an instance as if somebody else had, and returns its UUID. bodyJSON
// is the instance's body, the object with publishedHostname and so on; the
// field rules do not apply to it. Seed panics if it is not a JSON object, or a
// field that the rules know has the wrong type.
func (e *Edgio) Seed(bodyJSON string) (uuid string) {
	uuid = newUUID()
	fields := document{
		"accounts": encode([]map[string]string{{"shortname": e.options.Shortname}}),
		"body":     json.RawMessage(bodyJSON),
	}
	e.apply(false, func() bool {
		e.instances = append(e.instances, history{e.mustVersion(uuid, 1, fields)})
		return true
	})
	return uuid
}

// Edit changes the body of an instance behind the client's back, which makes a
// new version of it, and says whether there is such an instance. In the body
// that edit gets, numbers are json.Number. The field rules do not apply, but
// Edit panics as Seed does. edit must not use the emulator.
func (e *Edgio) Edit(uuid string, edit func(body map[string]any)) bool {
	return e.apply(false, func() bool {
		i := e.find(uuid)
		if i < 0 {
			return false
		}
		fields := e.instances[i].fields(len(e.instances[i]))
		var body map[string]any
		decoder := json.NewDecoder(bytes.NewReader(fields["body"]))
		decoder.UseNumber()
		must(decoder.Decode(&body))
		edit(body)
		fields["body"] = encode(body)
		e.instances[i] = append(e.instances[i], e.mustVersion(uuid, len(e.instances[i])+1, fields))
		return true
	})
}

// ReplaceKey makes the shared key another one, hexadecimal; calls signed with the
// old one are refused from now on.
func (e *Edgio) ReplaceKey(sharedKey string) {
	key, err := hex.DecodeString(sharedKey)
	must(err)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.key = key
}

func (e *Edgio) sharedKey() []byte {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return e.key
}

// Remove deletes an instance behind the client's back and says whether it was there.
func (e *Edgio) Remove(uuid string) bool {
	return e.apply(false, func() bool {
		before := len(e.instances)
		e.instances = slices.DeleteFunc(e.instances, func(h history) bool { return h[0].UUID == uuid })
		return len(e.instances) < before
	})
}

// mustVersion is newVersion for fields that a test wrote.
func (e *Edgio) mustVersion(uuid string, version int, fields document) Instance {
	instance, err := newVersion(fields, uuid, e.options.Shortname, e.options.Username, version, e.options.Now())
	must(err)
	return instance
}
