package desired

import (
	"slices"
	"strconv"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
)

// Annotations that override the configuration for one Ingress.
const (
	AnnotationPublished  = "edgeward/published-protocols"
	AnnotationSource     = "edgeward/source-protocol"
	AnnotationPath       = "edgeward/source-path"
	AnnotationProfile    = "edgeward/service-profile"
	AnnotationAdopt      = "edgeward/adopt"
	AnnotationRelease    = "edgeward/release"
	AnnotationOrigin     = "edgeward/origin"
	AnnotationOriginPort = "edgeward/origin-port"
)

// options are the settings of one Ingress: those of the configuration, as its
// annotations override them.
type options struct {
	published  []string // protocols, sorted
	source     string   // the origin's protocol; "": as the Service's port says
	strip      bool
	profile    string
	adopt      bool   // a rule that nobody labelled may be taken over
	adoptAsked bool   // the annotation asks for that
	origin     string // OriginStatus, OriginNodes, or "" for the backends
	port       int    // of the origin; 0 if the annotation does not say
	release    bool
}

// annotation is one that overrides the configuration.
type annotation struct {
	name    string
	allowed string // which values it may have, for people
	apply   func(o *options, value string) bool
}

// annotations returns all of them, in the order in which faults are reported.
func annotations() []annotation {
	const boolean = `"true" or "false"`
	parseBool := func(to *bool, value string) bool {
		b, err := strconv.ParseBool(value)
		*to = b
		return err == nil
	}
	return []annotation{
		{AnnotationPublished, `"https", "http" or "https,http"`, func(o *options, value string) bool {
			var list []string
			for p := range strings.SplitSeq(value, ",") {
				p = strings.TrimSpace(p)
				if p != "https" && p != "http" || slices.Contains(list, p) {
					return false
				}
				list = append(list, p)
			}
			slices.Sort(list)
			o.published = list
			return true
		}},
		{AnnotationSource, `"http" or "https"`, func(o *options, value string) bool {
			o.source = value
			return value == "http" || value == "https"
		}},
		{AnnotationPath, `"keep" or "strip"`, func(o *options, value string) bool {
			o.strip = value == "strip"
			return value == "keep" || value == "strip"
		}},
		{AnnotationProfile, "a service profile's name", func(o *options, value string) bool {
			o.profile = value
			return value != "" && len(value) <= 255 && printable(value)
		}},
		{AnnotationAdopt, boolean, func(o *options, value string) bool { return parseBool(&o.adoptAsked, value) }},
		{AnnotationRelease, boolean, func(o *options, value string) bool { return parseBool(&o.release, value) }},
		{AnnotationOrigin, `"status" or "nodes"`, func(o *options, value string) bool {
			o.origin = value
			return value == OriginStatus || value == OriginNodes
		}},
		{AnnotationOriginPort, "a port from 1 to 65535", func(o *options, value string) bool {
			n, err := strconv.ParseUint(value, 10, 16)
			o.port = int(n)
			return err == nil && n > 0
		}},
	}
}

// defaultOptions returns the options of an Ingress without annotations.
func defaultOptions(settings model.Settings, cdn model.CDN) options {
	o := options{adopt: settings.Adopt == "always"}
	if cdn.Paths != model.WholeHosts {
		o.published, o.strip, o.profile = cdn.PublishedProtocols, cdn.StripPath, cdn.Profile
	}
	return o
}

// readOptions returns the options of an Ingress with these annotations. With a refusal
// they are those of the annotations that could be read.
func readOptions(of map[string]string, settings model.Settings, cdn model.CDN) (options, *refusal) {
	if len(of) == 0 {
		return defaultOptions(settings, cdn), nil
	}
	o := defaultOptions(settings, cdn)
	var refused *refusal
	for _, a := range annotations() {
		value, ok := of[a.name]
		if ok && !a.apply(&o, strings.TrimSpace(value)) && refused == nil {
			refused = invalid("annotation %s: %.40q is not %s", a.name, value, a.allowed)
		}
	}
	o.adopt = o.adopt || settings.Adopt == "annotated" && o.adoptAsked
	switch {
	case refused != nil:
	case cdn.Paths == model.WholeHosts && (o.published != nil || o.strip || o.profile != ""):
		refused = invalid("this CDN has no %s, %s strip or %s: it publishes on https where spec.tls has a certificate, else on http",
			AnnotationPublished, AnnotationPath, AnnotationProfile)
	case o.origin == "" && o.port != 0:
		refused = invalid("annotation %s has no effect without %s", AnnotationOriginPort, AnnotationOrigin)
	case o.origin == OriginNodes && o.port == 0:
		refused = invalid("annotation %s: %q needs %s, the port on which the nodes answer", AnnotationOrigin, OriginNodes, AnnotationOriginPort)
	}
	return o, refused
}

// unknownAnnotations returns the names that no annotation has, sorted.
func unknownAnnotations(of map[string]string) (names []string) {
	if len(of) == 0 {
		return nil
	}
	known := annotations()
	for _, name := range sortedKeys(of) {
		if !slices.ContainsFunc(known, func(a annotation) bool { return a.name == name }) {
			names = append(names, name)
		}
	}
	return names
}

// printable reports whether s is printable ASCII.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
