// Package observed is what is known of a provider: what stands there, and what became
// of the operations on it. What is under way, or whose reply was lost, is neither there
// nor gone until it was looked up.
package observed
