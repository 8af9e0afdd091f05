package model

// DNS is the DNS provider of the configuration.
type DNS struct {
	Name    Provider
	Section string // of the configuration: "dns"
}

// Key returns the full name of a key of its section: "dns.ttl".
func (d DNS) Key(name string) string { return d.Section + "." + name }
