package daemon

import (
	"fmt"
	"slices"
	"strings"
)

// Choice is the value of a flag that is one of a few words.
type Choice struct {
	value   *string
	allowed []string
}

// NewChoice sets value to the first of the allowed words.
func NewChoice(value *string, allowed ...string) *Choice {
	*value = allowed[0]
	return &Choice{value, allowed}
}

// String is the word chosen.
func (c *Choice) String() string { return *c.value }

// Type is what the usage calls the value.
func (c *Choice) Type() string { return strings.Join(c.allowed, "|") }

// Set chooses a word, or says which there are.
func (c *Choice) Set(word string) error {
	if !slices.Contains(c.allowed, word) {
		return fmt.Errorf("not one of %s", strings.Join(c.allowed, ", "))
	}
	*c.value = word
	return nil
}
