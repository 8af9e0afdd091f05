package emulator

import (
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Instance is one version of a delivery service instance: a rule of the CDN.
type Instance struct {
	UUID       string
	Host       string // body.publishedHostname
	Path       string // body.publishedUrlPath
	SourceHost string // body.sourceHostname
	SourcePath string // body.sourceUrlPath
	Profile    string // body.serviceProfileName
	// ProtocolSets is body.protocolSets, in order.
	ProtocolSets []ProtocolSet
	Version      int // revision.versionNumber, from 1
	// Raw is the whole instance as GET answers it. Do not write to it.
	Raw json.RawMessage
}

// ProtocolSet says how one protocol is published and fetched from the origin.
type ProtocolSet struct {
	PublishedProtocol, SourceProtocol string // http or https
	PublishedPort, SourcePort         int    // 0: not set
	Options                           []Option
}

// Option is a configuration option of a protocol set. Parameters are strings
// and, for what JSON has as numbers, float64.
type Option struct {
	Name       string
	Parameters []any
}

// history is every version of an instance, oldest first, at least one.
type history []Instance

func (h history) latest() Instance { return h[len(h)-1] }

// version returns version n, from 1, as the API shows it now.
func (h history) version(n int) json.RawMessage {
	if n == len(h) {
		return h.latest().Raw
	}
	fields := h.fields(n)
	fields["isLatest"] = encode(false)
	return encode(fields)
}

// fields returns the top-level fields of version n, from 1.
func (h history) fields(n int) document {
	fields, err := parseDocument(h[n-1].Raw)
	must(err) // newVersion made it
	return fields
}

// revision is the field of that name.
type revision struct {
	CreatedBy     string `json:"createdBy"`
	CreatedDate   int64  `json:"createdDate"` // Unix time in milliseconds
	VersionNumber int    `json:"versionNumber"`
}

// newVersion makes version number version of the instance uuid out of sent,
// the top-level fields of a request. What the API itself fills in replaces what
// was sent; all else is kept as it is.
func newVersion(sent document, uuid, shortname, user string, version int, now time.Time) (Instance, error) {
	fields := document{
		"uuid":      encode(uuid),
		"isLatest":  encode(true),
		"isEnabled": encode(true),
		"revision":  encode(revision{CreatedBy: user, CreatedDate: now.UnixMilli(), VersionNumber: version}),
		"meta": encode(map[string]string{
			"manifestVersion":   "4",
			"serviceIdentifier": "deliverysvcinst",
			"serviceKey":        "delivery",
		}),
		"status":    encode(map[string]string{"state": "COMPLETED"}),
		"shortname": encode(shortname),
	}
	for key, value := range sent {
		if _, ours := fields[key]; !ours {
			fields[key] = value
		}
	}
	var body document
	if err := fields.read("body", &body); err != nil {
		return Instance{}, err
	}
	if body == nil {
		return Instance{}, errors.New("body: not a JSON object")
	}
	instance, err := decodeBody(body)
	instance.UUID, instance.Version, instance.Raw = uuid, version, encode(fields)
	return instance, err
}

// decodeBody reads the fields of body that the rules know. The error names
// every field of a wrong JSON type.
func decodeBody(body document) (Instance, error) {
	var i Instance
	var sets []document
	errs := []error{
		body.read("publishedHostname", &i.Host),
		body.read("publishedUrlPath", &i.Path),
		body.read("sourceHostname", &i.SourceHost),
		body.read("sourceUrlPath", &i.SourcePath),
		body.read("serviceProfileName", &i.Profile),
		body.read("protocolSets", &sets),
	}
	for _, set := range sets {
		decoded, err := decodeProtocolSet(set)
		i.ProtocolSets = append(i.ProtocolSets, decoded)
		errs = append(errs, err)
	}
	return i, errors.Join(errs...)
}

func decodeProtocolSet(set document) (ProtocolSet, error) {
	var p ProtocolSet
	var options []document
	errs := []error{
		set.read("publishedProtocol", &p.PublishedProtocol),
		set.read("sourceProtocol", &p.SourceProtocol),
		set.read("publishedPort", &p.PublishedPort),
		set.read("sourcePort", &p.SourcePort),
		set.read("options", &options),
	}
	for _, option := range options {
		var o Option
		errs = append(errs, option.read("name", &o.Name), option.read("parameters", &o.Parameters))
		p.Options = append(p.Options, o)
	}
	return p, errors.Join(errs...)
}

// clone returns a copy of i that shares nothing with it but Raw.
func (i Instance) clone() Instance {
	i.ProtocolSets = slices.Clone(i.ProtocolSets)
	for s, set := range i.ProtocolSets {
		i.ProtocolSets[s].Options = slices.Clone(set.Options)
		for o, option := range set.Options {
			i.ProtocolSets[s].Options[o].Parameters = slices.Clone(option.Parameters)
		}
	}
	return i
}
