package model

// Provider is the name of a provider, as metrics and messages have it.
type Provider string

// The providers that there are.
const (
	Edgio    Provider = "edgio"
	VultrCDN Provider = "vultr-cdn"
	Vultr    Provider = "vultr" // DNS
)
