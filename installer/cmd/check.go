package cmd

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/installer/check"
	"github.com/atoll-platform/atoll/installer/phase"
)

func newCheck() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "check",
		Short: "See whether a cluster can carry the platform, without changing it",
		Long: `check looks at what bootstrap would need: the cluster's version, your rights, nodes, capacity and
storage, and with -f the platform.yaml itself. Each line says how it ended, and what to do about
it. A failed check exits with 1, a warning does not.`,
		Example: `  atoll check -f platform.yaml
  atoll check --context production -o json`,
		Args: noArgs,
	}
	addFile(c, &file, "", "the platform.yaml, to check it and what it asks for too")
	connection := addCluster(c)
	format := addOutput(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		s := newState(connection, nil, io.Discard)
		s.File = file
		results, err := phase.Check(c.Context(), s)
		s.Progress.Close()
		if err != nil {
			return err
		}
		if format.json() {
			if err := writeJSON(c.OutOrStdout(), results); err != nil {
				return err
			}
		} else {
			printChecks(c.OutOrStdout(), results)
		}
		if check.Err(results) != nil {
			return errSilent
		}
		return nil
	}
	return c
}

var marks = map[check.Outcome]string{
	check.Passed:  "✓",
	check.Warned:  "!",
	check.Failed:  "✗",
	check.Skipped: "-",
}

func printChecks(out io.Writer, results []check.Result) {
	category := ""
	for _, r := range results {
		if r.Category != category {
			category = r.Category
			_, _ = fmt.Fprintln(out, category)
		}
		line := "  " + marks[r.Outcome] + " " + r.Name
		if r.Detail != "" {
			line += ": " + r.Detail
		}
		_, _ = fmt.Fprintln(out, line)
		if r.Hint != "" {
			_, _ = fmt.Fprintln(out, "      next: "+r.Hint)
		}
	}
	count := check.Count(results)
	_, _ = fmt.Fprintf(out, "\n%d passed, %d warned, %d failed, %d skipped\n", count[check.Passed], count[check.Warned], count[check.Failed], count[check.Skipped])
}
