package recordset

import (
	"slices"

	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/observed"
	"github.com/edgeward/edgeward/internal/ordered"
)

// Addresses brings a name that is a set of addresses towards these. New ones come before
// old ones go, or with them where the DNS takes whole sets, and one that stands is always
// left.
func (c *Changes) Addresses(n Name, dns model.DNS) Result {
	result := Result{Addresses: c.wanted(n), Refusals: make(map[string]Refusal)}
	found := c.examine(n, result.Addresses)
	hopeless := found.untried && c.View.Refused
	result.Standing, result.Left, result.Failed = len(found.inWant), len(found.inWant), found.failed || hopeless
	if len(result.Addresses) == 0 {
		result.Standing, result.Tried, result.Converged = len(found.standing), true, true
		result.Left, result.LastKnown = result.Standing, result.Standing > 0
		result.Unproven = c.Unproven(found.standing)
		return result
	}
	if changing := c.makeMissing(n, found, dns, result.Refusals); changing {
		return result
	}
	result.Tried = !found.waiting && (!found.untried || hopeless)
	result.Converged = !found.waiting && len(found.missing) == 0
	result.Unproven = c.Unproven(found.inWant)
	for _, r := range found.standing {
		c.removeDuplicates(r)
		if ordered.Contains(result.Addresses, r.Data) {
			continue
		}
		result.Converged = false
		together := dns.WholeSets && !n.blocked() && found.of(r.Type).wanted() > 0
		succeeded := !found.untried && len(found.inWant) > 0
		if !together && succeeded && !found.waiting && result.Unproven != nil {
			c.Verify(result.Unproven)
		}
		mayGo := !found.waiting && (together || succeeded && result.Unproven == nil)
		result.Surplus = append(result.Surplus, Surplus{r, mayGo})
	}
	if dns.WholeSets && !n.blocked() {
		result.Left += len(found.missing) // they come in the call in which the others go
	}
	return result
}

// blocked reports whether nothing can be made now.
func (n Name) blocked() bool { return n.Blocked || n.TTLChanges }

// wanted are the addresses that a name shall have, sorted: also those that it may keep and
// that stand or are on the way.
func (c *Changes) wanted(n Name) []string {
	want := slices.Clone(n.Set.Addresses)
	for _, ip := range n.Set.Keep {
		if c.Places.Has(model.AddressRecord(n.Name, ip, 0).Key()) {
			want = append(want, ip)
		}
	}
	return ordered.Distinct(want)
}

// makeMissing makes the addresses that a name lacks, unless it is blocked, and reports
// whether the TTL has to change first.
func (c *Changes) makeMissing(n Name, found members, dns model.DNS, refusals map[string]Refusal) (changing bool) {
	for _, recordType := range []string{"A", "AAAA"} {
		of := found.of(recordType)
		ttl := n.TTL
		if dns.ChangesTTL() {
			for _, r := range of.inWant {
				c.ChangeTTL(r, ttl)
			}
		} else {
			ttl = c.ttlOf(n, of, refusals)
		}
		switch {
		case of.wanted() == 0:
		case !dns.ChangesTTL() && c.hasOtherTTL(n, recordType, ttl):
			changing = true
			if !n.blocked() {
				c.changeSetTTL(n, ttl, of)
			}
		case !n.blocked():
			for _, ip := range of.missing {
				c.Create(model.AddressRecord(n.Name, ip, ttl), model.UrgentCreate)
			}
		}
	}
	return changing
}

// members is what is known of the addresses of a name.
type members struct {
	standing []*model.Record // sure to stand
	inWant   []*model.Record // of these, the ones that shall
	missing  []string        // addresses to make
	untried  bool            // some of these were not tried yet
	waiting  bool            // something is under way or unknown
	failed   bool            // one to make failed at the last attempt
}

// wanted is how many addresses shall stand, of those that nothing is under way to.
func (m members) wanted() int { return len(m.inWant) + len(m.missing) }

// examine finds out how far each address is that a name wants or has. Want is sorted.
func (c *Changes) examine(n Name, want []string) members {
	var m members
	for _, ip := range c.addressesOf(n, want) {
		key := model.AddressRecord(n.Name, ip, 0).Key()
		wanted := ordered.Contains(want, ip)
		r, sure := c.Places.Sure(key)
		switch {
		case sure:
			m.standing = append(m.standing, r)
			if wanted {
				m.inWant = append(m.inWant, r)
			}
		case c.Places.Doubtful(key) || c.Places.Is(key, observed.InFlight):
			m.waiting = true
		case wanted:
			m.missing = append(m.missing, ip)
			if c.Places.Is(key, observed.BackingOff) {
				m.failed = true
			} else {
				m.untried = true
			}
		}
	}
	return m
}

// of returns what concerns records of one type.
func (m members) of(recordType string) members {
	other := func(r *model.Record) bool { return r.Type != recordType }
	return members{
		standing: slices.DeleteFunc(slices.Clone(m.standing), other),
		inWant:   slices.DeleteFunc(slices.Clone(m.inWant), other),
		missing:  slices.DeleteFunc(slices.Clone(m.missing), func(ip string) bool { return other(new(model.AddressRecord("", ip, 0))) }),
	}
}

// addressesOf lists, sorted, the addresses that a name wants, has, or has operations for.
// Want is sorted.
func (c *Changes) addressesOf(n Name, want []string) []string {
	var others []string
	note := func(ip string) {
		if !ordered.Contains(want, ip) {
			others = append(others, ip)
		}
	}
	for _, r := range n.Records {
		note(r.Data)
	}
	for _, a := range c.View.Attempts {
		if a.Verb.Reads() {
			continue
		}
		for _, r := range a.Touched() {
			if r.Name == n.Name && (r.Type == "A" || r.Type == "AAAA") {
				note(r.Data)
			}
		}
	}
	if len(others) == 0 {
		return want
	}
	return ordered.Distinct(slices.Concat(want, others))
}
