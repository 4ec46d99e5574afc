package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/installer/phase"
)

func newBootstrap() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "bootstrap",
		Short: "Lay the platform down, or bring it to what platform.yaml says",
		Long: `bootstrap brings a cluster to what platform.yaml says. It may be run again at any time: what is
as it should be is left alone, and a run that failed goes on where it stopped. Nothing is rolled
back on failure, so that the cause can be seen.

Steps are shown on standard error as they finish; with -o json the result is on standard output.`,
		Example: `  # the cluster of the current context
  atoll bootstrap -f platform.yaml

  # another cluster, with more patience
  atoll bootstrap -f platform.yaml --context production --timeout 15m

  # what came of it, for a program
  atoll bootstrap -f platform.yaml -o json`,
		Args: noArgs,
	}
	addFile(c, &file, defaultFile, "the platform.yaml")
	connection := addCluster(c)
	r := addRun(c)
	format := addOutput(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := r.validate(); err != nil {
			return err
		}
		s := newState(connection, r, c.ErrOrStderr())
		s.File = file
		err := phase.Run(c.Context(), s, phase.Bootstrap)
		s.Progress.Close()
		if format.json() {
			if err := writeJSON(c.OutOrStdout(), s.Result); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if !format.json() {
			welcome(c.OutOrStdout(), s)
		}
		return nil
	}
	return c
}

// welcome tells where to go next. It names the Secrets with passwords and never shows one.
func welcome(out io.Writer, s *phase.State) {
	done := "is as platform.yaml says; nothing was changed"
	if s.Result.Changed {
		done = "is ready"
	}
	_, _ = fmt.Fprintf(out, "\nPlatform %s %s (%.1fs).\n\n  hub      %s\n  sign-in  %s\n", s.Result.Platform, done, s.Result.Seconds, s.Result.HubURL, s.Result.Issuer)
	for _, line := range phase.SignInHints(s) {
		_, _ = fmt.Fprintf(out, "           %s\n", line)
	}
	_, _ = fmt.Fprint(out, "\nNext: give a team a workspace (docs/guide/workspaces.md); see how the platform is with `atoll status`.\n")
}
