package schema

import (
	"fmt"
	"slices"
)

// Key is one name in the file, and what may stand under it.
type Key struct {
	Name  string
	Shape Shape
	// Default is spelled as in the file: a string for a scalar, a
	// []string for a list; nil for a list that may be left out but not be empty.
	Default any
	Keys    []Key // of a section, or of each entry
	Least   int   // how many elements a list has at least, if it is given

	// Parse makes the value of a scalar, or of one element of a list, of the
	// text that stands for it. Beside an error it returns the zero value of the same type.
	Parse func(text string) (any, error)

	// Credential says that it is one of the three ways in which the key of an account may
	// be given, which the configuration keeps itself; see CredentialKeys.
	Credential bool
}

// Shape is what kind of YAML node a key leads to.
type Shape int

const (
	ScalarShape  Shape = iota
	ListShape          // of scalars
	SectionShape       // a mapping
	EntriesShape       // a list of mappings
)

// Scalar is a key with one value, which parse makes of its text.
func Scalar[T any](name, std string, parse func(string) (T, error)) Key {
	return Key{Name: name, Shape: ScalarShape, Default: std, Parse: func(text string) (any, error) {
		value, err := parse(text)
		if err != nil {
			var zero T
			return zero, err
		}
		return value, nil
	}}
}

// List is a key with a list of values, at least so many if it is given. With nil for
// std it may be left out but not be empty.
func List[T comparable](name string, std []string, least int, parse func(string) (T, error)) Key {
	k := Scalar(name, "", parse)
	k.Shape, k.Default, k.Least = ListShape, nil, least
	if std != nil {
		k.Default = std
	}
	return k
}

// Mapping is a key with keys of its own.
func Mapping(name string, keys ...Key) Key {
	return Key{Name: name, Shape: SectionShape, Keys: keys}
}

// Entries is a key with a list of mappings.
func Entries(name string, keys ...Key) Key {
	return Key{Name: name, Shape: EntriesShape, Keys: keys}
}

// Lookup returns the key of that name and its place in the table; for an
// unknown name the place after the last.
func Lookup(table []Key, name string) (Key, int) {
	i := slices.IndexFunc(table, func(k Key) bool { return k.Name == name })
	if i < 0 {
		return Key{}, len(table)
	}
	return table[i], i
}

// Value makes the value of a scalar or a list from its text or texts.
func (k Key) Value(raw any, at string) (any, Faults) {
	if text, ok := raw.(string); ok {
		value, err := k.Parse(text)
		if err != nil {
			return value, Faults{{at, err.Error()}}
		}
		return value, nil
	}
	if raw == nil {
		return []any{}, nil // left out
	}
	texts, _ := raw.([]string)
	values := make([]any, 0, len(texts))
	seen := make(map[any]bool, len(texts))
	var faults Faults
	for i, text := range texts {
		value, err := k.Parse(text)
		switch {
		case err != nil:
			faults = append(faults, Fault{fmt.Sprintf("%s[%d]", at, i), err.Error()})
		case seen[value]:
			faults = append(faults, Fault{fmt.Sprintf("%s[%d]", at, i), "is in the list already"})
		default:
			values = append(values, value)
			seen[value] = true
		}
	}
	if len(texts) < k.Least {
		faults = append(faults, Fault{at, "must not be empty"})
	}
	return values, faults
}
