// Package plan decides which operations at the providers are safe now, given what shall
// stand (package desired) and what stands (package observed). Next is a pure function:
// it does no I/O and has no clock.
//
// All of the product's promises about order and ownership (docs/guarantees.md) are kept
// here, so that they can be tested by brute force: any subset of what Next returns may
// be carried out, in any order, and be stopped anywhere; asked again, it goes on from
// what stands then, and ends at what is desired.
//
// A plan is made in stages. Each reads what those before it have found, and adds to the
// draft of the answer:
//
//	gather      what is wanted beside what stands, and what is under way
//	survey      the origins' names that rules use, and what each cluster has at each CDN
//	ownership   for which clusters may be written: their record of ownership stands
//	sets        the addresses behind each name in use     ─┐ addresses come before rules,
//	labels      rules that have lost our label             │ and go after them
//	rules       the rules, and what became of each route   │
//	guard       the rules that nobody wants               ─┤
//	aliases     the DNS of published hosts                 │ a host's DNS comes after its
//	guard       the records that nobody wants             ─┘ rule, and goes before it
//	look-ups    what is neither there nor gone until somebody has looked
//
// A cluster that is leaving (desired.ClusterWant) wants nothing: then the same stages take
// away all that is its own, and the record of ownership last.
//
// A question changes nothing: what it finds to be missing, such as a reading that is fresh
// enough, it returns, and who asked adds it to the draft.
package plan
