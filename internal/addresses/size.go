package addresses

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/ordered"
)

// How many bytes of addresses of one family an answer of DNS holds.
const (
	// easyAnswer is what every resolver takes. UDP carries 1,232 bytes without fragments
	// (DNS flag day 2020), of which names and headers take their share. That leaves room
	// for 64 A records or 36 AAAA records.
	easyAnswer = 1024
	// maxAnswer is the largest buffer that resolvers commonly offer (RFC 6891, section
	// 6.2.5): 256 A records or 146 AAAA records. A larger set cannot be relied on, nor
	// would it be of use, since no client tries hundreds of addresses.
	maxAnswer = 4096

	sizeA    = 16 // bytes of an A record whose name is compressed (RFC 1035, section 4.1.4)
	sizeAAAA = 28
)

// byFamily parts addresses by family and keeps their order.
func byFamily(addresses []string) (v4, v6 []string) {
	for _, ip := range addresses {
		if strings.Contains(ip, ":") {
			v6 = append(v6, ip)
		} else {
			v4 = append(v4, ip)
		}
	}
	return v4, v6
}

// isEasy reports whether every resolver takes these addresses in one answer.
func isEasy(addresses []string) bool {
	v4, v6 := byFamily(addresses)
	return max(sizeA*len(v4), sizeAAAA*len(v6)) <= easyAnswer
}

// Bounded returns the set with no more addresses of either family than one answer
// carries. The others are its Surplus. The name is that of the set in the zone.
//
// Which addresses stand follows from the names alone: those whose hash with the set's
// name is lowest (rendezvous hashing). So every address has the same chance, another set
// chooses others, and an address that comes or goes displaces one other at most. An
// address that may only stay where it stands counts as if it stood, lest a node that is
// not ready for a moment be replaced.
func (s Set) Bounded(name string) Set {
	if len(s.Addresses)+len(s.Keep) <= maxAnswer/sizeAAAA {
		return s
	}
	all := ordered.Distinct(slices.Concat(s.Addresses, s.Keep))
	v4, v6 := byFamily(all)
	if len(v4) <= maxAnswer/sizeA && len(v6) <= maxAnswer/sizeAAAA {
		return s
	}
	chosen := ordered.Distinct(slices.Concat(lowest(name, v4, maxAnswer/sizeA), lowest(name, v6, maxAnswer/sizeAAAA)))
	isChosen := func(ip string) bool { return ordered.Contains(chosen, ip) }
	notChosen := func(ip string) bool { return !isChosen(ip) }
	s.Surplus = slices.DeleteFunc(all, isChosen)
	s.Addresses = slices.DeleteFunc(slices.Clone(s.Addresses), notChosen)
	s.Keep = slices.DeleteFunc(slices.Clone(s.Keep), notChosen)
	s.preferAny()
	return s
}

// lowest returns the n addresses whose hash with the name of a set is lowest.
func lowest(set string, addresses []string, n int) []string {
	if len(addresses) <= n {
		return addresses
	}
	type hashed struct {
		hash uint64
		ip   string
	}
	all, text := make([]hashed, len(addresses)), append([]byte(set), 0)
	for i, ip := range addresses {
		sum := sha256.Sum256(append(text[:len(set)+1], ip...))
		all[i] = hashed{binary.BigEndian.Uint64(sum[:]), ip}
	}
	slices.SortFunc(all, func(a, b hashed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), strings.Compare(a.ip, b.ip)) })
	chosen := make([]string, n)
	for i := range chosen {
		chosen[i] = all[i].ip
	}
	return chosen
}

// TooLarge returns what to tell the operator of a set that is too large for one answer,
// where name is its full name and addresses are those of it that shall stand.
func (s Set) TooLarge(name string, addresses []string) (model.Notice, bool) {
	const help = "choose fewer nodes by clusters[].node_selector, or let the Service or status that has them name fewer"
	switch {
	case len(s.Surplus) > 0:
		return model.Notice{
			About: "too many addresses at " + name,
			Text: fmt.Sprintf("%s has %d addresses, more than DNS carries in one answer (%d IPv4, %d IPv6), so that only %d stand, chosen by a hash: %s",
				name, len(addresses)+len(s.Surplus), maxAnswer/sizeA, maxAnswer/sizeAAAA, len(addresses), help),
		}, true
	case !isEasy(addresses):
		return model.Notice{Text: fmt.Sprintf("%s has more addresses than many resolvers take in one answer (%d IPv4, %d IPv6): %s",
			name, easyAnswer/sizeA, easyAnswer/sizeAAAA, help)}, true
	}
	return model.Notice{}, false
}
