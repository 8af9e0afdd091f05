// Command edgeward makes a CDN the front of Kubernetes Ingresses.
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/edgeward/edgeward/internal/check"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/daemon"
	"github.com/edgeward/edgeward/internal/holdings"
	"github.com/edgeward/edgeward/internal/logging"
	"github.com/edgeward/edgeward/internal/metrics"
	"github.com/edgeward/edgeward/internal/preview"
	"github.com/edgeward/edgeward/internal/printable"
	"github.com/edgeward/edgeward/internal/schema"
)

// Stamped by the Makefile.
var (
	version = "devel"
	commit  = "unknown"
)

// Exit statuses, as sysexits.h has them. 2 is left to Go's own panics.
const (
	exitFailure   = 1
	exitChanges   = 3 // of plan
	exitUsage     = 64
	exitBadConfig = 78
)

// garbage is how much the daemon lets gather before it collects it, in percent of
// what it keeps, unless GOGC says so. With 10,000 Ingresses that takes some 8 MiB
// less than 50 does, of 90, for a tenth to a third more of a CPU time that is
// short anyhow (make bench).
const garbage = 30

func main() { os.Exit(run()) }

func run() int {
	ctx, hangup := catchSignals()
	// A panic ends the process by SIGABRT, so that systemd starts it again.
	debug.SetTraceback("crash")

	cmd, ran := newCommand(hangup)
	err := cmd.ExecuteContext(ctx)
	var faults schema.Faults
	switch {
	case err == nil:
		return 0
	case errors.As(err, &faults):
		printError(os.Stderr, err)
		return exitBadConfig
	case errors.Is(err, check.ErrFindings):
		return exitFailure // they are printed
	case errors.Is(err, preview.ErrChanges):
		return exitChanges // likewise
	case *ran && !errors.As(err, new(usageError)):
		printError(os.Stderr, err)
		return exitFailure
	}
	printError(os.Stderr, err)
	fmt.Fprintln(os.Stderr, "See edgeward --help.")
	return exitUsage
}

// printError prints a line for each of the errors that were joined, and for each
// fault of the configuration.
func printError(w io.Writer, err error) {
	joined, several := err.(interface{ Unwrap() []error })
	faults, ofConfig := err.(schema.Faults)
	switch {
	case several && err.Error() == errors.Join(joined.Unwrap()...).Error():
		for _, one := range joined.Unwrap() {
			printError(w, one)
		}
	case ofConfig:
		for _, fault := range faults {
			fmt.Fprintln(w, fault)
		}
	default:
		fmt.Fprintln(w, "edgeward:", printable.Line(err.Error()))
	}
}

// usageError is a flag whose value makes no sense.
type usageError struct{ error }

// flags are those of the command line.
type flags struct {
	config, kubeconfig, logLevel string
	run                          daemon.Flags
}

// newCommand returns the command line. ran is set once arguments and flags
// were understood. The daemon reads its configuration again for each hangup.
func newCommand(hangup <-chan os.Signal) (root *cobra.Command, ran *bool) {
	var f flags
	ran = new(bool)
	daemonize := func(cmd *cobra.Command, _ []string) error {
		if os.Getenv("GOGC") == "" {
			debug.SetGCPercent(garbage)
		}
		outliveReaders()
		return daemon.Run(cmd.Context(), daemon.Options{
			Load: f.load, Path: f.config, Flags: f.run, Hangup: hangup, Build: build(), NewLog: newLog,
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
		preview.NewCommand(f.load, version),
		holdings.NewListCommand(f.load, version),
		holdings.NewUninstallCommand(f.load, version),
		&cobra.Command{
			Use: "check", Short: "Check the configuration, the clusters and the providers, writing nothing", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				cfg, err := f.load()
				if err != nil {
					return err
				}
				return check.Run(cmd.Context(), cfg, version, cmd.OutOrStdout())
			},
		},
		&cobra.Command{
			Use: "version", Short: "Print version, commit and Go version", Args: cobra.NoArgs,
			Run: func(cmd *cobra.Command, _ []string) {
				fmt.Fprintf(cmd.OutOrStdout(), "edgeward %s, commit %s, %s\n", version, commit, runtime.Version())
			},
		})
	addDocs(root)
	return root, ran
}

// load reads the configuration and lays the flags over it.
func (f *flags) load() (*config.Config, error) {
	cfg, err := config.Load(f.config, os.Environ())
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

func build() metrics.Build {
	return metrics.Build{Version: version, Revision: commit, GoVersion: runtime.Version()}
}
