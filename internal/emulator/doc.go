// Package emulator holds what the emulated APIs of providers have in common. It
// knows no provider: each has a package below this one, and so have the name
// server, the resolver and the edge, by which what the APIs configure works.
//
// An emulated account is an http.Handler with its own state, authentication,
// rate limit, latency and field rules, for the tests and the demo. It embeds a
// [Server], which it makes of an [API], and keeps what it holds behind a [State].
// The notebook of this package's tests is one as small as can be.
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
// Tests have calls go wrong by [Faults], which decide for each call which
// [Fault] it suffers: by its number, by chance with a seed, or as they like.
//
// # Locks and hooks
//
// A state change takes two locks, always in this order: that of [Changes], then
// that of the account's [State]. Hooks ([Changes.OnChange]) run after the second
// was released and before the first is. Reading takes only the second. So a hook
// may read every account, and while it runs nothing changes in any account that
// shares its Changes: what it reads of several is one consistent snapshot. The
// edge is such a hook: it takes the rules as they are after each change. The name
// server reads the records at each question, and so may be asked by a hook.
package emulator
