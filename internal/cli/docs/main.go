// Command docs writes what packages carry besides the program: a manual page for each
// command, edgeward.1 and edgeward-plan.1, and the shells' completions.
//
//	go run ./internal/cli/docs DIR
//
// The manual pages have the date in $SOURCE_DATE_EPOCH, if there is one
// (https://reproducible-builds.org/specs/source-date-epoch/).
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra/doc"

	"github.com/edgeward/edgeward/internal/cli"
	"github.com/edgeward/edgeward/internal/providers"
)

// version is stamped by the Makefile.
var version = "devel"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: docs DIR")
		os.Exit(64)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

// write makes the directory if need be.
func write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	root := cli.Manual(cli.Build{Version: version}, providers.All())
	pages := doc.GenManTreeOptions{
		Header: &doc.GenManHeader{Section: "1", Source: "edgeward " + version, Manual: "edgeward"},
		Path:   dir, CommandSeparator: "-",
	}
	const describe = true // candidates come with a description
	for _, write := range []func() error{
		func() error { return doc.GenManTreeFromOpts(root, pages) },
		func() error { return root.GenBashCompletionFileV2(filepath.Join(dir, "edgeward.bash"), describe) },
		func() error { return root.GenZshCompletionFile(filepath.Join(dir, "_edgeward")) },
		func() error { return root.GenFishCompletionFile(filepath.Join(dir, "edgeward.fish"), describe) },
	} {
		if err := write(); err != nil {
			return err
		}
	}
	return nil
}
