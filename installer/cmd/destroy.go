package cmd

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/atoll-platform/atoll/installer/phase"
)

func newDestroy() *cobra.Command {
	var yes, deleteData bool
	var name string
	c := &cobra.Command{
		Use:   "destroy",
		Short: "Take the platform away, and keep what people made",
		Long: `destroy uninstalls the components and removes the subclusters' namespaces. It lists what there is
before and proves after that it is gone.

People's homes, the workspaces and profiles, their definitions and the namespaces ws-* always stay.
So do the platform's own volumes, such as the object store's, with the namespace they are in,
unless --delete-data is given; then --confirm must name the platform.`,
		Example: `  atoll destroy --context test

  # without a question, for a script
  atoll destroy --context test --yes

  # the object store and accounts too
  atoll destroy --context test --delete-data --confirm demo`,
		Args: noArgs,
	}
	connection := addCluster(c)
	r := addRun(c)
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	c.Flags().BoolVar(&deleteData, "delete-data", false, "remove the platform's own volumes too; homes stay nevertheless")
	c.Flags().StringVar(&name, "confirm", "", "name of the platform, in place of a question")
	format := addOutput(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := r.validate(); err != nil {
			return err
		}
		s := newState(connection, r, c.ErrOrStderr())
		s.DeleteData = deleteData
		s.Confirm = func(platform, what string) error {
			switch {
			case name == platform:
				return nil
			case name != "":
				return fmt.Errorf("confirming: --confirm says %s, but the platform of this cluster is %s; nothing was removed", name, platform)
			case yes && !deleteData:
				return nil
			}
			return ask(c, platform, what)
		}
		err := phase.Run(c.Context(), s, phase.Destroy)
		s.Progress.Close()
		if format.json() {
			if err := writeJSON(c.OutOrStdout(), s.Result); err != nil {
				return err
			}
		}
		if err == nil && !format.json() {
			_, _ = fmt.Fprintf(c.OutOrStdout(), "\nRemoved:\n  %s\n\nKept:\n  %s\n",
				strings.Join(s.Result.Removed, "\n  "), strings.Join(s.Result.Kept, "\n  "))
		}
		return err
	}
	return c
}

// ask wants the platform's name typed, since yes is typed too easily.
func ask(c *cobra.Command, platform, what string) error {
	if f, ok := c.InOrStdin().(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return fmt.Errorf("confirming: there is no terminal to ask on; give --confirm %s", platform)
	}
	_, _ = fmt.Fprintf(c.ErrOrStderr(), "\n%s\nType the platform's name, %s, to remove it: ", what, platform)
	line, err := bufio.NewReader(c.InOrStdin()).ReadString('\n')
	if err != nil {
		return fmt.Errorf("confirming: reading the answer: %w", err)
	}
	if strings.TrimSpace(line) != platform {
		return errors.New("confirming: that is not its name; nothing was removed")
	}
	return nil
}
