package model

// ZoneName is the full name of a zone, as a Record has it.
func (s *Settings) ZoneName(zone string) string {
	if zone == "" {
		return s.Domain
	}
	return zone
}

// HostAt is the host whose DNS is at a name in a zone.
func (s *Settings) HostAt(at RecordName) string { return at.Name + "." + s.ZoneName(at.Zone) }

// CDNName is the name at the CDN that a rule's host has to lead to; "" if it is not known.
func (s *Settings) CDNName(r *Rule) string { return s.CDN(r.CDN).HostOf(r) }

// CanLead reports whether any host can be led to a rule. Where all are led to one name
// they may have been while that was in the configuration.
func (s *Settings) CanLead(r *Rule) bool { return s.CDN(r.CDN).OneName || s.CDNName(r) != "" }
