package schema

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// MaxName is the length of the longest DNS name, in octets of its textual form
// without a dot at the end (RFC 1035, section 2.3.4: 255 in wire format).
const MaxName = 253

// DNSLabel takes an RFC 1123 label, as Kubernetes asks for names of namespaces.
func DNSLabel(text string) (string, error) {
	if len(validation.IsDNS1123Label(text)) > 0 {
		return "", errors.New(`must be 1 to 63 of a-z, 0-9 and "-", and neither begin nor end with "-"`)
	}
	return text, nil
}

// HostName takes a host name or "" and returns it in lower case, without a dot
// at its end. An IP address is none.
func HostName(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	name := strings.ToLower(strings.TrimSuffix(text, "."))
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if len(validation.IsDNS1123Label(label)) > 0 {
			return "", errors.New("not a host name (outside ASCII, write its xn-- form)")
		}
	}
	if len(name) > MaxName {
		return "", errors.New("longer than the 253 characters that DNS allows")
	}
	// No top-level domain is a number (RFC 3696, section 2).
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "", errors.New("must be a name, not an address")
	}
	return name, nil
}

// DomainName takes the name of a zone, which has at least two labels, and
// returns it as hostName does.
func DomainName(text string) (string, error) {
	name, err := HostName(text)
	if err == nil && !strings.Contains(name, ".") {
		return "", errors.New("must be a full domain name such as k8s.example.com")
	}
	return name, err
}

// PortNumber takes a port that something can be asked at.
func PortNumber(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	return int(n), err
}

// BaseURL takes an absolute URL that paths can be appended to, and returns it
// without slashes at its end. It must be https, since secrets travel with each
// request, unless they do not leave the machine.
func BaseURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !IsHost(u.Hostname()) {
		return "", errors.New("must be an absolute URL such as https://api.example.com/v1")
	}
	if _, err := PortNumber(u.Port()); u.Port() != "" && err != nil {
		return "", errors.New("the port must be a number from 1 to 65535")
	}
	if u.User != nil || strings.ContainsAny(text, "?#") {
		return "", errors.New("must have no user, query or fragment")
	}
	if u.Scheme == "http" && !isLoopback(u.Hostname()) {
		return "", errors.New("must be https: only to a loopback host may secrets travel in the clear")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// IsHost reports whether host is an IP address or a host name.
func IsHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	name, err := HostName(host)
	return err == nil && name != ""
}

// isLoopback reports whether host is the machine itself: an address of
// 127.0.0.0/8, ::1 or localhost.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}
