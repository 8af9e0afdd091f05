package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/edgeward/edgeward/internal/schema"
)

// parseYAML returns the mapping that the one document in data is. Its errors say
// near which line the fault is; the library's own line may be one short.
func parseYAML(data []byte) (*yaml.Node, error) {
	if line := unprintable(data); line > 0 {
		return nil, fmt.Errorf("line %d: not UTF-8 text, or a control character in it", line)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, next yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && isNull(document.Content[0]) {
		return nil, errors.New("is empty")
	}
	if err == nil {
		err = decoder.Decode(&next)
	}
	switch {
	case errors.Is(err, io.EOF) && document.Content[0].Kind == yaml.MappingNode:
		return document.Content[0], nil
	case errors.Is(err, io.EOF):
		return nil, errors.New(`must hold keys with values, such as "owner: example"`)
	case err == nil:
		return nil, fmt.Errorf("line %d: begins a second YAML document, where one is allowed", next.Line)
	default:
		return nil, syntaxError(err)
	}
}

// unprintable returns the number of the first line with something that no YAML
// text may hold, or 0. The library finds it too, but names no line.
func unprintable(data []byte) int {
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) || bytes.ContainsFunc(line, func(r rune) bool {
			return unicode.IsControl(r) && r != '\t' && r != '\r'
		}) {
			return i + 1
		}
	}
	return 0
}

// libraryError is what errors of the YAML library look like. They name no line
// where it is the first.
var libraryError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxError puts an error of the YAML library into our words. All its
// messages are fixed texts but one, which repeats what the file has behind a "*".
func syntaxError(err error) error {
	found := libraryError.FindStringSubmatch(err.Error())
	if found == nil || strings.HasPrefix(found[2], "unknown anchor") {
		return errors.New(`not YAML: an alias without its anchor (quote a value that begins with "*")`)
	}
	line := found[1]
	if line == "" {
		line = "1"
	}
	return fmt.Errorf("not YAML near line %s: %s", line, found[2])
}

// reader reads the file by the table of all keys that there are.
type reader struct{ table []schema.Key }

// node turns a YAML node into what its key's shape asks for: a string, a
// []string, a map[string]any or a []map[string]any, each string spelled as in
// the file. It leaves out what it reports as a fault; at is the full key.
func (r reader) node(node *yaml.Node, k schema.Key, at string) (any, schema.Faults) {
	if fault := misfit(node, k.Shape); fault != "" {
		return nil, schema.Faults{{Key: at, Message: fault}}
	}
	if isNull(node) { // a section without a line in it
		return map[string]any{}, nil
	}
	switch k.Shape {
	case schema.ListShape:
		return readElements(node, at, func(element *yaml.Node, at string) (string, schema.Faults) {
			return element.Value, refuse(at, misfit(element, schema.ScalarShape))
		})
	case schema.SectionShape:
		return r.mapping(node, k.Keys, at)
	case schema.EntriesShape:
		return readElements(node, at, func(element *yaml.Node, at string) (map[string]any, schema.Faults) {
			if fault := misfit(element, schema.SectionShape); fault != "" {
				return nil, refuse(at, fault)
			}
			return r.mapping(element, k.Keys, at)
		})
	default:
		return node.Value, nil
	}
}

// readElements reads each element of a sequence.
func readElements[T any](node *yaml.Node, at string, read func(*yaml.Node, string) (T, schema.Faults)) ([]T, schema.Faults) {
	elements := make([]T, len(node.Content))
	var faults schema.Faults
	for i, element := range node.Content {
		value, more := read(element, fmt.Sprintf("%s[%d]", at, i))
		elements[i], faults = value, append(faults, more...)
	}
	return elements, faults
}

// mapping reads the keys of a table, and reports those that are not in it
// or stand there twice.
func (r reader) mapping(node *yaml.Node, table []schema.Key, at string) (map[string]any, schema.Faults) {
	values := map[string]any{}
	var faults schema.Faults
	lines := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		path := join(at, name.Value)
		k, row := schema.Lookup(table, name.Value)
		first, again := lines[name.Value]
		lines[name.Value] = name.Line
		switch {
		case name.ShortTag() == "!!merge":
			faults = append(faults, schema.Fault{Key: fmt.Sprintf("line %d", name.Line), Message: "YAML merge keys are not supported"})
		case name.Kind != yaml.ScalarNode || !looksLikeKey(name.Value):
			faults = append(faults, schema.Fault{Key: fmt.Sprintf("line %d", name.Line), Message: "unknown key (not shown, it may be a misplaced value)"})
		case row == len(table):
			faults = append(faults, schema.Fault{Key: path, Message: "unknown key" + r.suggestion(name.Value, table, at)})
		case again:
			faults = append(faults, schema.Fault{Key: path, Message: fmt.Sprintf("given twice, in lines %d and %d", first, name.Line)})
		default:
			read, more := r.node(value, k, path)
			faults = append(faults, more...)
			if read != nil {
				values[k.Name] = read
			}
		}
	}
	return values, faults
}

// misfit says what is wrong with a node where the shape is wanted, or "".
func misfit(node *yaml.Node, want schema.Shape) string {
	switch {
	case node.Kind == yaml.AliasNode:
		return "YAML aliases are not supported: write the value itself"
	case node.Style&yaml.TaggedStyle != 0:
		return "YAML tags are not supported"
	case want == schema.ScalarShape && isNull(node):
		return `has no value: leave it out, or write "" for none`
	case want == schema.ScalarShape && node.Kind != yaml.ScalarNode:
		return "must be a single value"
	case want == schema.ListShape && node.Kind != yaml.SequenceNode:
		return "must be a list, such as [a, b]"
	case want == schema.EntriesShape && node.Kind != yaml.SequenceNode && !isNull(node):
		return `must be a list, each entry begun by "- "`
	case want == schema.EntriesShape && node.Kind == yaml.SequenceNode && len(node.Content) == 0:
		return "must have an entry: leave the key out for one cluster with the defaults"
	case want == schema.SectionShape && node.Kind != yaml.MappingNode && !isNull(node):
		return "must be a section, with keys and values of its own"
	}
	return ""
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// refuse makes a fault of a message, if there is one.
func refuse(at, message string) schema.Faults {
	if message == "" {
		return nil
	}
	return schema.Faults{{Key: at, Message: message}}
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}

// looksLikeKey reports whether a name can be shown. A slip such as
// "shared_key:0123abcd: x" makes a key of what should have been a value; keys
// and API keys are longer than our names, or full of digits.
func looksLikeKey(name string) bool {
	digits := 0
	for _, r := range name {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r != '_' && r != '-' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z'):
			return false
		}
	}
	return name != "" && len(name) <= 30 && digits <= 2
}

// suggestion proposes a key for an unknown name: a near one of the same table,
// or one of that very name elsewhere.
func (r reader) suggestion(name string, table []schema.Key, at string) string {
	siblings := make([]string, len(table))
	for i, k := range table {
		siblings[i] = k.Name
	}
	likely := elsewhere(name, r.table, "")
	if sibling := schema.Nearest(name, siblings); sibling != "" {
		likely = join(at, sibling)
	}
	if likely == "" {
		return ""
	}
	return "; did you mean " + likely + "?"
}

// elsewhere returns the path of the first key of that name in the table or
// below it, or "".
func elsewhere(name string, table []schema.Key, at string) string {
	for _, k := range table {
		path := join(at, k.Name)
		if k.Name == name {
			return path
		}
		if k.Shape == schema.EntriesShape {
			path += "[0]"
		}
		if found := elsewhere(name, k.Keys, path); found != "" {
			return found
		}
	}
	return ""
}
