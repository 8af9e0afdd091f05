package schema

import (
	"slices"
	"strconv"
	"strings"

	"github.com/edgeward/edgeward/internal/printable"
)

// Fault is one thing wrong with the configuration.
type Fault struct {
	// Key is the key as it stands in the file ("clusters[1].label_selector"),
	// the name of a variable of the environment, or, for what ails the file
	// as a whole, its path.
	Key     string
	Message string // never holds a value
}

// String is "key: message", in one line.
func (f Fault) String() string { return printable.Line(f.Key + ": " + f.Message) }

// Faults is all that is wrong with a configuration, in the order of the keys
// in the documentation; what is unknown comes last in its section.
type Faults []Fault

// Error has a line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.String()
	}
	return strings.Join(lines, "\n")
}

// About reports whether one of the faults concerns one of the keys, an element
// of it or what it stands in. Such a key has no value to judge any further.
func (f Faults) About(keys ...string) bool {
	return slices.ContainsFunc(f, func(fault Fault) bool {
		return slices.ContainsFunc(keys, func(key string) bool {
			return fault.Key == key || strings.HasPrefix(fault.Key, key+"[") || strings.HasPrefix(key, fault.Key+".")
		})
	})
}

// Sort brings the faults into the order of the table. Those of one key stay in
// the order in which they were found.
func (f Faults) Sort(table []Key) {
	slices.SortStableFunc(f, func(a, b Fault) int {
		return slices.Compare(position(a.Key, table), position(b.Key, table))
	})
}

// position is where a key as it stands in the file belongs: for each of its
// parts the place in the table (unknown names come after the known ones) and
// the index, so "cdn.username" might be 2 0 1 0 and "clusters[1].context" 1 1 2 0.
func position(key string, table []Key) []int {
	var place []int
	for part := range strings.SplitSeq(key, ".") {
		name, index, _ := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		k, row := Lookup(table, name)
		element, _ := strconv.Atoi(index) // no index: 0
		place = append(place, row, element)
		table = k.Keys
	}
	return place
}

// Nearest returns the candidate that a mistyped name most likely means, or "":
// one that differs in at most two letters, and in less than half of them. Case
// does not count, nor does a hyphen for an underscore.
func Nearest(name string, candidates []string) string {
	plain := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }
	best, least := "", 3
	for _, candidate := range candidates {
		d := distance(plain(name), plain(candidate))
		if d < least && 2*d < len(candidate) {
			best, least = candidate, d
		}
	}
	return best
}

// distance is Levenshtein's: how many bytes to insert, delete or replace to
// make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
