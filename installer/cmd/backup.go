package cmd

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/homes"
)

func newBackup() *cobra.Command {
	c := &cobra.Command{
		Use:                        "backup",
		Short:                      "Back up what people made, now",
		SuggestionsMinimumDistance: 2,
		Args:                       noArgs,
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newBackupHome())
	return c
}

func newBackupHome() *cobra.Command {
	c := &cobra.Command{
		Use:   "home WORKSPACE/PERSON",
		Short: "Back a person's home up as it is now",
		Long: `home backs a person's home up once, beside the schedule that its workspace states, and waits until
that is done. Their server may run meanwhile: files that change during the backup are saved as they
are when they are read.`,
		Example: `  atoll backup home fraud/ada`,
		Args:    cobra.ArbitraryArgs,
	}
	connection := addCluster(c)
	format := addOutput(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		workspace, person, err := homeArg(args)
		if err != nil {
			return err
		}
		target, err := cluster.Connect(*connection)
		if err != nil {
			return err
		}
		home, err := homes.Find(c.Context(), target, workspace, person)
		if err != nil {
			return fmt.Errorf("backing up: %w", err)
		}
		home.Doing = func(what string) { _, _ = fmt.Fprintf(c.ErrOrStderr(), "%s ...\n", what) }
		at, err := home.Save(c.Context())
		if err != nil {
			return fmt.Errorf("backing %s/%s up: %w", workspace, person, err)
		}
		if format.json() {
			return writeJSON(c.OutOrStdout(), map[string]any{"workspace": workspace, "person": person, "time": at})
		}
		_, _ = fmt.Fprintf(c.OutOrStdout(), "The home of %s in %s is backed up as of %s.\n", person, workspace, at.Format(time.RFC3339))
		return nil
	}
	return c
}
