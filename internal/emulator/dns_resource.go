package emulator

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// kindOf is a record type as the API writes it; "" for one that is not served.
// CAA and SSHFP are kept by the API alone.
func kindOf(t dnsmessage.Type) string {
	switch t {
	case dnsmessage.TypeA:
		return "A"
	case dnsmessage.TypeAAAA:
		return "AAAA"
	case dnsmessage.TypeCNAME:
		return "CNAME"
	case dnsmessage.TypeTXT:
		return "TXT"
	case dnsmessage.TypeMX:
		return "MX"
	case dnsmessage.TypeSRV:
		return "SRV"
	case dnsmessage.TypeNS:
		return "NS"
	case dnsmessage.TypeSOA:
		return "SOA"
	default:
		return ""
	}
}

// resourceOf is a record as it goes over the wire.
func resourceOf(r dnsRecord) (dnsmessage.Resource, error) {
	name, err := wireName(r.name)
	if err != nil {
		return dnsmessage.Resource{}, err
	}
	body, err := resourceBody(r.Record)
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: uint32(r.TTL)},
		Body:   body,
	}, err
}

func resourceBody(r Record) (dnsmessage.ResourceBody, error) {
	switch r.Type {
	case "A":
		address, err := netip.ParseAddr(r.Data)
		if err == nil && !address.Is4() {
			err = errors.New("not an IPv4 address")
		}
		if err != nil {
			return nil, err
		}
		return &dnsmessage.AResource{A: address.As4()}, nil
	case "AAAA":
		address, err := netip.ParseAddr(r.Data)
		return &dnsmessage.AAAAResource{AAAA: address.As16()}, err
	case "CNAME":
		target, err := wireName(r.Data)
		return &dnsmessage.CNAMEResource{CNAME: target}, err
	case "NS":
		server, err := wireName(r.Data)
		return &dnsmessage.NSResource{NS: server}, err
	case "MX":
		host, err := wireName(r.Data)
		return &dnsmessage.MXResource{Pref: uint16(r.Priority), MX: host}, err
	case "TXT":
		return &dnsmessage.TXTResource{TXT: txtStrings(r.Data)}, nil
	case "SRV":
		srv := dnsmessage.SRVResource{Priority: uint16(r.Priority)}
		var target string
		_, err := fmt.Sscan(r.Data, &srv.Weight, &srv.Port, &target)
		if err == nil {
			srv.Target, err = wireName(target)
		}
		return &srv, err
	case "SOA":
		primary, email, _ := strings.Cut(r.Data, " ")
		return soaBody(primary, email)
	default:
		return nil, errors.New("not served")
	}
}

// soaBody is an SOA whose serial says nothing, since nobody copies these zones.
func soaBody(primary, email string) (dnsmessage.ResourceBody, error) {
	server, err := wireName(primary)
	if err != nil {
		return nil, err
	}
	mailbox, err := wireName(strings.Replace(email, "@", ".", 1))
	return &dnsmessage.SOAResource{
		NS: server, MBox: mailbox, Serial: 1,
		Refresh: 10800, Retry: 3600, Expire: 604800, MinTTL: negativeTTL,
	}, err
}

// wireName is a name without a dot at its end; "." and "" are the root.
func wireName(name string) (dnsmessage.Name, error) {
	return dnsmessage.NewName(strings.TrimSuffix(name, ".") + ".")
}

// txtStrings is TXT data, in its quotes, cut into strings of at most 255 bytes
// (RFC 1035 §3.3).
func txtStrings(data string) []string {
	const longest = 255
	value, _ := unquote(data)
	var list []string
	for len(value) > longest {
		list = append(list, value[:longest])
		value = value[longest:]
	}
	return append(list, value)
}
