package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
)

// forgettable takes the name of a CDN, that of a zone, or "*".
func forgettable(cdns []model.Provider) func(string) (string, error) {
	return func(text string) (string, error) {
		if text == "*" || slices.Contains(cdns, model.Provider(text)) {
			return text, nil
		}
		zone, err := schema.DomainName(text)
		if err != nil {
			return "", errors.New("must be " + model.Joined(cdns, " or ") + `, the full name of a zone, or "*" for all zones`)
		}
		return zone, nil
	}
}

// listenAddress takes host:port as net.Listen does: no host means all
// addresses, port 0 any free one.
func listenAddress(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err == nil && (host == "" || schema.IsHost(host)) {
		_, err = strconv.ParseUint(port, 10, 16)
		if err == nil {
			return text, nil
		}
	}
	return "", errors.New("must be host:port, such as 127.0.0.1:9467 or :9467")
}

// keys is every key of the file, in the order of the documentation. The names
// are those of the mapstructure tags in Config and in the providers' sections.
func keys(all provider.Table) []schema.Key {
	return slices.Concat(clusterKeys(all), sectionKeys(all), otherKeys(all))
}

// sectionKeys are the sections of some providers.
func sectionKeys(providers provider.Table) []schema.Key {
	var sections []schema.Key
	for _, p := range providers {
		sections = append(sections, schema.Mapping(p.Section.Name, p.Section.Keys...))
	}
	return sections
}

// clusterKeys say whose the objects are and in which clusters. Ingresses that are
// selected by their label are for the first CDN.
func clusterKeys(all provider.Table) []schema.Key {
	first := string(all.CDNs()[0].Name)
	ofFirst := "cdn=" + first
	return []schema.Key{
		schema.Scalar("owner", "", schema.Required(ownerName)),
		schema.Entries("clusters",
			schema.Scalar("name", "main", schema.DNSLabel),
			schema.Scalar("kubeconfig", "", schema.FilePath),
			schema.Scalar("context", "", schema.PlainText),
			schema.List("namespaces", []string{}, 0, schema.DNSLabel),
			schema.Scalar("label_selector", ofFirst, labelSelector(ofFirst)),
			schema.Scalar("ingress_class", first, schema.PlainText),
			schema.Scalar("node_selector", "", labelSelector(ofFirst)),
			schema.List("node_address_types", []string{"ExternalIP"}, 1, nodeAddressType),
			schema.Scalar("not_ready_delay", "30s", schema.Duration(0)),
			schema.Entries("allow",
				schema.List("namespaces", nil, 1, pattern),
				schema.List("hosts", nil, 1, pattern),
				schema.List("origins", nil, 1, schema.OneOf("NodePort", "LoadBalancer", "status", "nodes", "externalIPs", "ExternalName")),
				schema.List("annotations", nil, 1, annotation),
				schema.List("addresses", nil, 1, addressRange),
				schema.List("ports", nil, 1, portRange),
			),
		),
	}
}

// otherKeys say when and how the providers are changed, and what is told.
func otherKeys(all provider.Table) []schema.Key {
	return []schema.Key{
		schema.Mapping("sync",
			// Each comparison lists everything at both providers: more
			// often than this they would only refuse.
			schema.Scalar("resync_interval", "10m", schema.Duration(time.Second)),
			schema.Scalar("deletion_grace", "10s", schema.Duration(0)),
			schema.Scalar("linger", "5m", schema.Duration(0)),
			schema.Scalar("adopt", AdoptNever, schema.OneOf(AdoptNever, AdoptAnnotated, AdoptAlways)),
			schema.Scalar("max_delete", "0.5", Share),
			schema.Scalar("confirm_after", "1h", schema.Duration(0)),
			schema.List("forget", []string{}, 0, forgettable(all.CDNs().Names())),
		),
		schema.Mapping("metrics",
			schema.Scalar("listen", "127.0.0.1:9467", listenAddress),
			schema.List("hosts", []string{}, 0, schema.Required(schema.HostName)),
		),
		schema.Mapping("log",
			schema.Scalar("level", "info", logLevel),
			schema.Scalar("format", LogAuto, schema.OneOf(LogAuto, LogText, LogJSON)),
		),
	}
}

// ownerName takes the name that says what is ours. It stands in origin names and in
// headers, hence the narrow rule.
func ownerName(text string) (string, error) {
	if _, err := schema.DNSLabel(text); err != nil || len(text) > 32 {
		return "", errors.New(`must be 1 to 32 of a-z, 0-9 and "-", and neither begin nor end with "-"`)
	}
	return text, nil
}

// labelSelector takes a Kubernetes label selector, or "" for none. One that
// selects everything without being empty ("  ") is a mistake, which is answered
// with the example.
func labelSelector(example string) func(string) (string, error) {
	return func(text string) (string, error) {
		if text == "" {
			return "", nil
		}
		selector, err := labels.Parse(text)
		if err != nil || selector.Empty() {
			return "", fmt.Errorf("not a label selector such as %s or \"env in (a, b), !old\"", example)
		}
		return text, nil
	}
}

// annotation takes the name of an annotation of ours, with or without its prefix.
func annotation(text string) (string, error) {
	const prefix = "edgeward/"
	name, err := schema.OneOf("published-protocols", "source-protocol", "source-path", "service-profile",
		"adopt", "release", "origin", "origin-port")(strings.TrimPrefix(text, prefix))
	if err != nil {
		return "", err
	}
	return prefix + name, nil
}

// logLevel takes the name of a level of log/slog, in lower case.
func logLevel(text string) (slog.Level, error) {
	if _, err := schema.OneOf("debug", "info", "warn", "error")(text); err != nil {
		return 0, err
	}
	var level slog.Level
	err := level.UnmarshalText([]byte(text))
	return level, err
}

// Share takes a number from 0 to 1.
func Share(text string) (float64, error) {
	s, err := strconv.ParseFloat(text, 64)
	if err != nil || !(s >= 0 && s <= 1) {
		return 0, errors.New("must be a number from 0 to 1")
	}
	return s, nil
}
