package model

// Urgencies: what answers a question and what takes away dead or deleted
// things goes before what makes new ones, changes before additions, and what
// merely lies about unused goes last.
const (
	UrgentLookUp = iota
	UrgentRemove
	UrgentClaim
	UrgentChange
	UrgentCreate
	UrgentTidy
)
