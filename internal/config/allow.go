package config

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"

	"github.com/edgeward/edgeward/internal/schema"
)

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
	first, err := schema.PortNumber(from)
	last, err2 := schema.PortNumber(to)
	switch {
	case err != nil || err2 != nil:
		return PortRange{}, errors.New("must be a port from 1 to 65535, or a range such as 8000-8999")
	case first > last:
		return PortRange{}, errors.New("ends before it begins")
	}
	return PortRange{first, last}, nil
}

// nodeAddressType takes the kinds of node address that an A record can hold.
func nodeAddressType(text string) (string, error) {
	switch text {
	case "ExternalIP", "InternalIP":
		return text, nil
	case "Hostname", "ExternalDNS", "InternalDNS":
		return "", errors.New("this kind is a name, which an A record cannot hold: must be ExternalIP or InternalIP")
	}
	return "", errors.New("must be ExternalIP or InternalIP")
}

// patternText is a DNS name in which * stands for any number of any characters.
var patternText = regexp.MustCompile(`^[a-z0-9*]([a-z0-9*.-]*[a-z0-9*])?$`)

// pattern takes a name of a namespace or a host, with or without *.
func pattern(text string) (string, error) {
	if !patternText.MatchString(text) {
		return "", errors.New(`must be a name of a-z, 0-9, "-" and ".", in which "*" stands for anything`)
	}
	return text, nil
}
