// Package cli is the command line.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/edgeward/edgeward/internal/check"
	"github.com/edgeward/edgeward/internal/printable"
	"github.com/edgeward/edgeward/internal/provider"
	"github.com/edgeward/edgeward/internal/schema"
)

// Build is what the Makefile stamps into the program.
type Build struct{ Version, Commit string }

// Exit statuses, as sysexits.h has them. 2 is left to Go's own panics.
const (
	exitFailure   = 1
	exitChanges   = 3 // of plan
	exitUsage     = 64
	exitBadConfig = 78
)

// Run runs the command that the process's arguments name, with the providers that there
// are, and returns its exit status.
func Run(build Build, all provider.Table) int {
	ctx, hangup := catchSignals()
	// A panic ends the process by SIGABRT, so that systemd starts it again.
	debug.SetTraceback("crash")

	cmd, ran := newCommand(build, all, hangup)
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
	case errors.Is(err, errChanges):
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
