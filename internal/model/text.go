package model

import (
	"fmt"
	"slices"
	"strings"
)

// maxNames bounds how many names, or other things, a message lists.
const maxNames = 5

// Listed is "a.org, b.org and 3 more". Nobody has checked what a certificate holds for
// names: one that is too long is cut.
func Listed(names []string) string {
	if len(names) == 0 {
		return "no host name"
	}
	var parts []string
	for _, name := range names[:min(len(names), maxNames)] {
		parts = append(parts, fmt.Sprintf("%.*s", MaxName, name))
	}
	text := strings.Join(parts, ", ")
	if more := len(names) - maxNames; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// Few are the first of a list, and "…" for the rest.
func Few(list []string) []string {
	if len(list) > maxNames {
		return append(list[:maxNames:maxNames], "…")
	}
	return list
}

// SortedSet sorts a list, in place, and keeps one of each.
func SortedSet(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
