package edgio

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/plan"
)

// object is a JSON object of which every field is kept, whether we know it or
// not: a PUT replaces the whole instance, so what is not ours must go back as
// it came.
type object map[string]json.RawMessage

// instance is a delivery service instance as the API speaks it.
type instance struct {
	top  object
	body object
	sets []protocolSet
}

// protocolSet is an element of body.protocolSets.
type protocolSet struct {
	fields  object
	options []option
}

// option is an element of a protocol set's options. Parameters are kept as
// they came: some must be JSON numbers.
type option struct {
	Name       string            `json:"name"`
	Parameters []json.RawMessage `json:"parameters"`
}

// sendHeader is the option that makes the CDN send a header to the origin.
const sendHeader = "req_send_header"

// UnmarshalJSON accepts any object; fields of an unexpected type read as empty
// in rule, and go back as they came.
func (in *instance) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &in.top); err != nil {
		return err
	}
	if in.top == nil {
		return errors.New("an instance is null")
	}
	if read[string](in.top, "uuid") == "" {
		return errors.New("an instance has no uuid")
	}
	in.body = read[object](in.top, "body")
	for _, raw := range read[[]json.RawMessage](in.body, "protocolSets") {
		set := protocolSet{}
		if json.Unmarshal(raw, &set.fields) != nil {
			continue
		}
		set.options = read[[]option](set.fields, "options")
		in.sets = append(in.sets, set)
	}
	return nil
}

// read decodes a field, or returns the zero value where it is absent or of
// another type.
func read[T any](o object, field string) T {
	var v T
	if json.Unmarshal(o[field], &v) != nil {
		var zero T
		return zero
	}
	return v
}

func (o object) write(field string, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("edgio: field %s cannot be encoded: %v", field, err))
	}
	o[field] = data
}

// rule reduces an instance to the fields that are ours. A published path
// without a leading slash reads as with one, as the API treats it.
func (in instance) rule() plan.Rule {
	path := read[string](in.body, "publishedUrlPath")
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	r := plan.Rule{
		ID: read[string](in.top, "uuid"),
		RuleKey: plan.RuleKey{
			Host: normalHost(read[string](in.body, "publishedHostname")),
			Path: path,
		},
		SourceHost: normalHost(read[string](in.body, "sourceHostname")),
		SourcePath: read[string](in.body, "sourceUrlPath"),
		Profile:    read[string](in.body, "serviceProfileName"),
	}
	for _, s := range in.sets {
		r.Protocols = append(r.Protocols, plan.Protocol{
			Published:     read[string](s.fields, "publishedProtocol"),
			PublishedPort: read[int](s.fields, "publishedPort"),
			Source:        read[string](s.fields, "sourceProtocol"),
			SourcePort:    read[int](s.fields, "sourcePort"),
			Mark:          s.mark(),
		})
	}
	slices.SortStableFunc(r.Protocols, func(a, b plan.Protocol) int { return strings.Compare(a.Published, b.Published) })
	return r
}

func normalHost(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".")) }

// isMark reports whether an option is the one that carries our mark.
func (o option) isMark() bool {
	return o.Name == sendHeader && len(o.Parameters) == 2 && strings.EqualFold(o.parameter(0), plan.MarkHeader)
}

func (o option) parameter(i int) string {
	var s string
	if json.Unmarshal(o.Parameters[i], &s) != nil {
		return ""
	}
	return s
}

// mark is the value of the header by which a rule of ours says whose it is.
func (s protocolSet) mark() string {
	for _, o := range s.options {
		if o.isMark() {
			return o.parameter(1)
		}
	}
	return ""
}

// newInstance is the body of the request that creates r.
func newInstance(r plan.Rule, shortname string) instance {
	in := instance{top: object{}, body: object{}}
	in.body.write("serviceKey", map[string]string{"name": "delivery"})
	in.top.write("accounts", []map[string]string{{"shortname": shortname}})
	return in.with(r)
}

// with returns the instance with the fields of r; all that is not ours stays.
func (in instance) with(r plan.Rule) instance {
	body := maps.Clone(in.body)
	if body == nil {
		body = object{}
	}
	body.write("serviceProfileName", r.Profile)
	body.write("publishedHostname", r.Host)
	body.write("publishedUrlPath", r.Path)
	body.write("sourceHostname", r.SourceHost)
	body.write("sourceUrlPath", r.SourcePath)
	out := instance{top: maps.Clone(in.top), body: body}
	sets := []object{} // never null
	for _, p := range r.Protocols {
		set := in.set(p.Published).with(p)
		out.sets = append(out.sets, set)
		sets = append(sets, set.fields)
	}
	body.write("protocolSets", sets)
	out.top.write("body", body)
	// Not sent back: the API writes these itself (facts: read-modify-write).
	delete(out.top, "revision")
	delete(out.top, "shortname")
	delete(out.top, "status")
	return out
}

// set returns the protocol set for a published protocol; an empty one if
// there is none.
func (in instance) set(published string) protocolSet {
	for _, s := range in.sets {
		if read[string](s.fields, "publishedProtocol") == published {
			return s
		}
	}
	return protocolSet{}
}

// with returns the set with the fields of p; other options stay, in order.
func (s protocolSet) with(p plan.Protocol) protocolSet {
	fields := maps.Clone(s.fields)
	if fields == nil {
		fields = object{}
	}
	fields.write("publishedProtocol", p.Published)
	fields.write("publishedPort", p.PublishedPort)
	fields.write("sourceProtocol", p.Source)
	fields.write("sourcePort", p.SourcePort)
	header, _ := json.Marshal(plan.MarkHeader)
	mark, _ := json.Marshal(p.Mark)
	options := append(slices.DeleteFunc(slices.Clone(s.options), option.isMark),
		option{Name: sendHeader, Parameters: []json.RawMessage{header, mark}})
	fields.write("options", options)
	return protocolSet{fields: fields, options: options}
}
