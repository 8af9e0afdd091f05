package emulator

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// account is what the field rules depend on.
type account struct {
	shortname string
	profiles  []string
}

// maxProtocolSets is the most an instance may have.
const maxProtocolSets = 2

// faults are what is wrong with an instance, field by field.
type faults []edgioError

// unless adds a fault of the field source if holds is false.
func (f *faults) unless(holds bool, source, message string) {
	if !holds {
		*f = append(*f, edgioError{Message: message, Code: http.StatusBadRequest, Source: source})
	}
}

// read decodes a field as document.read does; one of the wrong type is a fault.
func (f *faults) read(d document, at, key string, v any) {
	if err := d.read(key, v); err != nil {
		f.unless(false, at+key, err.Error())
	}
}

// check applies the field rules to the top-level fields of a request. It
// returns them as they are to be stored, with "/" put before a path that lacks
// it, an empty one included, or why they are refused: 403 if they are for another account, else 400
// with every fault. That serviceKey must be there is a guess.
func (a account) check(sent document) (document, *refusal) {
	var wrong faults
	var accounts []document
	wrong.read(sent, "", "accounts", &accounts)
	wrong.unless(len(accounts) > 0, "accounts", "required")
	for i, account := range accounts {
		var shortname string
		wrong.read(account, fmt.Sprintf("accounts[%d].", i), "shortname", &shortname)
		if shortname != a.shortname {
			foreign := foreignAccount(shortname)
			return nil, &foreign
		}
	}
	var body document
	wrong.read(sent, "", "body", &body)
	wrong.unless(body != nil, "body", "required")
	a.checkBody(&wrong, body)
	if len(wrong) > 0 {
		return nil, &refusal{http.StatusBadRequest, wrong}
	}
	stored := maps.Clone(sent)
	stored["body"] = encode(absolutePaths(body))
	return stored, nil
}

// absolutePaths returns body, whose paths are strings, with "/" put before those
// that lack it.
func absolutePaths(body document) document {
	body = maps.Clone(body)
	for _, key := range []string{"publishedUrlPath", "sourceUrlPath"} {
		var path string
		if err := body.read(key, &path); err == nil && !strings.HasPrefix(path, "/") {
			body[key] = encode("/" + path)
		}
	}
	return body
}

func (a account) checkBody(wrong *faults, body document) {
	const at = "body."
	instance, err := decodeBody(body)
	if err != nil {
		wrong.unless(false, "body", err.Error())
	}
	var key document
	var name string
	wrong.read(body, at, "serviceKey", &key)
	wrong.read(key, at+"serviceKey.", "name", &name)
	wrong.unless(name == "delivery", at+"serviceKey", `name must be "delivery"`)
	wrong.unless(slices.Contains(a.profiles, instance.Profile), at+"serviceProfileName", "unknown service profile")
	wrong.unless(isHostname(instance.Host), at+"publishedHostname", "must be a fully qualified domain name")
	wrong.unless(isHostname(instance.SourceHost) || isAddress(instance.SourceHost), at+"sourceHostname",
		"must be a fully qualified domain name or an IP address")
	wrong.unless(instance.Path != "", at+"publishedUrlPath", "must not be empty")
	wrong.unless(body.has("sourceUrlPath"), at+"sourceUrlPath", "required")
	var sets []document
	wrong.read(body, at, "protocolSets", &sets)
	wrong.unless(len(sets) <= maxProtocolSets, at+"protocolSets", fmt.Sprintf("at most %d", maxProtocolSets))
	for i, set := range sets {
		checkProtocolSet(wrong, fmt.Sprintf("%sprotocolSets[%d].", at, i), set)
	}
}

func checkProtocolSet(wrong *faults, at string, raw document) {
	set, _ := decodeProtocolSet(raw) // a wrong type was found with the whole body
	protocols := []string{"http", "https"}
	wrong.unless(slices.Contains(protocols, set.PublishedProtocol), at+"publishedProtocol", "must be http or https")
	wrong.unless(slices.Contains(protocols, set.SourceProtocol), at+"sourceProtocol", "must be http or https")
	// A Go client sends null for a port that it leaves to the server.
	wrong.unless(!raw.has("publishedPort") || isPort(set.PublishedPort), at+"publishedPort", "must be 1 to 65535")
	wrong.unless(!raw.has("sourcePort") || isPort(set.SourcePort), at+"sourcePort", "must be 1 to 65535")
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
