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
	AnnotationOrigin     = "edgeward/origin"
	AnnotationOriginPort = "edgeward/origin-port"
	AnnotationRelease    = "edgeward/release"
)

// Values of the annotation edgeward/origin. Without it the backends lead to the
// origin.
const (
	StatusOrigin = "status" // the addresses in the Ingress's own status
	NodesOrigin  = "nodes"  // all nodes, for a controller on host ports
)

// options are an Ingress's settings after its annotations.
type options struct {
	published  []string // sorted
	source     string   // "": as the Service's port says
	strip      bool
	profile    string
	adopt      bool
	adoptAsked bool   // by the annotation
	origin     string // originStatus, originNodes or ""
	port       int    // of the origin; 0: not told
	release    bool
}

// ingressOptions applies the annotations to the configuration. With a verdict
// the options are those of the annotations that could be read.
func ingressOptions(annotations map[string]string, set model.Settings, cdn model.CDN) (options, *verdict) {
	o := options{adopt: set.Adopt == "always"}
	if !cdn.WholeHosts {
		o.published, o.strip, o.profile = cdn.PublishedProtocols, cdn.StripPath, cdn.Profile
	}
	if len(annotations) == 0 {
		return o, nil
	}
	var bad *verdict
	read := func(name, allowed string, apply func(value string) bool) {
		value, ok := annotations[name]
		if ok && !apply(strings.TrimSpace(value)) && bad == nil {
			bad = invalid("annotation %s: %.40q is not %s", name, value, allowed)
		}
	}
	yes := func(value string, apply func(bool)) bool {
		b, err := strconv.ParseBool(value)
		apply(b && err == nil)
		return err == nil
	}
	read(AnnotationPublished, `"https", "http" or "https,http"`, func(value string) bool {
		var list []string
		for p := range strings.SplitSeq(value, ",") {
			p = strings.TrimSpace(p)
			if p != "https" && p != "http" || slices.Contains(list, p) {
				return false
			}
			list = append(list, p)
		}
		o.published = slices.Sorted(slices.Values(list))
		return true
	})
	read(AnnotationSource, `"http" or "https"`, func(value string) bool {
		o.source = value
		return value == "http" || value == "https"
	})
	read(AnnotationPath, `"keep" or "strip"`, func(value string) bool {
		o.strip = value == "strip"
		return value == "keep" || value == "strip"
	})
	read(AnnotationProfile, "a service profile's name", func(value string) bool {
		o.profile = value
		return value != "" && len(value) <= 255 && printable(value)
	})
	read(AnnotationAdopt, `"true" or "false"`, func(value string) bool {
		return yes(value, func(b bool) { o.adoptAsked, o.adopt = b, o.adopt || set.Adopt == "annotated" && b })
	})
	read(AnnotationRelease, `"true" or "false"`, func(value string) bool {
		return yes(value, func(b bool) { o.release = b })
	})
	read(AnnotationOrigin, `"status" or "nodes"`, func(value string) bool {
		o.origin = value
		return value == StatusOrigin || value == NodesOrigin
	})
	read(AnnotationOriginPort, "a port from 1 to 65535", func(value string) bool {
		n, err := strconv.ParseUint(value, 10, 16)
		o.port = int(n)
		return err == nil && n > 0
	})
	switch {
	case bad != nil:
	case cdn.WholeHosts && (o.published != nil || o.strip || o.profile != ""):
		bad = invalid("this CDN has no %s, %s strip or %s: it publishes on https where spec.tls has a certificate, else on http",
			AnnotationPublished, AnnotationPath, AnnotationProfile)
	case o.origin == "" && o.port != 0:
		bad = invalid("annotation %s has no effect without %s", AnnotationOriginPort, AnnotationOrigin)
	case o.origin == NodesOrigin && o.port == 0:
		bad = invalid("annotation %s: %q needs %s, the port on which the nodes answer", AnnotationOrigin, NodesOrigin, AnnotationOriginPort)
	}
	return o, bad
}

func unknownAnnotations(annotations map[string]string) []string {
	var names []string
	for name := range annotations {
		switch name {
		case AnnotationPublished, AnnotationSource, AnnotationPath, AnnotationProfile, AnnotationAdopt,
			AnnotationOrigin, AnnotationOriginPort, AnnotationRelease:
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func printable(s string) bool {
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return true
}
