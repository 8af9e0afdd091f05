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

// listProfiles answers both the list and the search of service profiles, whose
// filters it ignores. The shape of a profile is a guess.
func (e *Edgio) listProfiles(r *request) reply {
	type body struct {
		Name string `json:"name"`
	}
	type profile struct {
		Body body `json:"body"`
	}
	list := []profile{}
	for _, name := range e.options.Profiles {
		list = append(list, profile{body{name}})
	}
	return replyJSON(http.StatusOK, results[profile]{list})
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
