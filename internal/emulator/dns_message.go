package emulator

import (
	"fmt"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	minUDP = 512  // bytes that every client takes by UDP (RFC 1035 §4.2.1)
	maxUDP = 1232 // bytes that get through everywhere, and are offered
	// negativeTTL, in seconds, is how long the absence of a name or record may be
	// remembered (RFC 2308). Vultr's value is not documented.
	negativeTTL = 300
)

// dnsQuery is a query as far as it is looked at.
type dnsQuery struct {
	header   dnsmessage.Header
	question dnsmessage.Question // zero if there is not exactly one
	edns     bool                // it has an OPT record (RFC 6891)
	size     int                 // bytes of the longest reply by UDP
}

// parseQuery reads a query. ok is false for what nobody answers: a reply, or
// less than a header.
func parseQuery(message []byte) (q dnsQuery, fault dnsmessage.RCode, ok bool) {
	q.size = minUDP
	var p dnsmessage.Parser
	var err error
	if q.header, err = p.Start(message); err != nil || q.header.Response {
		return q, 0, false
	}
	if q.header.OpCode != 0 {
		return q, dnsmessage.RCodeNotImplemented, true
	}
	questions, err := p.AllQuestions()
	if err != nil || len(questions) != 1 {
		return q, dnsmessage.RCodeFormatError, true
	}
	q.question = questions[0]
	if p.SkipAllAnswers() != nil || p.SkipAllAuthorities() != nil {
		return q, dnsmessage.RCodeFormatError, true
	}
	for {
		h, err := p.AdditionalHeader()
		if err == dnsmessage.ErrSectionDone {
			return q, dnsmessage.RCodeSuccess, true
		}
		if err != nil || p.SkipAdditional() != nil {
			return q, dnsmessage.RCodeFormatError, true
		}
		if h.Type == dnsmessage.TypeOPT {
			q.edns, q.size = true, min(max(int(h.Class), minUDP), maxUDP)
		}
	}
}

// respond answers one message; nil: not at all. A reply of more than what the
// client takes by UDP is cut to its header and question, with the bit TC set.
func (v *Vultr) respond(message []byte, udp bool) []byte {
	q, fault, ok := parseQuery(message)
	if !ok {
		return nil
	}
	answer := dnsAnswer{code: fault}
	switch kind := kindOf(q.question.Type); {
	case fault != dnsmessage.RCodeSuccess:
	case q.question.Class != dnsmessage.ClassINET || kind == "":
		answer.code = dnsmessage.RCodeNotImplemented
	default:
		v.mu.RLock()
		answer = answerFrom(v.zones, q.question.Name.String(), kind)
		v.mu.RUnlock()
	}
	reply, err := q.reply(answer)
	if err != nil {
		// A record that a test seeded past all rules.
		reply, err = q.reply(dnsAnswer{code: dnsmessage.RCodeServerFailure})
	}
	if err == nil && udp && len(reply) > q.size {
		q.header.Truncated = true
		reply, err = q.reply(dnsAnswer{code: answer.code, ours: answer.ours})
	}
	must(err) // of nothing but the question, which was parsed
	return reply
}

// reply is the message that answers a query.
func (q dnsQuery) reply(answer dnsAnswer) ([]byte, error) {
	message := dnsmessage.Message{Header: dnsmessage.Header{
		ID: q.header.ID, Response: true, OpCode: q.header.OpCode, RecursionDesired: q.header.RecursionDesired,
		Authoritative: answer.ours, Truncated: q.header.Truncated, RCode: answer.code,
	}}
	if q.question.Name.Length > 0 {
		message.Questions = []dnsmessage.Question{q.question}
	}
	for _, r := range answer.records {
		resource, err := resourceOf(r)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.name, r.Type, err)
		}
		message.Answers = append(message.Answers, resource)
	}
	if z := answer.negative; z != nil {
		soa, err := resourceOf(dnsRecord{z.domain.Domain, z.soaRecord(negativeTTL)})
		if err != nil {
			return nil, fmt.Errorf("%s SOA: %w", z.domain.Domain, err)
		}
		message.Authorities = []dnsmessage.Resource{soa}
	}
	if q.edns {
		opt := dnsmessage.Resource{Body: new(dnsmessage.OPTResource)}
		if err := opt.Header.SetEDNS0(maxUDP, dnsmessage.RCodeSuccess, false); err != nil {
			return nil, err
		}
		message.Additionals = []dnsmessage.Resource{opt}
	}
	return message.Pack()
}
