package model

import (
	"cmp"
	"strings"
)

// Place is where an object stands at a provider, or shall stand. No two operations at one
// place run at a time. What is only read has a place of its own.
type Place struct {
	CDN    Provider  // of a rule
	Kind   PlaceKind // what stands there
	Name   string    // a rule's host; a record's name, with its zone unless that is the origins'
	Detail string    // a rule's path; a record's data, where its name may have several
}

// PlaceKind tells rules, records and reads apart: it is the type of a record, such as
// "A", or one of these.
type PlaceKind string

const (
	RulePlace  PlaceKind = "rule"
	SearchArea PlaceKind = PlaceKind(LookUp) // what one search covers
	OneObject  PlaceKind = PlaceKind(Verify) // Name is its ID
)

// String is for people: "www.example.com/a", "nodes.main.acme A 192.0.2.1",
// "look up www.example.com".
func (p Place) String() string {
	if p.Kind == SearchArea || p.Kind == OneObject {
		return strings.TrimSpace(string(p.Kind) + " " + p.Name)
	}
	return p.Object()
}

// Object is String without the verb of a read.
func (p Place) Object() string {
	switch p.Kind {
	case RulePlace:
		return p.Name + p.Detail
	case SearchArea, OneObject:
		return p.Name
	}
	return strings.TrimSpace(p.Name + " " + string(p.Kind) + " " + p.Detail)
}

// IsRecord reports whether it is the place of a DNS record.
func (p Place) IsRecord() bool {
	return p.Kind != RulePlace && p.Kind != SearchArea && p.Kind != OneObject
}

// Compare orders places by name, then the rest.
func (p Place) Compare(o Place) int {
	return cmp.Or(strings.Compare(p.Name, o.Name), cmp.Compare(p.Kind, o.Kind), strings.Compare(p.Detail, o.Detail), cmp.Compare(p.CDN, o.CDN))
}
