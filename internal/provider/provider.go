// Package provider says what edgeward asks of a CDN and of a DNS, and what a provider's
// package says of itself. Package conformance, below it, tries what they promise.
//
// A new provider is a package with a Definition, and a line in package providers;
// docs/adding-a-provider.md walks through it.
package provider

import (
	"context"
	"encoding/json"

	"github.com/edgeward/edgeward/internal/model"
)

// Objects is what is asked of a provider of rules or of records. All methods are safe
// for concurrent use.
//
// Its errors wrap httpapi.Error, ErrNotKept, ErrForeign, ErrTaken and ErrUnsupported
// where they apply; after any other error it is unknown whether the call had an effect.
type Objects[T any] interface {
	// List returns all objects, ours or not. It fails rather than return a part.
	List(context.Context) ([]T, error)
	// Find returns all objects in the scope of the given one.
	Find(context.Context, T) ([]T, error)
	// Create makes an object and returns it as the provider keeps it. One on which it
	// does not keep our owner label is taken away again; with the error ErrNotKept and an
	// object, that failed.
	Create(context.Context, T) (T, error)
	// Update changes old into the given object and returns it as the provider keeps it.
	// It never changes what is not ours, but for an object that nobody has labelled with
	// adopt, or one that is ours although it does not say so (model.Rule.Unkept).
	Update(ctx context.Context, old, new T, adopt bool) (T, error)
	// Delete removes an object of ours. One that is gone already is no error.
	Delete(context.Context, T) error
}

// CDN keeps rules, each with our owner label (model.OwnerLabel).
type CDN interface {
	Objects[model.Rule]
	// Raw returns a rule as the CDN has it, by its ID, for a backup.
	Raw(ctx context.Context, id string) (json.RawMessage, error)
}

// Records are what is asked of a DNS to keep its records in sync.
type Records interface {
	Objects[model.Record]
	// Zones are the zones that it reads and writes, each as model.Record.Zone has it,
	// that of the origins first. A scope is a zone.
	Zones() []string
	// Get returns a record of that ID as it stands now: lists may lag behind. Its error
	// wraps a httpapi.Error of status 404 if there is none.
	Get(context.Context, model.Record) (model.Record, error)
}

// DNS keeps the records of one or more zones.
type DNS interface {
	Records
	// Check reads a zone itself, by its full name, by which it is known to exist and the
	// account's key to be good for reading.
	Check(ctx context.Context, zone string) error
}
