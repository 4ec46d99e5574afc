package cmd

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/schedules"
)

func newRun() *cobra.Command {
	c := &cobra.Command{
		Use:   "run workspace/schedule",
		Short: "Run a schedule now",
		Long: `run starts a run of a schedule now, whether it is due or not, and also where it is suspended.
With --wait it follows the run to its end, and exits with 1 unless the run succeeded.`,
		Example: `  atoll run fraud/nightly
  atoll run fraud/nightly --wait`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("%s takes one schedule, such as fraud/nightly, but was given %d", c.CommandPath(), len(args))}
			}
			return nil
		},
	}
	connection := addCluster(c)
	follow := c.Flags().Bool("wait", false, "follow the run to its end")
	limit := c.Flags().Duration("timeout", time.Hour, "how long to follow it")
	c.RunE = func(c *cobra.Command, args []string) error {
		name, err := schedules.ParseName(args[0])
		if err != nil {
			return usageError{err}
		}
		target, err := cluster.Connect(*connection)
		if err != nil {
			return err
		}
		run, err := schedules.Run(c.Context(), target, name)
		if err != nil {
			return err
		}
		out := c.OutOrStdout()
		_, _ = fmt.Fprintf(out, "run %s of %s was started\n", run, name)
		if !*follow {
			return nil
		}
		ctx, cancel := context.WithTimeout(c.Context(), *limit)
		defer cancel()
		ended, err := schedules.Wait(ctx, target, name, run, poll, func(r *v1alpha1.Run) { printRun(out, r) })
		if err != nil {
			return err
		}
		if ended.Status.Phase != v1alpha1.RunSucceeded {
			_, _ = fmt.Fprintf(c.ErrOrStderr(), "run %s %s: %s: %s\n", run, strings.ToLower(string(ended.Status.Phase)), ended.Status.Reason, ended.Status.Message)
			return errSilent
		}
		for _, t := range ended.Status.Tasks {
			_, _ = fmt.Fprintf(out, "%s: %s\n", t.Name, t.Output)
		}
		return nil
	}
	return c
}

// printRun writes one line about where a run stands.
func printRun(out io.Writer, r *v1alpha1.Run) {
	var tasks []string
	for _, t := range r.Status.Tasks {
		text := t.Name + " " + string(t.Phase)
		if t.Reason != "" && t.Phase != v1alpha1.TaskSucceeded {
			text += " (" + t.Reason + ")"
		}
		tasks = append(tasks, text)
	}
	phase := r.Status.Phase
	if phase == "" {
		phase = v1alpha1.RunPending
	}
	_, _ = fmt.Fprintf(out, "%s: %s\n", phase, strings.Join(tasks, ", "))
}
