package edgiotest

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/emulator"
)

// maxProtocolSets is the most an instance may have.
const maxProtocolSets = 2

// fieldErrors are what is wrong with an instance, field by field.
type fieldErrors []apiError

func (f *fieldErrors) add(source, message string) {
	*f = append(*f, apiError{Message: message, Code: http.StatusBadRequest, Source: source})
}

// unless adds an error of the field source if holds is false.
func (f *fieldErrors) unless(holds bool, source, message string) {
	if !holds {
		f.add(source, message)
	}
}

// read decodes the field key of d, which stands at a path in the instance; one
// of the wrong type is an error.
func (f *fieldErrors) read(d emulator.Document, at, key string, v any) {
	if err := d.Read(key, v); err != nil {
		f.add(at+key, err.Error())
	}
}

// parseInstance reads the instance in a request's body and applies the field
// rules to its top-level fields. It returns them as they are to be stored, with
// "/" put before a path that lacks it, an empty one included, or why they are
// refused: 403 if they are for another account, else 400 with every error. That
// serviceKey must be there is a guess.
func (a *Account) parseInstance(request []byte) (emulator.Document, *refusal) {
	sent, err := emulator.ParseDocument(request)
	if err != nil {
		return nil, refuseField(http.StatusBadRequest, "", err.Error())
	}
	var wrong fieldErrors
	var accounts []emulator.Document
	wrong.read(sent, "", "accounts", &accounts)
	wrong.unless(len(accounts) > 0, "accounts", "required")
	for i, account := range accounts {
		var shortname string
		wrong.read(account, fmt.Sprintf("accounts[%d].", i), "shortname", &shortname)
		if shortname != a.options.Shortname {
			return nil, foreignAccount(shortname)
		}
	}
	var body emulator.Document
	wrong.read(sent, "", "body", &body)
	wrong.unless(body != nil, "body", "required")
	a.checkBody(&wrong, body)
	if len(wrong) > 0 {
		return nil, &refusal{http.StatusBadRequest, wrong}
	}
	stored := maps.Clone(sent)
	stored["body"] = emulator.Encode(absolutePaths(body))
	return stored, nil
}

// absolutePaths returns body, whose paths are strings, with "/" put before those
// that lack it.
func absolutePaths(body emulator.Document) emulator.Document {
	body = maps.Clone(body)
	for _, key := range []string{"publishedUrlPath", "sourceUrlPath"} {
		var path string
		if err := body.Read(key, &path); err == nil && !strings.HasPrefix(path, "/") {
			body[key] = emulator.Encode("/" + path)
		}
	}
	return body
}

func (a *Account) checkBody(wrong *fieldErrors, body emulator.Document) {
	const at = "body."
	instance, err := decodeBody(body)
	if err != nil {
		wrong.add("body", err.Error())
	}
	var key emulator.Document
	var name string
	wrong.read(body, at, "serviceKey", &key)
	wrong.read(key, at+"serviceKey.", "name", &name)
	wrong.unless(name == "delivery", at+"serviceKey", `name must be "delivery"`)
	wrong.unless(slices.Contains(a.options.Profiles, instance.Profile), at+"serviceProfileName", "unknown service profile")
	wrong.unless(emulator.IsHostname(instance.Host), at+"publishedHostname", "must be a fully qualified domain name")
	wrong.unless(emulator.IsHostname(instance.SourceHost) || isAddress(instance.SourceHost), at+"sourceHostname",
		"must be a fully qualified domain name or an IP address")
	wrong.unless(instance.Path != "", at+"publishedUrlPath", "must not be empty")
	wrong.unless(body.Has("sourceUrlPath"), at+"sourceUrlPath", "required")
	var sets []emulator.Document
	wrong.read(body, at, "protocolSets", &sets)
	wrong.unless(len(sets) <= maxProtocolSets, at+"protocolSets", fmt.Sprintf("at most %d", maxProtocolSets))
	for i, set := range sets {
		checkProtocolSet(wrong, fmt.Sprintf("%sprotocolSets[%d].", at, i), set)
	}
}

func checkProtocolSet(wrong *fieldErrors, at string, raw emulator.Document) {
	set, _ := decodeProtocolSet(raw) // a wrong type was found with the whole body
	protocols := []string{"http", "https"}
	wrong.unless(slices.Contains(protocols, set.PublishedProtocol), at+"publishedProtocol", "must be http or https")
	wrong.unless(slices.Contains(protocols, set.SourceProtocol), at+"sourceProtocol", "must be http or https")
	// A Go client sends null for a port that it leaves to the server.
	wrong.unless(!raw.Has("publishedPort") || isPort(set.PublishedPort), at+"publishedPort", "must be 1 to 65535")
	wrong.unless(!raw.Has("sourcePort") || isPort(set.SourcePort), at+"sourcePort", "must be 1 to 65535")
	for i, option := range set.Options {
		at := fmt.Sprintf("%soptions[%d]", at, i)
		wrong.unless(option.Name != "", at, "name required")
		if want, known := optionArguments()[option.Name]; known {
			wrong.unless(slices.Equal(argumentTypes(option.Parameters), want), at,
				fmt.Sprintf("parameters of %s must be %s", option.Name, strings.Join(want, ", ")))
		}
	}
}

// argumentTypes names the types of an option's parameters as the catalogue does.
func argumentTypes(parameters []any) []string {
	var types []string
	for _, parameter := range parameters {
		switch p := parameter.(type) {
		case string:
			types = append(types, "String")
		case float64:
			if p != math.Trunc(p) {
				return []string{"Float"} // no option has one
			}
			types = append(types, "Int")
		default:
			types = append(types, fmt.Sprintf("%T", p))
		}
	}
	return types
}

func isPort(n int) bool { return n > 0 && n < 1<<16 }

func isAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return err == nil
}
