// Package resolver is the cache of names that an emulated CDN's edge has.
package resolver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Options say how a Resolver finds addresses.
type Options struct {
	// Server answers for the zones that origins lie in.
	Server netip.AddrPort
	// Outside finds the addresses of names that the server refuses, or that an
	// alias in its zones leads to; nil: the system does. They are not kept.
	Outside func(ctx context.Context, name string) ([]netip.Addr, error)
	Now     func() time.Time // nil: time.Now
}

// Resolver keeps what it was told for the TTL, absence too, and asks again only
// then. It is safe for concurrent use; one question is asked at a time.
type Resolver struct {
	options Options

	mu    sync.Mutex
	cache map[dns.Question]finding
}

// finding is what is known of a name and a type until some time.
type finding struct {
	addresses []netip.Addr
	outside   string // where to go on, if the server has not the addresses
	until     time.Time
}

// New returns a Resolver that knows nothing yet.
func New(options Options) *Resolver {
	if options.Outside == nil {
		options.Outside = func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Resolver{options: options, cache: make(map[dns.Question]finding)}
}

// Addresses returns the addresses of a host, IPv4 first, in the order the server
// gives them; of an address, itself. It is an error if there are none.
func (r *Resolver) Addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}, nil
	}
	var addresses []netip.Addr
	outside := ""
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		found, err := r.resolve(ctx, host, kind)
		if err != nil {
			return nil, fmt.Errorf("resolving %s: %w", host, err)
		}
		addresses = append(addresses, found.addresses...)
		outside = found.outside
	}
	if outside != "" {
		var err error
		if addresses, err = r.options.Outside(ctx, outside); err != nil {
			return nil, fmt.Errorf("resolving %s: %w", host, err)
		}
	}
	if len(addresses) == 0 {
		return nil, fmt.Errorf("resolving %s: it has no address", host)
	}
	return addresses, nil
}

// Alias returns the name outside of the server's zones that a host in them leads
// to by CNAMEs, such as a CDN's, from the cache as long as its TTL allows. It is
// an error if there is none.
func (r *Resolver) Alias(ctx context.Context, host string) (string, error) {
	found, err := r.resolve(ctx, host, dns.TypeA)
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", host, err)
	}
	if found.outside == "" || found.outside == strings.ToLower(host) {
		return "", fmt.Errorf("resolving %s: it leads to no other name", host)
	}
	return found.outside, nil
}

// resolve answers a question from the cache, or asks the server.
func (r *Resolver) resolve(ctx context.Context, host string, kind uint16) (finding, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	question := dns.Question{Name: dns.Fqdn(strings.ToLower(host)), Qtype: kind, Qclass: dns.ClassINET}
	if known, ok := r.cache[question]; ok && r.options.Now().Before(known.until) {
		return known, nil
	}
	reply, err := ask(ctx, r.options.Server, question)
	if err != nil {
		return finding{}, err
	}
	found, ttl, err := readReply(question, reply)
	if err != nil {
		return finding{}, err
	}
	found.until = r.options.Now().Add(ttl)
	r.cache[question] = found
	return found, nil
}

// readReply returns what a reply says, and for how long: as long as the least
// TTL in it, and not at all if it names none.
func readReply(question dns.Question, reply *dns.Msg) (found finding, ttl time.Duration, err error) {
	switch reply.Rcode {
	case dns.RcodeSuccess, dns.RcodeNameError:
	case dns.RcodeRefused:
		return finding{outside: strings.TrimSuffix(question.Name, ".")}, 0, nil
	default:
		return finding{}, 0, fmt.Errorf("the name server says %s", dns.RcodeToString[reply.Rcode])
	}
	var ttls []uint32
	for _, rr := range append(reply.Answer, reply.Ns...) {
		ttls = append(ttls, rr.Header().Ttl)
		switch rr := rr.(type) {
		case *dns.A:
			address, _ := netip.AddrFromSlice(rr.A.To4())
			found.addresses = append(found.addresses, address)
		case *dns.AAAA:
			address, _ := netip.AddrFromSlice(rr.AAAA.To16())
			found.addresses = append(found.addresses, address)
		case *dns.CNAME:
			found.outside = strings.TrimSuffix(rr.Target, ".")
		}
	}
	if len(found.addresses) > 0 || len(reply.Ns) > 0 {
		found.outside = "" // the end of the chain was in the answer
	}
	if len(ttls) == 0 {
		return found, 0, nil
	}
	return found, time.Duration(slices.Min(ttls)) * time.Second, nil
}

// ask puts a question to a name server, by UDP, twice if need be, and by TCP if
// the reply was cut.
func ask(ctx context.Context, server netip.AddrPort, question dns.Question) (*dns.Msg, error) {
	const patience = time.Second
	query := &dns.Msg{MsgHdr: dns.MsgHdr{Id: dns.Id()}, Question: []dns.Question{question}}
	var err error
	for _, network := range []string{"udp", "udp", "tcp"} {
		var reply *dns.Msg
		client := dns.Client{Net: network, Timeout: patience}
		if reply, _, err = client.ExchangeContext(ctx, query, server.String()); err == nil && !reply.Truncated {
			return reply, nil
		}
		if err == nil {
			err = errors.New("a reply that was cut")
		}
	}
	return nil, fmt.Errorf("asking %s: %w", server, err)
}
