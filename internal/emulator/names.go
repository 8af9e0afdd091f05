package emulator

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
)

// newUUID returns a random (version 4) UUID. It is not counted from zero, so
// that a client which keeps ids over a restart of the emulator is found out.
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return formatUUID(b)
}

// uuidOf returns a UUID that depends on nothing but name.
func uuidOf(name string) string {
	sum := sha256.Sum256([]byte(name))
	return formatUUID([16]byte(sum[:16]))
}

func formatUUID(b [16]byte) string {
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// isHostname says that s is a fully qualified host name: two or more labels as
// RFC 1123 §2.1 has them, no trailing dot, no IP address.
func isHostname(s string) bool {
	return isDomainName(s) && !strings.Contains(s, "_")
}

// isDomainName is isHostname for DNS data, where labels may have underscores.
func isDomainName(s string) bool {
	labels := strings.Split(s, ".")
	last := labels[len(labels)-1]
	return len(labels) > 1 && len(s) <= 253 && allLabels(labels) && strings.Trim(last, "0123456789") != ""
}

// allLabels says that each of labels is 1 to 63 letters, digits, hyphens and
// underscores, with no hyphen at either end.
func allLabels(labels []string) bool {
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
