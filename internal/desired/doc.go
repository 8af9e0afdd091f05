// Package desired maps Kubernetes objects and settings onto what shall stand at the
// providers: a route for each host and path that an Ingress asks for, the sets of
// addresses behind them, and what is wrong with those that cannot be published.
//
// It is pure: it does no I/O and has no clock, time is a parameter.
package desired
