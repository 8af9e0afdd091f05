package edgiotest

import (
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"github.com/edgeward/edgeward/internal/emulator"
)

// Instances returns the latest version of every instance, in the order of
// their creation.
func (a *Account) Instances() []Instance {
	a.state.RLock()
	defer a.state.RUnlock()
	all := make([]Instance, 0, len(a.instances))
	for _, v := range a.instances {
		all = append(all, v.latest().clone())
	}
	return all
}

// Seed adds an instance as if somebody else had, and returns its UUID. bodyJSON
// is the instance's body, the object with publishedHostname and so on; the
// field rules do not apply to it. Seed panics if it is not a JSON object, or a
// field that the rules know has the wrong type.
func (a *Account) Seed(bodyJSON string) (id string) {
	id = uuid.NewString()
	fields := emulator.Document{
		"accounts": emulator.Encode([]map[string]string{{"shortname": a.options.Shortname}}),
		"body":     json.RawMessage(bodyJSON),
	}
	a.state.Edit(func() bool {
		a.instances = append(a.instances, versions{a.mustVersion(id, 1, fields)})
		return true
	})
	return id
}

// Edit changes the body of an instance behind the client's back, which makes a
// new version of it, and says whether there is such an instance. In the body
// that edit gets, numbers are json.Number. The field rules do not apply, but
// Edit panics as Seed does. edit must not use the account.
func (a *Account) Edit(id string, edit func(body map[string]any)) bool {
	return a.state.Edit(func() bool {
		i := a.find(id)
		if i < 0 {
			return false
		}
		n := len(a.instances[i])
		fields := a.instances[i].fields(n)
		body := decodeObject(fields["body"])
		edit(body)
		fields["body"] = emulator.Encode(body)
		a.instances[i] = append(a.instances[i], a.mustVersion(id, n+1, fields))
		return true
	})
}

// Remove deletes an instance behind the client's back and says whether it was there.
func (a *Account) Remove(id string) bool {
	return a.state.Edit(func() bool {
		i := a.find(id)
		if i < 0 {
			return false
		}
		a.instances = slices.Delete(a.instances, i, i+1)
		return true
	})
}

// mustVersion is newVersion for fields that a test wrote.
func (a *Account) mustVersion(id string, number int, fields emulator.Document) Instance {
	instance, err := a.newVersion(id, number, fields)
	emulator.Must(err)
	return instance
}
