package vultrtest

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"github.com/edgeward/edgeward/internal/emulator"
)

// defaultTTL, in seconds, is that of records made without one. The real value
// is not documented; this is the one of the default records.
const defaultTTL = 300

// recordRules are the rules for the records of a zone.
type recordRules struct {
	zone            string // its name
	minTTL          int    // seconds; a lower TTL is raised to it
	allowDuplicates bool
}

// check returns r as it is to be stored beside others, the other records of the
// zone, or why it is refused.
func (rules recordRules) check(r Record, others []Record) (Record, error) {
	var err error
	if r.Name, err = relativeName(r.Name, rules.zone); err != nil {
		return r, err
	}
	if r.Data, err = checkData(r.Type, r.Data); err != nil {
		return r, err
	}
	if r.TTL < 0 {
		return r, violation("TTL must not be negative")
	}
	if r.TTL == 0 {
		r.TTL = defaultTTL
	}
	r.TTL = max(r.TTL, rules.minTTL)
	if r.Priority < noPriority || r.Priority > 65535 {
		return r, violation("Priority must be 0 to 65535")
	}
	return r, rules.checkBeside(r, others)
}

// checkBeside says why r may not stand beside others. The rule on TTLs is
// Vultr's; that duplicates are refused, and what else stands beside a CNAME (RFC
// 1034 §3.6.2), is a guess, as are their texts.
func (rules recordRules) checkBeside(r Record, others []Record) error {
	for _, other := range others {
		if other.Name != r.Name {
			continue
		}
		sameType := other.Type == r.Type
		switch {
		case sameType && other.Data == r.Data && samePriority(r, other) && !rules.allowDuplicates:
			return violation("Record already exists")
		case r.Type == "CNAME" || other.Type == "CNAME":
			return violation("CNAME may not share its name with other records")
		case sameType && other.TTL != r.TTL:
			return violation(fmt.Sprintf("New records TTL (%d) must match the TTL of existing records (%d)", r.TTL, other.TTL))
		}
	}
	return nil
}

// samePriority says that two records of one type do not differ by a priority,
// which means something for some types only.
func samePriority(a, b Record) bool {
	return a.Priority == b.Priority || a.Type != "MX" && a.Type != "SRV"
}

// relativeName returns name, which may be given with the zone or without, as it
// is shown: without, in lower case, "" for the apex.
func relativeName(name, zone string) (string, error) {
	name = strings.ToLower(name)
	if name == zone {
		return "", nil
	}
	name = strings.TrimSuffix(name, "."+zone)
	labels := strings.Split(name, ".")
	if labels[0] == "*" {
		labels = labels[1:]
	}
	if name != "" && !emulator.AreLabels(labels) || len(name)+1+len(zone) > 253 {
		return "", violation("Invalid record name")
	}
	return name, nil
}

// checkData returns data as it is shown, or why it does not fit the type.
func checkData(kind, data string) (string, error) {
	data = strings.TrimSpace(data)
	valid := false
	switch kind {
	case "A":
		ip, err := netip.ParseAddr(data)
		valid = err == nil && ip.Is4()
	case "AAAA":
		ip, err := netip.ParseAddr(data)
		valid = err == nil && ip.Is6() && ip.Zone() == ""
		data = ip.String() // by which duplicates are known in any notation
	case "CNAME", "NS":
		valid = emulator.IsDomainName(data)
	case "MX":
		valid = data == "." || emulator.IsDomainName(data) // RFC 7505
	case "SRV":
		valid = isSRV(data)
	case "SSHFP":
		valid = isSSHFP(data)
	case "CAA":
		return checkCAA(data)
	case "TXT":
		return checkTXT(data)
	default:
		return "", violation("Invalid record type")
	}
	if !valid {
		return "", violation(fmt.Sprintf("Invalid %s data", kind))
	}
	return data, nil
}

// isSRV says that data is "weight port target"; the priority is a field of its own.
func isSRV(data string) bool {
	fields := strings.Fields(data)
	return len(fields) == 3 && isUint(fields[0], 16) && isUint(fields[1], 16) &&
		(fields[2] == "." || emulator.IsDomainName(fields[2]))
}

// isSSHFP says that data is "algorithm type fingerprint", as in RFC 4255.
func isSSHFP(data string) bool {
	fields := strings.Fields(data)
	if len(fields) != 3 || !isUint(fields[0], 8) || !isUint(fields[1], 8) {
		return false
	}
	_, err := hex.DecodeString(fields[2])
	return err == nil
}

func isUint(s string, bits int) bool {
	_, err := strconv.ParseUint(s, 10, bits)
	return err == nil
}

func checkCAA(data string) (string, error) {
	fields := strings.SplitN(data, " ", 3)
	if len(fields) == 3 && isUint(fields[0], 8) && (fields[1] == "issue" || fields[1] == "issuewild" || fields[1] == "iodef") {
		value, quoted := unquote(fields[2])
		if quoted && !strings.ContainsAny(value, "\" \t") {
			return data, nil
		}
	}
	return "", violation(`Data must be in the format: [flag] [iodef|issuewild|issue] "domain"`)
}

// checkTXT takes data with a quote at both ends or at neither, and returns it
// with both. Backslashes are not special.
func checkTXT(data string) (string, error) {
	value, quoted := unquote(data)
	switch {
	case !quoted && (strings.HasPrefix(data, `"`) || strings.HasSuffix(data, `"`)):
		return "", violation("Record data must be enclosed in quotes")
	case strings.Contains(value, `"`):
		return "", violation("Quotes may only appear at the beginning and end of the data")
	case strings.HasPrefix(value, "v=spf1") && !isSPF(value):
		return "", violation("Invalid SPF record")
	}
	return `"` + value + `"`, nil
}

// unquote returns s without the quotes at its ends, if there is one at each.
func unquote(s string) (value string, quoted bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s, false
	}
	return s[1 : len(s)-1], true
}

// spfTerm is a directive or modifier of RFC 7208 §12, a little simplified.
var spfTerm = regexp.MustCompile(`^(?i:` +
	`[-+~?]?(all|(include|exists):\S+|(a|mx)(:[^\s/]+)?(/\d+)?(//\d+)?|ptr(:\S+)?|ip4:[\d./]+|ip6:[\da-f:./]+)` +
	`|[a-z][a-z0-9._-]*=\S*)$`)

// isSPF says that value, which begins with v=spf1, is a well-formed SPF record.
func isSPF(value string) bool {
	terms := strings.Fields(value)
	if terms[0] != "v=spf1" {
		return false
	}
	for _, term := range terms[1:] {
		if !spfTerm.MatchString(term) {
			return false
		}
	}
	return true
}
