package edgiotest

import (
	"encoding/json"

	"github.com/edgeward/edgeward/internal/emulator"
)

// versions are those of one instance, oldest first, at least one.
type versions []Instance

// latest is the version that counts.
func (v versions) latest() Instance { return v[len(v)-1] }

// version returns version n, from 1, as the API shows it now.
func (v versions) version(n int) json.RawMessage {
	if n == len(v) {
		return v.latest().Raw
	}
	fields := v.fields(n)
	fields["isLatest"] = emulator.Encode(false)
	return emulator.Encode(fields)
}

// fields returns the top-level fields of version n, from 1.
func (v versions) fields(n int) emulator.Document {
	fields, err := emulator.ParseDocument(v[n-1].Raw)
	emulator.Must(err) // newVersion made it
	return fields
}
