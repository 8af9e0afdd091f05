package edgio

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// masked names the first field of an instance that the API shows to this user as
// nothing but asterisks; "" if there is none. A PUT would put those in the place of
// what stands. What is not sent back is left out of account.
func (in instance) masked() string {
	for _, field := range slices.Sorted(maps.Keys(in.top)) {
		if slices.Contains(writtenByAPI(), field) {
			continue
		}
		var value any
		if json.Unmarshal(in.top[field], &value) != nil {
			continue // it is JSON, as a part of what was parsed
		}
		if at := maskedAt(field, value); at != "" {
			return at
		}
	}
	return ""
}

// maskedAt is masked for a value and where it stands. A single asterisk that is a
// parameter of an option is none: headers such as Access-Control-Allow-Origin have it.
func maskedAt(at string, value any) string {
	switch v := value.(type) {
	case string:
		if isMask(v) && !(v == "*" && strings.HasSuffix(at, "]") && strings.Contains(at, ".parameters[")) {
			return at
		}
	case []any:
		for i, element := range v {
			if found := maskedAt(fmt.Sprintf("%s[%d]", at, i), element); found != "" {
				return found
			}
		}
	case map[string]any:
		for _, field := range slices.Sorted(maps.Keys(v)) {
			if found := maskedAt(at+"."+field, v[field]); found != "" {
				return found
			}
		}
	}
	return ""
}

func isMask(s string) bool { return s != "" && strings.Trim(s, "*") == "" }
