package emulator

import (
	"maps"
	"net/http"
	"slices"
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

// profiles are those of the account, each with a uuid made from its name.
func (e *Edgio) profiles() []profile {
	list := []profile{}
	for _, name := range e.options.Profiles {
		list = append(list, profile{uuidOf(name), profileBody{name}})
	}
	return list
}

// listProfiles answers both the list and the search of service profiles, whose
// filters it ignores.
func (e *Edgio) listProfiles(*request) reply {
	return replyJSON(http.StatusOK, results[profile]{e.profiles()})
}

func (e *Edgio) getProfile(r *request) reply {
	for _, p := range e.profiles() {
		if p.UUID == r.PathValue("uuid") {
			return replyJSON(http.StatusOK, p)
		}
	}
	return refuseEdgio(http.StatusNotFound, "no such service profile")
}

// listOptions answers in the shape that the Go SDK reads.
func (e *Edgio) listOptions(r *request) reply {
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
	if !slices.Contains(e.options.Profiles, r.PathValue("profile")) {
		return refuseEdgio(http.StatusNotFound, "no such service profile")
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
	return replyJSON(http.StatusOK, results[option]{list})
}
