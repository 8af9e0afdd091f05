package observed

import (
	"github.com/edgeward/edgeward/internal/model"
)

// Status is how far an operation has come.
type Status int

const (
	InFlight   Status = iota // its reply is awaited
	Unknown                  // its reply was lost: it is neither done nor undone until looked up
	BackingOff               // it failed without effect and waits before it is tried again
)

// Attempt is an operation under way, or one that did not end well.
type Attempt[T model.Object[T]] struct {
	model.Op[T]
	Status Status
}
