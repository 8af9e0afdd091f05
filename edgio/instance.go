package edgio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
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

// protocolSet is an element of body.protocolSets. Its options are kept as they
// came: some parameters must be JSON numbers.
type protocolSet struct {
	fields  object
	options []json.RawMessage
}

// sendHeader is the option that makes the CDN send a header to the origin.
const sendHeader = "req_send_header"

// UnmarshalJSON accepts any object with a uuid. A field of ours that is of
// another type than the API describes reads as empty in rule, and is replaced
// by with.
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
	in.sets = nil
	for _, fields := range read[[]json.RawMessage](in.body, "protocolSets") {
		set := protocolSet{fields: decode[object](fields)}
		set.options = read[[]json.RawMessage](set.fields, "options")
		in.sets = append(in.sets, set)
	}
	return nil
}

// decode returns the zero value for JSON of another type.
func decode[T string | object | []json.RawMessage](raw json.RawMessage) T {
	var v T
	_ = json.Unmarshal(raw, &v) // fills in none of these types in part
	return v
}

// read decodes a field, or returns the zero value where it is absent or of
// another type.
func read[T string | object | []json.RawMessage](o object, field string) T {
	return decode[T](o[field])
}

// port reads a port: the protocol's own where it is absent or null, 0 if there is
// no such protocol, -1 where it is no integer.
func port(o object, field, protocol string) int {
	n := 0
	if raw, ok := o[field]; ok && json.Unmarshal(raw, &n) != nil {
		return -1
	}
	if n == 0 && (protocol == "http" || protocol == "https") {
		return model.PublishedPort(protocol)
	}
	return n
}

// encode is json.Marshal without its escaping of <, > and &, which would alter
// what is not ours.
func encode(value any) json.RawMessage {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(fmt.Sprintf("edgio: %T cannot be encoded: %v", value, err)) // all types are ours
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func (o object) write(field string, value any) { o[field] = encode(value) }

// rule reduces an instance to the fields that are ours. A published path
// without a leading slash reads as with one, as the API treats it.
func (in instance) rule() model.Rule {
	path := read[string](in.body, "publishedUrlPath")
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	r := model.Rule{
		ID: read[string](in.top, "uuid"),
		RuleKey: model.RuleKey{
			CDN:  Name,
			Host: model.NormalHost(read[string](in.body, "publishedHostname")),
			Path: path,
		},
		SourceHost: model.NormalHost(read[string](in.body, "sourceHostname")),
		SourcePath: read[string](in.body, "sourceUrlPath"),
		Profile:    read[string](in.body, "serviceProfileName"),
		Pending:    in.pending(),
	}
	for _, s := range in.sets {
		p := model.Protocol{
			Published: read[string](s.fields, "publishedProtocol"),
			Source:    read[string](s.fields, "sourceProtocol"),
			Label:     s.mark(),
		}
		p.PublishedPort = port(s.fields, "publishedPort", p.Published)
		p.SourcePort = port(s.fields, "sourcePort", p.Source)
		r.Protocols = append(r.Protocols, p)
	}
	slices.SortStableFunc(r.Protocols, byPublished)
	return r
}

// completed is the state of an instance that is served. There are others that are
// not known; they count as not yet.
const completed = "COMPLETED"

// pending reports whether the status says that the CDN does not serve the instance
// as it is yet. One that does not tell its state, or not to this user, is served.
func (in instance) pending() bool {
	state := strings.TrimSpace(read[string](read[object](in.top, "status"), "state"))
	return state != "" && !isMask(state) && !strings.EqualFold(state, completed)
}

func byPublished(a, b model.Protocol) int { return strings.Compare(a.Published, b.Published) }

// markOf returns the owner label that an option carries, if it is the one for labels.
func markOf(option json.RawMessage) (mark string, ok bool) {
	fields := decode[object](option)
	parameters := read[[]json.RawMessage](fields, "parameters")
	if read[string](fields, "name") != sendHeader || len(parameters) != 2 ||
		!strings.EqualFold(decode[string](parameters[0]), model.OwnerHeader) {
		return "", false
	}
	return decode[string](parameters[1]), true
}

// mark is the value of the header by which a rule of ours says whose it is.
func (s protocolSet) mark() string {
	for _, option := range s.options {
		if mark, ok := markOf(option); ok {
			return mark
		}
	}
	return ""
}

// newInstance is the body of the request that creates r.
func newInstance(r model.Rule, shortname string) instance {
	in := instance{top: object{}, body: object{}}
	in.body.write("serviceKey", map[string]string{"name": "delivery"})
	in.top.write("accounts", []map[string]string{{"shortname": shortname}})
	return in.with(r)
}

// with returns the instance with the fields of r; all that is not ours stays.
func (in instance) with(r model.Rule) instance {
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
	for _, field := range writtenByAPI() {
		delete(out.top, field)
	}
	return out
}

// writtenByAPI are the fields of an instance that the API writes itself, which are
// not sent back.
func writtenByAPI() []string { return []string{"revision", "shortname", "status"} }

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
func (s protocolSet) with(p model.Protocol) protocolSet {
	fields := maps.Clone(s.fields)
	if fields == nil {
		fields = object{}
	}
	fields.write("publishedProtocol", p.Published)
	fields.write("sourceProtocol", p.Source)
	for field, port := range map[string]int{"publishedPort": p.PublishedPort, "sourcePort": p.SourcePort} {
		if port > 0 { // else it is one that could not be read, and stays as it is
			fields.write(field, port)
		}
	}
	options := slices.DeleteFunc(slices.Clone(s.options), func(option json.RawMessage) bool {
		_, ok := markOf(option)
		return ok
	})
	if p.Label != "" {
		options = append(options, encode(map[string]any{"name": sendHeader, "parameters": []string{model.OwnerHeader, p.Label}}))
	}
	fields.write("options", options)
	return protocolSet{fields: fields, options: options}
}
