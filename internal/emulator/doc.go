// Package emulator emulates, in memory, the two provider APIs that edgeward
// talks to: Edgio's Configuration API ([Edgio]) and Vultr's API for DNS and for
// its CDN ([Vultr]).
// Each is an http.Handler with its own state, authentication, rate limit,
// latency and field rules, for the tests and the demo. What the APIs configure
// works: the zones are answered by a name server ([Vultr.ListenDNS]), and the
// rules by an edge that takes requests to the origins ([NewEdgioEdge],
// [NewVultrEdge]).
//
// The emulators are unkind on purpose. Where a provider's behaviour is known
// they do the same; where it is not, they refuse, or leave a switch. Every such
// guess is called a guess where it is made, so that nobody builds on it.
//
// They share no code with edgeward's own clients: a mistake in signing or in
// reading a reply must not cancel itself out.
//
// # A call's way
//
// A call passes through a pipeline of stages, each a function from handler to
// handler: log, body, faults, latency, authentication, rate limit, route. A
// handler returns its whole reply as a value, and nothing is sent before every
// stage has seen it. A call is therefore logged before its caller can know the
// answer.
//
// # Faults
//
// Tests have calls go wrong by [Faults], which decide for each call what
// [Fault] befalls it: by its number, by chance with a seed, or as they like.
//
// # Locks and hooks
//
// A state change takes two locks, always in this order: that of [Changes], then
// that of the emulator. Hooks ([Changes.OnChange]) run after the second was
// released and before the first is. Reading ([Edgio.Instances],
// [Vultr.Records], [Vultr.PullZones]) takes only the second. So a hook may read
// every emulator, and while it runs nothing changes in any emulator that shares
// its Changes: what it reads of both together is one consistent snapshot. The
// edge is such a hook: it takes the rules as they are after each change. The name
// server reads the records at each question, and so may be asked by a hook.
package emulator
