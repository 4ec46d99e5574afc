// Package cmd is the command line of atoll, one command a file.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// errSilent ends a command with failure after it has said why itself.
var errSilent = errors.New("failed")

// usageError is a mistake in how the command was called.
type usageError struct{ error }

// Main runs the command line and returns its exit code.
func Main(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errSilent):
		return exitFailed
	case errors.As(err, &usage):
		_, _ = fmt.Fprintf(errs, "Error: %v\nNext: see `%s --help`\n", err, usedCommand(root, args))
		return exitUsage
	}
	_, _ = fmt.Fprintf(errs, "Error: %v\n", err)
	return exitFailed
}

func usedCommand(root *cobra.Command, args []string) string {
	if c, _, err := root.Find(args); err == nil {
		return c.CommandPath()
	}
	return root.CommandPath()
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "atoll",
		Short: "Lay a data science platform down on Kubernetes",
		Long: `atoll lays a data science platform down on any Kubernetes: five subclusters with their
components, as platform.yaml asks. It never removes what people made.`,
		Example: `  atoll init --local
  atoll check -f platform.yaml
  atoll bootstrap -f platform.yaml
  atoll status`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.CompletionOptions.DisableDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.AddCommand(
		newInit(),
		newCheck(),
		newBootstrap(),
		newStatus(),
		newBackup(),
		newRestore(),
		newWorkspaces(),
		newServers(),
		newSchedules(),
		newRun(),
		newAccess(),
		newDestroy(),
		newGuard(),
		newSchema(),
		newVersion(),
		newCompletion(),
		newDocs(),
	)
	return root
}

// noArgs refuses arguments, which are usually a misspelt command.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("%s takes no argument, but was given %q", c.CommandPath(), args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		err = fmt.Errorf("%w; did you mean %s?", err, near[0])
	}
	return usageError{err}
}
