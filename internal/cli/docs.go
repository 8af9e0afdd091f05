//go:build docs

package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// addDocs adds the hidden command that writes what packages carry besides the
// program: the man page edgeward.1 and the shells' completions, edgeward.bash,
// _edgeward (zsh) and edgeward.fish.
//
//	go run -tags docs . docs DIR
func addDocs(root *cobra.Command, version string) {
	root.AddCommand(&cobra.Command{
		Use:    "docs DIR",
		Short:  "Write the man page and the completions into a directory",
		Args:   cobra.ExactArgs(1),
		Hidden: true,
		RunE: func(_ *cobra.Command, args []string) error {
			date, err := sourceDate()
			if err != nil {
				return err
			}
			return writeDocs(root, args[0], version, date)
		},
	})
}

// writeDocs makes the directory if need be. The man page has the given date.
func writeDocs(root *cobra.Command, dir, version string, date time.Time) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	const describe = true // candidates come with a description
	for _, write := range []func() error{
		func() error {
			return os.WriteFile(filepath.Join(dir, "edgeward.1"), []byte(manPage(root, version, date)), 0o644)
		},
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

// sourceDate is now, or the time that $SOURCE_DATE_EPOCH gives in seconds for
// builds that shall not differ
// (https://reproducible-builds.org/specs/source-date-epoch/).
func sourceDate() (time.Time, error) {
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		return time.Now().UTC(), nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
