package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// maxName is the length of the longest DNS name, in octets of its textual form
// without a dot at the end (RFC 1035, section 2.3.4: 255 in wire format).
const maxName = 253

// dnsLabel takes an RFC 1123 label, as Kubernetes asks for names of namespaces.
func dnsLabel(text string) (string, error) {
	if len(validation.IsDNS1123Label(text)) > 0 {
		return "", errors.New(`must be 1 to 63 of a-z, 0-9 and "-", and neither begin nor end with "-"`)
	}
	return text, nil
}

// hostName takes a host name or "" and returns it in lower case, without a dot
// at its end. An IP address is none.
func hostName(text string) (string, error) {
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
	if len(name) > maxName {
		return "", errors.New("longer than the 253 characters that DNS allows")
	}
	// No top-level domain is a number (RFC 3696, section 2).
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" {
		return "", errors.New("must be a name, not an address")
	}
	return name, nil
}

// domainName takes the name of a zone, which has at least two labels, and
// returns it as hostName does.
func domainName(text string) (string, error) {
	name, err := hostName(text)
	if err == nil && !strings.Contains(name, ".") {
		return "", errors.New("must be a full domain name such as k8s.example.com")
	}
	return name, err
}

// forgettable takes the name of a CDN, that of a zone, or "*".
func forgettable(text string) (string, error) {
	if text == "*" || slices.Contains(cdnNames(), text) {
		return text, nil
	}
	zone, err := domainName(text)
	if err != nil {
		return "", errors.New("must be " + strings.Join(cdnNames(), " or ") + `, the full name of a zone, or "*" for all zones`)
	}
	return zone, nil
}

// cdnNames are the CDNs that there are, as metrics and claims name them.
func cdnNames() []string { return []string{"edgio", "vultr-cdn"} }

// addressRange takes an address, or a range of addresses as CIDR.
func addressRange(text string) (netip.Prefix, error) {
	wrong := errors.New("must be an address or a range such as 10.0.0.0/8 or 2001:db8::/32")
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		ip, err := netip.ParseAddr(text)
		if err != nil || ip.Zone() != "" {
			return netip.Prefix{}, wrong
		}
		prefix = netip.PrefixFrom(ip, ip.BitLen())
	}
	switch {
	case prefix.Addr().Is4In6():
		return netip.Prefix{}, errors.New("must be written as an IPv4 address")
	case prefix != prefix.Masked():
		return netip.Prefix{}, errors.New("has bits set beyond its length: it begins at another address")
	}
	return prefix, nil
}

// portRange takes a port, or the first and the last of some with "-" between them.
func portRange(text string) (PortRange, error) {
	from, to, several := strings.Cut(text, "-")
	if !several {
		to = from
	}
	first, err := portNumber(from)
	last, err2 := portNumber(to)
	switch {
	case err != nil || err2 != nil:
		return PortRange{}, errors.New("must be a port from 1 to 65535, or a range such as 8000-8999")
	case first > last:
		return PortRange{}, errors.New("ends before it begins")
	}
	return PortRange{first, last}, nil
}

// portNumber takes a port that something can be asked at.
func portNumber(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	return int(n), err
}

// baseURL takes an absolute URL that paths can be appended to, and returns it
// without slashes at its end. It must be https, since secrets travel with each
// request, unless they do not leave the machine.
func baseURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || !isHost(u.Hostname()) {
		return "", errors.New("must be an absolute URL such as https://api.example.com/v1")
	}
	if _, err := portNumber(u.Port()); u.Port() != "" && err != nil {
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

// listenAddress takes host:port as net.Listen does: no host means all
// addresses, port 0 any free one.
func listenAddress(text string) (string, error) {
	host, port, err := net.SplitHostPort(text)
	if err == nil && (host == "" || isHost(host)) {
		_, err = strconv.ParseUint(port, 10, 16)
		if err == nil {
			return text, nil
		}
	}
	return "", errors.New("must be host:port, such as 127.0.0.1:9467 or :9467")
}

// isHost reports whether host is an IP address or a host name.
func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	name, err := hostName(host)
	return err == nil && name != ""
}

// isLoopback reports whether host is the machine itself: an address of
// 127.0.0.0/8, ::1 or localhost.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback() || strings.EqualFold(host, "localhost")
}
