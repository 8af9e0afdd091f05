// Package outcome joins what is wanted, what stands and what fails: for each Ingress its
// routes with what became of them, and for each origin its addresses. The log, the Events,
// the status page and `edgeward plan` all read this one join, and choose no more than words
// and form.
package outcome
