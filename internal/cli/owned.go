package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/holdings"
)

// newListCommand returns the command list.
func newListCommand(load func() (*config.Config, error), version string) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what is ours at the providers and which Ingress it serves",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, p, err := connect(cmd.Context(), load, version)
			if err != nil {
				return err
			}
			all, rules, err := holdings.Read(cmd.Context(), cfg, p)
			if err != nil {
				return err
			}
			write := holdings.WriteTable
			if output == "json" {
				write = holdings.WriteJSON
			}
			return write(cmd.OutOrStdout(), holdings.List(all, rules, app.Settings(cfg)))
		},
	}
	cmd.Flags().VarP(newChoice(&output, "table", "json"), "output", "o", "table or json")
	return cmd
}

// newUninstallCommand returns the command uninstall.
func newUninstallCommand(load func() (*config.Config, error), version string) *cobra.Command {
	var cluster string
	var yes bool
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove what is ours at the providers, after showing it",
		Long: "Removes the published hosts' CNAMEs, after their TTL our rules, then, after sync.linger, the addresses that no rule of others uses, and last the claims.\n" +
			"The cluster need not be in the configuration any more: this is the way to retire a cluster's name.\n" +
			"Stop the daemon first, or it makes everything anew.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, p, err := connect(cmd.Context(), load, version)
			if err != nil {
				return err
			}
			r := holdings.Remover{Config: cfg, Providers: p, Cluster: cluster, Out: cmd.OutOrStdout()}
			n, err := r.Show(cmd.Context())
			if err != nil || n == 0 {
				return err
			}
			if !yes && !confirmed(cmd, n) {
				return errors.New("nothing was removed (--yes removes without asking)")
			}
			return r.Run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&cluster, "cluster", "", "only what belongs to the cluster of this `NAME`")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func connect(ctx context.Context, load func() (*config.Config, error), version string) (*config.Config, app.Providers, error) {
	cfg, err := load()
	if err != nil {
		return nil, app.Providers{}, err
	}
	p, err := app.Open(ctx, cfg, new(app.Accounts), app.NewAccess(version, slog.New(slog.DiscardHandler)), app.Unobserved)
	return cfg, p, err
}

// confirmed asks on the terminal; without one the answer is no.
func confirmed(cmd *cobra.Command, n int) bool {
	if f, ok := cmd.InOrStdin().(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return false
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Remove these %d objects? Only \"yes\" does: ", n)
	answer, _ := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	return strings.TrimSpace(answer) == "yes"
}
