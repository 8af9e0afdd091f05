//go:build !docs

package cli

import "github.com/spf13/cobra"

// addDocs adds nothing: the command that writes the man page and the
// completions is for building packages, with the tag docs.
func addDocs(*cobra.Command, string) {}
