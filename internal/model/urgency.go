package model

// Urgencies of operations; the lower goes first. What answers a question and what takes
// away dead or deleted things goes before what makes new ones, changes before additions,
// and what merely lies about unused goes last.
const (
	UrgentLookUp = iota
	UrgentRemove
	UrgentClaim // an ownership record, without which nothing is written for a cluster
	UrgentChange
	UrgentCreate
	UrgentTidy
)
