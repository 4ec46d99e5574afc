package cmd

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/homes"
)

func newRestore() *cobra.Command {
	c := &cobra.Command{
		Use:                        "restore",
		Short:                      "Put back what was backed up",
		SuggestionsMinimumDistance: 2,
		Args:                       noArgs,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newRestoreHome())
	return c
}

func newRestoreHome() *cobra.Command {
	var path, when string
	var list bool
	c := &cobra.Command{
		Use:   "home WORKSPACE/PERSON",
		Short: "Put a notebook, a folder or a whole home back as it was",
		Long: `home puts files of a person's home back from its backups: a path as it was at a time. The person's
server may run meanwhile.

Nothing is overwritten. A file that is there already gets a neighbour whose name ends in .restored-ID;
a whole home (--path .) goes into the folder restored-ID of the home.`,
		Example: `  # what there is
  atoll restore home fraud/ada --list

  # one notebook as it was at the end of a day
  atoll restore home fraud/ada --path notes/churn.ipynb --at 2026-11-20

  # the whole home as it was last backed up
  atoll restore home fraud/ada --path .`,
		Args: cobra.ArbitraryArgs,
	}
	connection := addCluster(c)
	c.Flags().StringVar(&path, "path", "", "file or folder, relative to the home; . is the whole home")
	c.Flags().StringVar(&when, "at", "", "moment (2026-11-20T15:04:05Z) or day (2026-11-20, its end in UTC); the last backup before it is used (default: now)")
	c.Flags().BoolVar(&list, "list", false, "list the backups and restore nothing")
	format := addOutput(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		workspace, person, err := homeArg(args)
		if err != nil {
			return err
		}
		if !list {
			if err := homes.CheckPath(path); err != nil {
				return usageError{fmt.Errorf("--path: %w", err)}
			}
		} else if path != "" || when != "" {
			return usageError{fmt.Errorf("--list takes neither --path nor --at")}
		}
		moment := time.Now()
		if when != "" {
			if moment, err = homes.ParseTime(when); err != nil {
				return usageError{fmt.Errorf("--at: %w", err)}
			}
		}
		target, err := cluster.Connect(*connection)
		if err != nil {
			return err
		}
		home, err := homes.Find(c.Context(), target, workspace, person)
		if err != nil {
			return fmt.Errorf("restoring: %w", err)
		}
		home.Doing = func(what string) { _, _ = fmt.Fprintf(c.ErrOrStderr(), "%s ...\n", what) }
		if list {
			copies, err := home.Copies(c.Context())
			if err != nil {
				return fmt.Errorf("listing the backups: %w", err)
			}
			return printCopies(c, format, copies)
		}
		done, err := home.Put(c.Context(), path, moment)
		if err != nil {
			return fmt.Errorf("restoring %s of %s/%s: %w", path, workspace, person, err)
		}
		if format.json() {
			return writeJSON(c.OutOrStdout(), done)
		}
		_, _ = fmt.Fprintf(c.OutOrStdout(), "%s is back as %s, as it was at %s.\n", path, done.Path, done.Copy.Time.Format(time.RFC3339))
		return nil
	}
	return c
}

// homeArg reads the one argument of a command about a home.
func homeArg(args []string) (workspace, person string, err error) {
	if len(args) == 1 {
		workspace, person, _ = strings.Cut(args[0], "/")
	}
	if workspace == "" || person == "" {
		return "", "", usageError{fmt.Errorf("name one home as WORKSPACE/PERSON, such as fraud/ada")}
	}
	return workspace, person, nil
}

func printCopies(c *cobra.Command, format *output, copies []homes.Copy) error {
	if format.json() {
		return writeJSON(c.OutOrStdout(), copies)
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "TIME\tID")
	for _, one := range copies {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", one.Time.Format(time.RFC3339), one.ID)
	}
	return w.Flush()
}
