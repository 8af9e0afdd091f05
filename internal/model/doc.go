// Package model has the words that all packages share: Ingresses, CDN rules, DNS
// records, who owns them, and operations on them. It imports nothing of ours.
package model
