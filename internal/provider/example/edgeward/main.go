// Command edgeward, of the example, is edgeward with one more provider in its table; see
// docs/adding-a-provider.md.
package main

import (
	"os"

	"github.com/edgeward/edgeward/internal/cli"
	"github.com/edgeward/edgeward/internal/provider/example"
	"github.com/edgeward/edgeward/internal/providers"
)

func main() {
	os.Exit(cli.Run(cli.Build{Version: "example"}, append(providers.All(), example.Definition())))
}
