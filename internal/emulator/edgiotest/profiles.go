package edgiotest

import (
	"crypto/sha256"
	"maps"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/edgeward/edgeward/internal/emulator"
)

// optionArguments are the types of the arguments of the options that the
// emulator knows, all of them seen in the SDKs and the Terraform provider. The
// real catalogue is far larger; other options are accepted as they come.
func optionArguments() map[string][]string {
	return map[string][]string{
		"refresh_absmax":    {"Int"},
		"refresh_absmin":    {"Int"},
		"reply_send_header": {"String", "String"},
		"req_send_header":   {"String", "String"},
	}
}

// profile is a service profile. Its shape is a guess.
type profile struct {
	UUID string      `json:"uuid"`
	Body profileBody `json:"body"`
}

type profileBody struct {
	Name string `json:"name"`
}

// profiles are those of the account, each with a UUID that depends on nothing
// but its name.
func (a *Account) profiles() []profile {
	list := []profile{}
	for _, name := range a.options.Profiles {
		hash := sha256.Sum256([]byte(name))
		id := uuid.UUID(hash[:16])
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4, RFC 9562
		list = append(list, profile{id.String(), profileBody{name}})
	}
	return list
}

// listProfiles answers both the list and the search of service profiles, whose
// filters it ignores.
func (a *Account) listProfiles(*emulator.Request) emulator.Reply {
	return emulator.ReplyJSON(http.StatusOK, results[profile]{a.profiles()})
}

func (a *Account) getProfile(r *emulator.Request) emulator.Reply {
	for _, p := range a.profiles() {
		if p.UUID == r.PathValue("uuid") {
			return emulator.ReplyJSON(http.StatusOK, p)
		}
	}
	return a.refuse(http.StatusNotFound, "no such service profile")
}

// listOptions answers in the shape that the Go SDK reads.
func (a *Account) listOptions(r *emulator.Request) emulator.Reply {
	type argument struct {
		Type string `json:"type"`
	}
	type details struct {
		ArgumentList []argument `json:"argumentList"`
	}
	type body struct {
		OptionName    string  `json:"optionName"`
		OptionDetails details `json:"optionDetails"`
	}
	type option struct {
		Body body `json:"body"`
	}
	if !slices.Contains(a.options.Profiles, r.PathValue("profile")) {
		return a.refuse(http.StatusNotFound, "no such service profile")
	}
	catalogue := optionArguments()
	var list []option
	for _, name := range slices.Sorted(maps.Keys(catalogue)) {
		var arguments []argument
		for _, t := range catalogue[name] {
			arguments = append(arguments, argument{t})
		}
		list = append(list, option{body{name, details{arguments}}})
	}
	return emulator.ReplyJSON(http.StatusOK, results[option]{list})
}
