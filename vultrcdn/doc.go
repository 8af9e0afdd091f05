// Package vultrcdn publishes hosts through the pull zones of Vultr's CDN,
// through govultr. A pull zone is a model.Rule:
//
//	vanity_domain   the published host; the path is always "/"
//	origin_scheme   how the origin is asked, on port 80 or 443
//	origin_domain   the origin; its path is the one that was published
//	label           whose it is, see below
//	cdn_url         Rule.Published, which the published host's CNAME must point at
//	status          Rule.Pending, unless it is "active"
//	cors, gzip,     Rule.Extra: what an operator set, with which a zone for
//	block_*,        another origin is made
//	regions
//
// What this rests on, from Vultr's documentation; none was tried against the
// live service:
//
//   - A zone has one vanity domain, no origin port and no path. A host is
//     therefore published whole, and its origin answers on 80 or 443.
//   - The origin cannot be changed: there is no such field in an update. Another
//     origin takes a new zone, with another host name of the CDN. Two zones of
//     one host therefore stand beside each other for a while, and Find returns
//     both. Whether Vultr allows that is not known; if not, Create fails with
//     its refusal.
//   - Certificate and key are sent as the base64 of PEM files and never shown
//     again. There is no way to take them away.
//   - The list declares no page parameters, yet its example has a next page. One
//     without meta is whole.
//   - Regions are taken by an update only, not by a create call.
//   - What was not sent stays as it is, but govultr always sends a label.
//   - The counters may be null, and the dates have no time zone; neither is used.
//   - govultr's PurgePullZone purges nothing; it is not used.
//
// # The label
//
// A zone has no field for marks but its label, which the console shows:
//
//	edgeward <mark>
//	edgeward <mark> cert=<fingerprint>
//
// The mark is that of model.OwnerLabel; it fits the zone's vanity domain, so that a
// copy of a zone's label is told from the zone itself. The fingerprint, of
// model.Certificate, is 16 hexadecimal digits of a SHA-256 of the chain and the
// key together: from it is known, after a restart too, whether the zone has the
// certificate that is wanted. A zone with any other label is nobody's: it is
// left alone unless it is to be adopted.
package vultrcdn
