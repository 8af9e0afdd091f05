// Package plan decides which operations at the providers are safe now, given what shall
// stand (package desired) and what stands (package observed). Next is a pure function:
// it does no I/O and has no clock.
//
// All of the product's promises about order and ownership (docs/guarantees.md) are kept
// here, so that they can be tested by brute force: any subset of what Next returns may
// be carried out, in any order, and be stopped anywhere; asked again, it goes on from
// what stands then, and ends at what is desired.
package plan
