package model

// Provider is a provider, in the words of the metrics' label.
type Provider string

const (
	Edgio    Provider = "edgio"
	VultrCDN Provider = "vultr-cdn"
	Vultr    Provider = "vultr" // DNS
)
