package model

import (
	"fmt"
	"strings"
)

// maxListed is how many elements of a list a message names.
const maxListed = 5

// Listed joins the elements of a list for a message and names no more than a reader
// wants to see: "a.org, b.org and 3 more", where the separator is ", ".
func Listed(elements []string, separator string) string {
	more := len(elements) - maxListed
	if more <= 0 {
		return strings.Join(elements, separator)
	}
	return fmt.Sprintf("%s and %d more", strings.Join(elements[:maxListed], separator), more)
}

// Joined joins the names of providers.
func Joined(providers []Provider, separator string) string {
	var names []string
	for _, p := range providers {
		names = append(names, string(p))
	}
	return strings.Join(names, separator)
}
