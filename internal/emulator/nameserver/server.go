// Package nameserver is an authoritative name server for the zones that an
// emulated DNS provider holds.
//
// The messages, and their way over UDP and TCP, are the library's. The answers
// are this package's own, and so is where a reply is cut: an emulator is to say
// exactly what the provider's servers would.
package nameserver

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/miekg/dns"
)

// maxUDP is how many bytes get through everywhere by UDP, and are offered.
const maxUDP = 1232

// Server answers for some zones over UDP and TCP.
type Server struct {
	zones    func() []Zone
	addr     netip.AddrPort
	udp, tcp *dns.Server
}

// Listen has the zones answered at an address of this machine, with the same
// port for UDP and TCP, until Close: "127.0.0.1:0" takes a free one. zones is
// asked at each query for what stands at that moment.
func Listen(address string, zones func() []Zone) (*Server, error) {
	packets, streams, err := listenBoth(address)
	if err != nil {
		return nil, fmt.Errorf("name server: %w", err)
	}
	s := &Server{zones: zones, addr: packets.LocalAddr().(*net.UDPAddr).AddrPort()}
	s.udp = &dns.Server{PacketConn: packets, UDPSize: dns.DefaultMsgSize}
	s.tcp = &dns.Server{Listener: streams, MaxTCPQueries: -1}
	for _, server := range []*dns.Server{s.udp, s.tcp} {
		if err := s.start(server); err != nil {
			return nil, errors.Join(fmt.Errorf("name server: %w", err), s.Close())
		}
	}
	return s, nil
}

// start returns once server answers, or has failed to.
func (s *Server) start(server *dns.Server) error {
	started := make(chan error, 1)
	server.Handler = dns.HandlerFunc(s.serve)
	server.NotifyStartedFunc = func() { started <- nil }
	go func() {
		if err := server.ActivateAndServe(); err != nil {
			started <- err // nobody receives it later on
		}
	}()
	return <-started
}

// listenBoth listens by UDP and TCP on one port. One that the system picks for
// UDP may be taken for TCP: then it tries another.
func listenBoth(address string) (net.PacketConn, net.Listener, error) {
	const tries = 10
	var errs error
	for range tries {
		packets, err := net.ListenPacket("udp", address)
		if err != nil {
			return nil, nil, err
		}
		streams, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, streams, nil
		}
		packets.Close()
		errs = err
	}
	return nil, nil, errs
}

// Addr is where the server listens.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Close ends the server and its connections, and returns when they have ended.
func (s *Server) Close() error { return errors.Join(s.udp.Shutdown(), s.tcp.Shutdown()) }

// serve answers one query.
func (s *Server) serve(w dns.ResponseWriter, query *dns.Msg) {
	reply := s.reply(query)
	if w.RemoteAddr().Network() == "udp" {
		truncate(reply, query)
	}
	if w.WriteMsg(reply) != nil {
		w.Close() // the client is gone, or the reply is too long even for TCP
	}
}

// reply is the whole answer to a query.
func (s *Server) reply(query *dns.Msg) *dns.Msg {
	reply := new(dns.Msg).SetReply(query)
	reply.Compress = true
	if query.IsEdns0() != nil {
		reply.SetEdns0(maxUDP, false)
	}
	question := query.Question[0] // the library refuses a query with none, or two
	if query.Opcode != dns.OpcodeQuery || question.Qclass != dns.ClassINET || !served(question.Qtype) {
		reply.Rcode = dns.RcodeNotImplemented
		return reply
	}
	answer, err := lookup(s.zones(), question.Name, dns.TypeToString[question.Qtype])
	if err != nil {
		reply.Rcode = dns.RcodeServerFailure // a record that a test seeded past all rules
		return reply
	}
	reply.Rcode, reply.Authoritative = answer.rcode, answer.authoritative
	reply.Answer, reply.Ns = answer.records, answer.authority
	return reply
}

// served says that records of this type are answered. Others, such as CAA and
// SSHFP, are kept by the API alone.
func served(kind uint16) bool {
	switch kind {
	case dns.TypeA, dns.TypeAAAA, dns.TypeCNAME, dns.TypeTXT, dns.TypeMX, dns.TypeSRV, dns.TypeNS, dns.TypeSOA:
		return true
	}
	return false
}

// truncate cuts a reply of more than what the client takes by UDP to its header
// and question, with the bit TC set.
func truncate(reply, query *dns.Msg) {
	size := dns.MinMsgSize
	if opt := query.IsEdns0(); opt != nil {
		size = min(max(int(opt.UDPSize()), dns.MinMsgSize), maxUDP)
	}
	if reply.Len() > size {
		reply.Truncated, reply.Answer, reply.Ns = true, nil, nil
	}
}
