package model

// DNS says at which provider the records are.
type DNS struct {
	Name    Provider
	Section string // of the configuration
}

// Key is the full name of one of its keys in the configuration: "dns.ttl".
func (d DNS) Key(name string) string { return d.Section + "." + name }
