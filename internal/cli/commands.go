package cli

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/edgeward/edgeward/internal/check"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/daemon"
	"github.com/edgeward/edgeward/internal/logging"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/provider"
)

// garbage is how much the daemon lets gather before it collects it, in percent of
// what it keeps, unless GOGC says so. With 10,000 Ingresses that takes some 8 MiB
// less than 50 does, of 90, for a tenth to a third more of a CPU time that is
// short anyhow (make bench).
const garbage = 30

// usageError is a flag whose value makes no sense.
type usageError struct{ error }

// flags are those of the command line.
type flags struct {
	config, kubeconfig, logLevel string
	run                          daemon.Flags
	providers                    provider.Table // that there are
}

// newCommand returns the command line. ran is set once arguments and flags
// were understood. The daemon reads its configuration again for each hangup.
func newCommand(build Build, all provider.Table, hangup <-chan os.Signal) (root *cobra.Command, ran *bool) {
	f := flags{providers: all}
	ran = new(bool)
	daemonize := func(cmd *cobra.Command, _ []string) error {
		if os.Getenv("GOGC") == "" {
			debug.SetGCPercent(garbage)
		}
		outliveReaders()
		return daemon.Run(cmd.Context(), daemon.Options{
			Load: f.load, Path: f.config, Flags: f.run, Hangup: hangup, NewLog: newLog,
			Build: metrics.Build{Version: build.Version, Revision: build.Commit, GoVersion: runtime.Version()},
		})
	}
	var runCmd *cobra.Command
	root = &cobra.Command{
		Use:           "edgeward",
		Short:         "Makes a CDN the front of Kubernetes Ingresses",
		Long:          "edgeward watches Ingresses and keeps CDN rules and the DNS names of their origins true to them.\nWithout a command it runs as the daemon.",
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRun: func(cmd *cobra.Command, _ []string) {
			*ran = true
			if cmd != root && cmd != runCmd {
				hangUp()
			}
			// client-go would write to standard error, for instance of a watch
			// that plan ends; the daemon gives it its own log.
			klog.SetSlogLogger(slog.New(slog.DiscardHandler))
		},
		RunE:              daemonize,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.PersistentFlags().StringVar(&f.config, "config", "/etc/edgeward/config.yaml", "configuration `FILE`")
	root.PersistentFlags().StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig `FILE`, for a configuration with a single cluster")
	root.PersistentFlags().StringVar(&f.logLevel, "log-level", "", "debug, info, warn or error; overrides log.level")

	runCmd = &cobra.Command{Use: "run", Short: "Run the daemon", Args: cobra.NoArgs, RunE: daemonize}
	for _, cmd := range []*cobra.Command{root, runCmd} {
		cmd.Flags().BoolVar(&f.run.Once, "once", false, "converge, then exit: 1 if a call failed or a deletion was blocked")
		cmd.Flags().BoolVar(&f.run.DryRun, "dry-run", false, "read everything, write nothing, log each write it would make")
		cmd.Flags().BoolVar(&f.run.AllowDelete, "allow-delete", false, "let this start's first comparison exceed sync.max_delete")
	}
	root.AddCommand(runCmd,
		newPlanCommand(f.load, build.Version),
		newListCommand(f.load, build.Version),
		newUninstallCommand(f.load, build.Version),
		&cobra.Command{
			Use: "check", Short: "Check the configuration, the clusters and the providers, writing nothing", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				cfg, err := f.load()
				if err != nil {
					return err
				}
				return check.Run(cmd.Context(), cfg, build.Version, cmd.OutOrStdout())
			},
		},
		&cobra.Command{
			Use: "version", Short: "Print version, commit and Go version", Args: cobra.NoArgs,
			Run: func(cmd *cobra.Command, _ []string) {
				fmt.Fprintf(cmd.OutOrStdout(), "edgeward %s, commit %s, %s\n", build.Version, build.Commit, runtime.Version())
			},
		})
	return root, ran
}

// load reads the configuration and lays the flags over it.
func (f *flags) load() (*config.Config, error) {
	cfg, err := config.Load(f.config, os.Environ(), f.providers)
	if err != nil {
		return nil, err
	}
	if f.kubeconfig != "" {
		if err := cfg.SetKubeconfig(f.kubeconfig); err != nil {
			return nil, usageError{err}
		}
	}
	if f.logLevel != "" {
		if err := cfg.Log.Level.UnmarshalText([]byte(f.logLevel)); err != nil {
			return nil, usageError{fmt.Errorf("--log-level: %q is not debug, info, warn or error", f.logLevel)}
		}
	}
	return cfg, nil
}

func newLog(c config.Log) *slog.Logger {
	_, inJournal := os.LookupEnv("JOURNAL_STREAM")
	return logging.New(os.Stderr, c.Level, c.Format, inJournal)
}
