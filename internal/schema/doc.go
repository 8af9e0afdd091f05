// Package schema describes the configuration: which keys a section has, with their
// defaults, and what may stand under each. The sections of the providers are described
// by their packages, all others by package config.
//
// No message of this package repeats a value, of whatever key: the user finds it in the
// file, and a secret written in the wrong place stays a secret.
package schema
