package owned

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edgeward/edgeward/internal/model"
)

// restsOnUnread reports whether an address of the cluster stands that no rule names, or
// one of its hosts is led to a name that no rule has. Where no record of ownership says at
// which CDNs it has rules that may be for one that is not in the configuration.
func (s *sorter) restsOnUnread(cluster string, objects *Objects) bool {
	used := make(map[string]bool)
	for _, r := range s.rules {
		used[strings.ToLower(r.SourceHost)] = true
		used[s.CDNName(r)] = true
	}
	return slices.ContainsFunc(objects.CNAMEs, func(r model.Record) bool { return !used[r.Data] }) ||
		slices.ContainsFunc(s.records.Objects, func(r *model.Record) bool {
			in, ok := model.ClusterOf(r, s.Owner)
			return ok && in == cluster && r.Resolves() && !used[r.Name+"."+s.Domain]
		})
}

// keepRules keeps the rules to which a host may be led in a zone that is not read, and the
// names of their origins.
func (s *sorter) keepRules(says model.Ownership, objects *Objects) {
	for _, r := range objects.Rules {
		why := ""
		at, ok := s.ZoneOf(r.Host)
		if zone := s.UnlistedZone(says, r.Host); zone != "" {
			why = fmt.Sprintf("their hosts may be led to them in zone %s, which is not in %s any more (list it there, or in sync.forget)", zone, s.DNS.Key("publish_zones"))
		} else if fault := s.records.Part(at.Zone).Fault; ok && fault != "" {
			why = "their hosts may be led to them in a zone that cannot be read: " + fault
		}
		if why == "" {
			continue
		}
		objects.Kept[r.ID] = why
		if name, ok := model.Relative(r.SourceHost, s.Domain); ok {
			s.used[name] = "the rule " + r.RuleKey.String() + " is kept, which uses them"
		}
	}
}

// keepHosts keeps the hosts that may be led to a CDN that is not read.
func (s *sorter) keepHosts(says model.Ownership, objects *Objects) {
	unread := s.Unread(says)
	if len(unread) == 0 {
		return
	}
	read := make(map[string]bool) // names at the CDNs that were read
	for _, cdn := range s.CDNs {
		read[cdn.Host] = true
	}
	for _, r := range s.rules {
		read[s.CDNName(r)] = true
	}
	for _, r := range objects.CNAMEs {
		if read[r.Data] {
			continue
		}
		objects.Kept[r.ID] = unreadCDN(unread)
		for _, rule := range objects.Rules { // by a CDN's one name, that is not known any more
			cdn := s.CDN(rule.CDN)
			if cdn.OneName && cdn.Host == "" && r.Name+"."+cmp.Or(r.Zone, s.Domain) == rule.Host {
				objects.Kept[rule.ID] = "their hosts may be led to them, which " + cdn.HostKey + " does not say any more"
			}
		}
		for _, label := range objects.Labels {
			if label.Zone == r.Zone && label.Name == model.OwnerPrefix+r.Name {
				objects.Kept[label.ID] = unreadCDN(unread)
			}
		}
	}
}

// unreadCDN says why something stays for the sake of CDNs that the configuration lacks.
func unreadCDN(cdns []model.Provider) string {
	return fmt.Sprintf("rules of %s may use them, which is not in the configuration (put its section back, or list it in sync.forget)", model.Joined(cdns, " and "))
}
