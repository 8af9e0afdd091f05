// Command edgeward makes a CDN the front of Kubernetes Ingresses.
package main

import (
	"os"

	"github.com/edgeward/edgeward/internal/cli"
	"github.com/edgeward/edgeward/internal/providers"
)

// Stamped by the Makefile.
var version, commit = "devel", "unknown"

func main() { os.Exit(cli.Run(cli.Build{Version: version, Commit: commit}, providers.All())) }
