package desired

import (
	"slices"
)

// Contains reports whether a sorted list holds s.
func Contains(list []string, s string) bool {
	_, ok := slices.BinarySearch(list, s)
	return ok
}
