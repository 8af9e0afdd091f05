// Package desired maps Kubernetes objects and settings onto what shall stand at the
// providers: a route for each host and path that an Ingress asks for, the sets of
// addresses behind them, and what is wrong with those that cannot be published.
//
// It is pure: it does no I/O and has no clock; time is a parameter. The files build on
// each other in this order:
//
//	problems, cluster       the words for what is wrong; what comes in
//	allow, options          what a namespace may do; what the annotations of an Ingress say
//	hosts, paths            which hosts and URL paths a CDN publishes for an Ingress
//	mapper, setnames        what the objects of one cluster come to; what its sets are called
//	nodesets, namedset      the sets that nodes make, and those whose addresses objects name
//	origins                 where the content for a backend comes from
//	route, candidates       a host and path that an Ingress asks for, and who goes first
//	retention               which live rules stay while their Ingress is not understood
//	ingress, wholehosts     what one Ingress asks for
//	mappings                what all Ingresses of a cluster ask for, from one answer to the next
//	conflicts, sharedhosts  who gets a host and path that several ask for
//	loops                   what would have a CDN ask itself
//	want, desired           the answer
package desired
