package target

import (
	"context"

	"github.com/edgeward/edgeward/internal/model"
)

// Provider is what a Target asks of a CDN (model.Rule) or of a DNS (model.Record).
// Its errors wrap httpapi.Error, ErrNotKept, ErrForeign, ErrTaken and ErrUnsupported
// where they apply; after any other error it is unknown whether the call had an effect.
// All methods are safe for concurrent use.
//
// A new CDN is one package: a Provider whose rules carry our owner label
// (model.OwnerLabel), and a model.CDN that says what it cannot express. Package
// providertest says what it must promise and tries it, over an emulator of its API.
type Provider[T any] interface {
	// List returns all objects, ours or not. It fails rather than return a part.
	List(context.Context) ([]T, error)
	// Find returns all objects in the scope of the given one.
	Find(context.Context, T) ([]T, error)
	// Create makes an object and returns it as the provider keeps it. One on which it
	// does not keep our label is taken away again; with the error ErrNotKept and an
	// object, that failed.
	Create(context.Context, T) (T, error)
	// Update changes old into the given object and returns it as the provider
	// keeps it. It never changes what is not ours, but for an unlabelled object
	// with adopt, or one that is ours although it does not say so (model.Rule.Unkept).
	Update(ctx context.Context, old, new T, adopt bool) (T, error)
	// Delete removes an object of ours. One that is gone already is no error.
	Delete(context.Context, T) error
}

// DNS is a Provider of records that also reads a single one.
type DNS interface {
	Provider[model.Record]
	// Zones are the zones that it reads and writes, each as model.Record.Zone has it,
	// that of the origins first. A scope is a zone.
	Zones() []string
	// Get returns a record of that ID as it stands now: lists may lag behind. Its
	// error wraps a httpapi.Error of status 404 if there is none.
	Get(context.Context, model.Record) (model.Record, error)
}
