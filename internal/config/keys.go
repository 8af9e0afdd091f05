package config

import (
	"slices"
	"strings"
	"time"
)

// key is one name in the file, and what may stand under it.
type key struct {
	name  string
	shape shape
	// std is the default, spelled as in the file: a string for a scalar, a
	// []string for a list; nil for a list that may be left out but not be empty.
	std   any
	keys  []key // of a section, or of each entry
	least int   // how many elements a list has at least

	// parse makes the value of a scalar, or of one element of a list. Beside
	// an error it returns the zero value of the same type.
	parse func(text string) (any, error)
}

// shape is what kind of YAML node a key leads to.
type shape int

const (
	isScalar  shape = iota
	isList          // of scalars
	isSection       // a mapping
	isEntries       // a list of mappings
)

func scalar[T any](name, std string, parse func(string) (T, error)) key {
	return key{name: name, shape: isScalar, std: std, parse: func(text string) (any, error) {
		value, err := parse(text)
		if err != nil {
			var zero T
			return zero, err
		}
		return value, nil
	}}
}

func list[T comparable](name string, std []string, least int, parse func(string) (T, error)) key {
	k := scalar(name, "", parse)
	k.shape, k.std, k.least = isList, nil, least
	if std != nil {
		k.std = std
	}
	return k
}

func section(name string, keys ...key) key {
	return key{name: name, shape: isSection, keys: keys}
}

func entries(name string, keys ...key) key {
	return key{name: name, shape: isEntries, keys: keys}
}

// keys is every key of the file, in the order of the documentation. The names
// are those of the mapstructure tags in Config.
func keys() []key {
	return []key{
		scalar("owner", "", required(ownerName)),
		entries("clusters",
			scalar("name", "main", dnsLabel),
			scalar("kubeconfig", "", filePath),
			scalar("context", "", plainText),
			list("namespaces", []string{}, 0, dnsLabel),
			scalar("label_selector", "cdn=edgio", labelSelector),
			scalar("ingress_class", "edgio", plainText),
			scalar("node_selector", "", labelSelector),
			list("node_address_types", []string{"ExternalIP"}, 1, nodeAddressType),
			scalar("not_ready_delay", "30s", duration(0)),
			entries("allow",
				list("namespaces", nil, 1, pattern),
				list("hosts", nil, 1, pattern),
				list("origins", nil, 1, oneOf("NodePort", "LoadBalancer", "status", "nodes", "externalIPs", "ExternalName")),
				list("annotations", nil, 1, annotation),
				list("addresses", nil, 1, addressRange),
				list("ports", nil, 1, portRange),
			),
		),
		section("edgio",
			scalar("base_url", "https://apis.llnw.com/config-api/v1", baseURL),
			scalar("username", "", required(headerText)),
			scalar("shared_key", "", secretText),
			scalar("shared_key_file", "", filePath),
			scalar("secret", "", secretRef),
			scalar("shortname", "", required(pathSegment)),
			scalar("service_profile", "LLNW-Generic", required(plainText)),
			list("published_protocols", []string{"https"}, 1, oneOf("https", "http")),
			scalar("source_path", SourcePathKeep, oneOf(SourcePathKeep, SourcePathStrip)),
			scalar("cname_target", "", hostName),
			scalar("requests_per_minute", "50", rate),
		),
		section("vultr",
			scalar("base_url", "https://api.vultr.com", baseURL),
			scalar("api_key", "", secretText),
			scalar("api_key_file", "", filePath),
			scalar("secret", "", secretRef),
			scalar("domain", "", required(domainName)),
			scalar("ttl", "120", integer(1, 604800)),
			list("publish_zones", []string{}, 0, domainName),
			scalar("requests_per_second", "20", rate),
		),
		section("vultr_cdn",
			scalar("ingress_class", "vultr-cdn", required(plainText)),
		),
		section("sync",
			// Each comparison lists everything at both providers: more
			// often than this they would only refuse.
			scalar("resync_interval", "10m", duration(time.Second)),
			scalar("deletion_grace", "10s", duration(0)),
			scalar("linger", "5m", duration(0)),
			scalar("adopt", AdoptNever, oneOf(AdoptNever, AdoptAnnotated, AdoptAlways)),
			scalar("max_delete", "0.5", share),
			scalar("confirm_after", "1h", duration(0)),
			list("forget", []string{}, 0, forgettable),
		),
		section("metrics",
			scalar("listen", "127.0.0.1:9467", listenAddress),
			list("hosts", []string{}, 0, required(hostName)),
		),
		section("log",
			scalar("level", "info", logLevel),
			scalar("format", LogAuto, oneOf(LogAuto, LogText, LogJSON)),
		),
	}
}

// lookup returns the key of that name and its place in the table; for an
// unknown name the place after the last.
func lookup(table []key, name string) (key, int) {
	i := slices.IndexFunc(table, func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, len(table)
	}
	return table[i], i
}

// leaf is a scalar or a list with its full path, such as "edgio.base_url".
type leaf struct {
	path string
	key
}

// variable is the name in the environment: "EDGEWARD_EDGIO_BASE_URL".
func (l leaf) variable() string {
	return variablePrefix + strings.ToUpper(strings.ReplaceAll(l.path, ".", "_"))
}

// leaves lists the scalars and lists of a table and its sections, in order, but
// not those inside entries.
func leaves(table []key) []leaf {
	var all []leaf
	for _, k := range table {
		switch k.shape {
		case isSection:
			for _, l := range leaves(k.keys) {
				all = append(all, leaf{k.name + "." + l.path, l.key})
			}
		case isScalar, isList:
			all = append(all, leaf{k.name, k})
		}
	}
	return all
}
