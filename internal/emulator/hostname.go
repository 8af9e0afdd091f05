package emulator

import "strings"

// IsHostname says that s is a fully qualified host name: two or more labels as
// RFC 1123 §2.1 has them, no trailing dot, no IP address.
func IsHostname(s string) bool {
	return IsDomainName(s) && !strings.Contains(s, "_")
}

// IsDomainName is IsHostname for DNS data, where labels may have underscores.
func IsDomainName(s string) bool {
	labels := strings.Split(s, ".")
	last := labels[len(labels)-1]
	return len(labels) > 1 && len(s) <= 253 && AreLabels(labels) && strings.Trim(last, "0123456789") != ""
}

// AreLabels says that each of labels is 1 to 63 letters, digits, hyphens and
// underscores, with no hyphen at either end.
func AreLabels(labels []string) bool {
	for _, label := range labels {
		switch {
		case label == "", len(label) > 63, label[0] == '-', label[len(label)-1] == '-':
			return false
		}
		for _, c := range []byte(label) {
			letter := c|0x20 >= 'a' && c|0x20 <= 'z'
			if !letter && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}
