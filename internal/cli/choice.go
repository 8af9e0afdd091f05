package cli

import (
	"fmt"
	"slices"
	"strings"
)

// choice is the value of a flag that is one of a few words.
type choice struct {
	value   *string
	allowed []string
}

// newChoice sets value to the first of the allowed words.
func newChoice(value *string, allowed ...string) *choice {
	*value = allowed[0]
	return &choice{value, allowed}
}

// String is the word chosen.
func (c *choice) String() string { return *c.value }

// Type is what the usage calls the value.
func (c *choice) Type() string { return strings.Join(c.allowed, "|") }

// Set chooses a word, or says which there are.
func (c *choice) Set(word string) error {
	if !slices.Contains(c.allowed, word) {
		return fmt.Errorf("not one of %s", strings.Join(c.allowed, ", "))
	}
	*c.value = word
	return nil
}
