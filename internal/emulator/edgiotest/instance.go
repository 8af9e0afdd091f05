package edgiotest

import (
	"encoding/json"
	"errors"
	"slices"

	"github.com/edgeward/edgeward/internal/emulator"
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

// revision is the field of that name.
type revision struct {
	CreatedBy     string `json:"createdBy"`
	CreatedDate   int64  `json:"createdDate"` // Unix time in milliseconds
	VersionNumber int    `json:"versionNumber"`
}

// newVersion makes version number of the instance id out of sent, the top-level
// fields of a request. What the API itself fills in replaces what was sent; all
// else is kept as it is.
func (a *Account) newVersion(id string, number int, sent emulator.Document) (Instance, error) {
	fields := emulator.Document{
		"uuid":      emulator.Encode(id),
		"isLatest":  emulator.Encode(true),
		"isEnabled": emulator.Encode(true),
		"revision": emulator.Encode(revision{
			CreatedBy: a.options.Username, CreatedDate: a.options.Now().UnixMilli(), VersionNumber: number,
		}),
		"meta": emulator.Encode(map[string]string{
			"manifestVersion":   "4",
			"serviceIdentifier": "deliverysvcinst",
			"serviceKey":        "delivery",
		}),
		"status":    emulator.Encode(map[string]string{"state": "COMPLETED"}),
		"shortname": emulator.Encode(a.options.Shortname),
	}
	for key, value := range sent {
		if _, ours := fields[key]; !ours {
			fields[key] = value
		}
	}
	var body emulator.Document
	if err := fields.Read("body", &body); err != nil {
		return Instance{}, err
	}
	if body == nil {
		return Instance{}, errors.New("body: not a JSON object")
	}
	instance, err := decodeBody(body)
	instance.UUID, instance.Version, instance.Raw = id, number, emulator.Encode(fields)
	return instance, err
}

// decodeBody reads the fields of body that the rules know. The error names
// every field of a wrong JSON type.
func decodeBody(body emulator.Document) (Instance, error) {
	var i Instance
	var sets []emulator.Document
	errs := []error{
		body.Read("publishedHostname", &i.Host),
		body.Read("publishedUrlPath", &i.Path),
		body.Read("sourceHostname", &i.SourceHost),
		body.Read("sourceUrlPath", &i.SourcePath),
		body.Read("serviceProfileName", &i.Profile),
		body.Read("protocolSets", &sets),
	}
	for _, set := range sets {
		decoded, err := decodeProtocolSet(set)
		i.ProtocolSets = append(i.ProtocolSets, decoded)
		errs = append(errs, err)
	}
	return i, errors.Join(errs...)
}

func decodeProtocolSet(set emulator.Document) (ProtocolSet, error) {
	var p ProtocolSet
	var options []emulator.Document
	errs := []error{
		set.Read("publishedProtocol", &p.PublishedProtocol),
		set.Read("sourceProtocol", &p.SourceProtocol),
		set.Read("publishedPort", &p.PublishedPort),
		set.Read("sourcePort", &p.SourcePort),
		set.Read("options", &options),
	}
	for _, option := range options {
		var o Option
		errs = append(errs, option.Read("name", &o.Name), option.Read("parameters", &o.Parameters))
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
