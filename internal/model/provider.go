package model

// Provider is the name of a provider, in metrics, ownership records and messages. Package
// providers has the table of those that there are.
type Provider string
