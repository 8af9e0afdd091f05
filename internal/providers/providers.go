// Package providers is the table of the providers that there are. Nothing else names
// them: configuration, clients, `edgeward check`, metrics, messages, the man page and
// the unit follow from what each says of itself.
package providers

import (
	"github.com/edgeward/edgeward/edgio"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/vultrcdn"
	"github.com/edgeward/edgeward/vultrdns"
)

// All are all of them, in the order of the configuration's sections. Of several CDNs the
// first is for Ingresses whose class names none.
func All() provider.Table {
	return provider.Table{
		edgio.Definition(),
		vultrdns.Definition(),
		vultrcdn.Definition(),
	}
}
