package desired

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
)

// How many bytes of addresses an answer of DNS holds, of one family.
const (
	// easyAnswer is what all resolvers take well: of the 1,232 that UDP carries without
	// fragments (DNS flag day 2020), less names and headers. These are 64 records A, or
	// 36 AAAA.
	easyAnswer = 1024
	// maxAnswer is the largest buffer that resolvers commonly offer (RFC 6891,
	// section 6.2.5). A larger set cannot be relied on, nor would it be of use: no client
	// tries hundreds of addresses. These are 256 records A, or 146 AAAA.
	maxAnswer = 4096

	sizeA    = 16 // bytes of a record whose name is compressed (RFC 1035, section 4.1.4)
	sizeAAAA = 28
)

// byFamily parts addresses, whose order stays.
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

// easy reports whether any resolver takes these addresses in one answer.
func easy(addresses []string) bool {
	v4, v6 := byFamily(addresses)
	return max(sizeA*len(v4), sizeAAAA*len(v6)) <= easyAnswer
}

// bounded is the set of that zone name with no more addresses of either family than one
// answer carries. The others are Left.
//
// Who stands follows from the names alone: the addresses whose hash with that of the set
// is lowest (rendezvous hashing). So each has the same chance, another set chooses
// others, and one that comes or goes moves one other at most. Those that may only stay
// where they stand count as if they stood, lest a node that is not ready for a moment
// be replaced.
func (s Set) bounded(name string) Set {
	if len(s.Addresses)+len(s.Keep) <= maxAnswer/sizeAAAA {
		return s
	}
	all := model.SortedSet(slices.Concat(s.Addresses, s.Keep))
	v4, v6 := byFamily(all)
	if len(v4) <= maxAnswer/sizeA && len(v6) <= maxAnswer/sizeAAAA {
		return s
	}
	chosen := model.SortedSet(slices.Concat(lowest(name, v4, maxAnswer/sizeA), lowest(name, v6, maxAnswer/sizeAAAA)))
	left := func(ip string) bool { return !Contains(chosen, ip) }
	s.Left = slices.DeleteFunc(all, func(ip string) bool { return Contains(chosen, ip) })
	s.Addresses = slices.DeleteFunc(slices.Clone(s.Addresses), left)
	s.Keep = slices.DeleteFunc(slices.Clone(s.Keep), left)
	if len(s.Addresses) == 0 {
		s.Addresses, s.Keep = s.Keep, nil // better than none
	}
	return s
}

// lowest returns so many of the addresses, those that rank lowest in a set.
func lowest(set string, addresses []string, most int) []string {
	if len(addresses) <= most {
		return addresses
	}
	type ranked struct {
		rank uint64
		ip   string
	}
	all, text := make([]ranked, len(addresses)), append([]byte(set), 0)
	for i, ip := range addresses {
		sum := sha256.Sum256(append(text[:len(set)+1], ip...))
		all[i] = ranked{binary.BigEndian.Uint64(sum[:]), ip}
	}
	slices.SortFunc(all, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.rank, b.rank), strings.Compare(a.ip, b.ip)) })
	chosen := make([]string, most)
	for i := range chosen {
		chosen[i] = all[i].ip
	}
	return chosen
}

// TooLarge is what to tell the operator of a set of that full name, of which these
// addresses shall stand, if it is too large for one answer.
func (s Set) TooLarge(name string, addresses []string) (model.Notice, bool) {
	const help = "choose fewer nodes by clusters[].node_selector, or let the Service or status that has them name fewer"
	switch {
	case len(s.Left) > 0:
		return model.Notice{
			About: "too many addresses at " + name,
			Text: fmt.Sprintf("%s has %d addresses, more than DNS carries in one answer (%d IPv4, %d IPv6), so that only %d stand, chosen by a hash: %s",
				name, len(addresses)+len(s.Left), maxAnswer/sizeA, maxAnswer/sizeAAAA, len(addresses), help),
		}, true
	case !easy(addresses):
		return model.Notice{Text: fmt.Sprintf("%s has more addresses than many resolvers take in one answer (%d IPv4, %d IPv6): %s",
			name, easyAnswer/sizeA, easyAnswer/sizeAAAA, help)}, true
	}
	return model.Notice{}, false
}
