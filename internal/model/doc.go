// Package model has the words that all packages share: Ingresses and their namespaces,
// CDNs and DNS, rules and records, who owns them, and the operations on them. It imports
// nothing of ours.
package model
