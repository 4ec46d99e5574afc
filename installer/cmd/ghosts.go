package cmd

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func newGhosts() *cobra.Command {
	c := &cobra.Command{
		Use:   "ghosts",
		Short: "List access that is live and that no grant gives",
		Long: `ghosts asks every place where grants are enforced what is live there, and lists what no grant gives.

The exit code is 0 where every place was asked and none has any, and 1 where there is one, or where a
place could not be asked.`,
		Example: `  atoll access ghosts

  # an alarm for a nightly job
  atoll access ghosts -o json > ghosts.json || notify ghosts.json`,
		Args: noArgs,
	}
	q := addQuestion(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		answer, err := q.ask(c.Context(), v1alpha1.AccessQuerySpec{Question: v1alpha1.QuestionGhosts})
		if err := q.show(c, answer, err, func(w io.Writer) { printGhosts(w, answer) }); err != nil {
			return err
		}
		if n := len(answer.Ghosts); n > 0 {
			return fmt.Errorf("%d accounts have access that no grant gives; make a grant, or take it away where it is", n)
		}
		return nil
	}
	return c
}

func printGhosts(w io.Writer, a *v1alpha1.AccessQueryStatus) {
	_, _ = fmt.Fprintln(w, "TARGET\tGHOSTS\tERROR")
	for _, t := range a.Targets {
		problem := "-"
		if t.Error != "" {
			problem = t.Error
		}
		_, _ = fmt.Fprintf(w, "%s\t%d\t%s\n", t.Name, t.Ghosts, problem)
	}
	if len(a.Ghosts) == 0 {
		return
	}
	_, _ = fmt.Fprintln(w, "\nTARGET\tACCOUNT\tPOLICY\tACCESS")
	for _, g := range a.Ghosts {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", g.Target, g.Account, g.Policy, strings.Join(g.Access, "; "))
	}
}
