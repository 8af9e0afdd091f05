//go:build docs

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/edgeward/edgeward/internal/providers"
)

func TestManPage(t *testing.T) {
	root := &cobra.Command{Use: "edgeward", Short: "Does this", Long: "It does this.\n\n.And that.", Run: func(*cobra.Command, []string) {}}
	root.PersistentFlags().String("config", "/etc/x.yaml", "read `FILE`")
	plan := &cobra.Command{Use: "plan", Short: "Show it", Run: root.Run}
	plan.Flags().BoolP("json", "j", false, "as JSON")
	secret := &cobra.Command{Use: "secret", Hidden: true, Run: root.Run}
	root.AddCommand(plan, secret)

	page := manPage(root, "devel", time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC))
	got, _, _ := strings.Cut(page, ".SH \"EXIT STATUS\"")
	want := `.TH EDGEWARD 1 2026-07-01 "edgeward devel"
.SH NAME
edgeward \- does this
.SH SYNOPSIS
.nf
edgeward
edgeward plan [flags]
.fi
.SH DESCRIPTION
It does this.
.sp
\&.And that.
.SH COMMANDS
.TP
.B plan
Show it.
.RS
.TP
.B \-j, \-\-json
as JSON
.RE
.SH OPTIONS
These go with each command. Without a command, those of run do too.
.TP
.B \-\-config FILE
read FILE (default /etc/x.yaml)
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !strings.Contains(page, ".B 78\nBad configuration") {
		t.Error("the exit status 78 is not explained")
	}
}

// TestDocs writes everything for the real commands.
func TestDocs(t *testing.T) {
	dir := t.TempDir()
	root, _ := newCommand(Build{"devel", "unknown"}, providers.All(), nil)
	root.SetArgs([]string{"docs", dir})
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"edgeward.1":    ".B \\-\\-dry\\-run\n",
		"edgeward.bash": "complete -o default -F __start_edgeward edgeward",
		"_edgeward":     "#compdef edgeward\n",
		"edgeward.fish": "complete -c edgeward",
	} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
		}
		if !strings.Contains(string(content), want) {
			t.Errorf("%s: no %q in it", name, want)
		}
	}
}
