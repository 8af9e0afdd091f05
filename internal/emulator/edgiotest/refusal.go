package edgiotest

import (
	"fmt"
	"net/http"

	"github.com/edgeward/edgeward/internal/emulator"
)

// Error codes of 401 and 403 replies, from the SmartPurge API's documentation.
const (
	codeTimestamp      = 1010 // invalid timestamp
	codeAuthentication = 1024 // authentication failed
	codeAuthorization  = 1025 // authorization failed
	codeToken          = 1026 // invalid token
)

// apiError is one fault in an error reply.
type apiError struct {
	Message     string `json:"message"`
	Code        int    `json:"code"`
	Description string `json:"description"`
	Source      string `json:"source"` // the field or header at fault
}

// refusal is why a call is refused, and the status that says so.
type refusal struct {
	status int
	errors []apiError
}

// refuseField is a refusal for one reason, with the field to blame, if any. That
// the code repeats the status is a guess.
func refuseField(status int, source, message string) *refusal {
	return &refusal{status, []apiError{{Message: message, Code: status, Source: source}}}
}

// unauthorized refuses a call that is not signed as it must be.
func unauthorized(code int, source, message string) *refusal {
	return &refusal{http.StatusUnauthorized, []apiError{{Message: message, Code: code, Source: source}}}
}

// foreignAccount refuses what is for the account called shortname.
func foreignAccount(shortname string) *refusal {
	return &refusal{http.StatusForbidden, []apiError{{
		Message: fmt.Sprintf("no rights to the account %q", shortname),
		Code:    codeAuthorization,
		Source:  "shortname",
	}}}
}

// reply is a refusal as a reply. That the Configuration API answers errors in
// the shape of its sibling, the SmartPurge API, is a guess.
func (a *Account) reply(r *refusal) emulator.Reply {
	errors := r.errors
	if a.options.Descriptions {
		errors = make([]apiError, 0, len(r.errors))
		for _, e := range r.errors {
			e.Description, e.Message = e.Message, http.StatusText(r.status)
			errors = append(errors, e)
		}
	}
	return emulator.ReplyJSON(r.status, map[string]any{"errors": errors})
}

// refuse refuses a call where no field is to blame.
func (a *Account) refuse(status int, message string) emulator.Reply {
	return a.reply(refuseField(status, "", message))
}
