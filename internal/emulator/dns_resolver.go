package emulator

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// ResolverOptions say how a Resolver finds addresses.
type ResolverOptions struct {
	// Server answers for the zones that origins lie in.
	Server netip.AddrPort
	// Outside finds the addresses of names that the server refuses, or that an
	// alias in its zones leads to; nil: the system does. They are not kept.
	Outside func(ctx context.Context, name string) ([]netip.Addr, error)
	Now     func() time.Time // nil: time.Now
}

// Resolver is the cache of names of a CDN's edge: what it was told it keeps for
// the TTL, absence too, and asks again only then. It is safe for concurrent use;
// one question is asked at a time.
type Resolver struct {
	options ResolverOptions

	mu    sync.Mutex
	cache map[dnsmessage.Question]resolved
}

// resolved is what is known of a name and a type until some time.
type resolved struct {
	addresses []netip.Addr
	outside   string // where to go on, if the server has not the addresses
	until     time.Time
}

// NewResolver returns a Resolver that knows nothing yet.
func NewResolver(options ResolverOptions) *Resolver {
	if options.Outside == nil {
		options.Outside = func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Resolver{options: options, cache: make(map[dnsmessage.Question]resolved)}
}

// Addresses returns the addresses of a host, IPv4 first, in the order the server
// gives them; of an address, itself. It is an error if there are none.
func (r *Resolver) Addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if address, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{address}, nil
	}
	name, err := wireName(strings.ToLower(host))
	if err != nil {
		return nil, fmt.Errorf("%q: %w", host, err)
	}
	var addresses []netip.Addr
	outside := ""
	for _, kind := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA} {
		found, err := r.resolve(ctx, dnsmessage.Question{Name: name, Type: kind, Class: dnsmessage.ClassINET})
		if err != nil {
			return nil, fmt.Errorf("resolving %s: %w", host, err)
		}
		addresses = append(addresses, found.addresses...)
		outside = found.outside
	}
	if outside != "" {
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
	name, err := wireName(strings.ToLower(host))
	if err != nil {
		return "", fmt.Errorf("%q: %w", host, err)
	}
	found, err := r.resolve(ctx, dnsmessage.Question{Name: name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET})
	if err != nil {
		return "", fmt.Errorf("resolving %s: %w", host, err)
	}
	if found.outside == "" || found.outside+"." == name.String() {
		return "", fmt.Errorf("resolving %s: it leads to no other name", host)
	}
	return found.outside, nil
}

// resolve answers a question from the cache, or asks the server.
func (r *Resolver) resolve(ctx context.Context, q dnsmessage.Question) (resolved, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.cache[q]; ok && r.options.Now().Before(known.until) {
		return known, nil
	}
	reply, err := ask(ctx, r.options.Server, q)
	if err != nil {
		return resolved{}, err
	}
	answer, ttl, err := readReply(q, reply)
	if err != nil {
		return resolved{}, err
	}
	answer.until = r.options.Now().Add(ttl)
	r.cache[q] = answer
	return answer, nil
}

// readReply returns what a reply says, and for how long: as long as the least
// TTL in it.
func readReply(q dnsmessage.Question, reply dnsmessage.Message) (answer resolved, ttl time.Duration, err error) {
	switch reply.RCode {
	case dnsmessage.RCodeSuccess, dnsmessage.RCodeNameError:
	case dnsmessage.RCodeRefused:
		return resolved{outside: strings.TrimSuffix(q.Name.String(), ".")}, 0, nil
	default:
		return resolved{}, 0, fmt.Errorf("the name server says %s", reply.RCode)
	}
	least := uint32(negativeTTL)
	if len(reply.Answers) > 0 {
		least = reply.Answers[0].Header.TTL
	}
	for _, resource := range append(reply.Answers, reply.Authorities...) {
		least = min(least, resource.Header.TTL)
		switch body := resource.Body.(type) {
		case *dnsmessage.AResource:
			answer.addresses = append(answer.addresses, netip.AddrFrom4(body.A))
		case *dnsmessage.AAAAResource:
			answer.addresses = append(answer.addresses, netip.AddrFrom16(body.AAAA))
		case *dnsmessage.CNAMEResource:
			answer.outside = strings.TrimSuffix(body.CNAME.String(), ".")
		}
	}
	if len(answer.addresses) > 0 || len(reply.Authorities) > 0 {
		answer.outside = "" // the end of the chain was in the answer
	}
	return answer, time.Duration(least) * time.Second, nil
}

// ask puts a question to a name server, by UDP, twice if need be, and by TCP if
// the reply was cut.
func ask(ctx context.Context, server netip.AddrPort, q dnsmessage.Question) (dnsmessage.Message, error) {
	query := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: uint16(rand.Uint32())},
		Questions: []dnsmessage.Question{q},
	}
	packed, err := query.Pack()
	if err != nil {
		return dnsmessage.Message{}, err
	}
	var errs error
	for _, network := range []string{"udp", "udp", "tcp"} {
		reply, err := exchange(ctx, network, server, packed)
		switch {
		case err == nil && (reply.ID != query.ID || !reply.Response):
			err = errors.New("a reply to another query")
		case err == nil && !reply.Truncated:
			return reply, nil
		case err == nil:
			err = errors.New("a reply that was cut")
		}
		errs = err
	}
	return dnsmessage.Message{}, fmt.Errorf("asking %s: %w", server, errs)
}

// exchange sends a query and returns the next message.
func exchange(ctx context.Context, network string, server netip.AddrPort, query []byte) (reply dnsmessage.Message, err error) {
	const patience = time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, server.String())
	if err != nil {
		return reply, err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return reply, err
		}
	}
	var message []byte
	if network == "tcp" {
		if err := writeMessage(conn, query); err != nil {
			return reply, err
		}
		message, err = readMessage(conn)
	} else {
		if _, err := conn.Write(query); err != nil {
			return reply, err
		}
		message = make([]byte, minUDP)
		var n int
		n, err = conn.Read(message)
		message = message[:n]
	}
	if err != nil {
		return reply, err
	}
	return reply, reply.Unpack(message)
}
