package cmd

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/schedules"
)

func newSchedules() *cobra.Command {
	c := &cobra.Command{
		Use:   "schedules [workspace]",
		Short: "List the schedules of a workspace, or of all",
		Long: `schedules lists schedules with when they are next due and how their last run went.

The JSON is stable: fields are added, never renamed. It is a list of

  workspace, name, owner     whose it is
  cron, timeZone             when it is due
  ready, reason, message     whether runs are started, and why not
  nextRun, lastSuccess       times, or null
  active                     runs at work
  runs[]                     the last ones, the newest first: name, interval, trigger, phase, reason, startTime, duration,
                             attempt, output`,
		Example: `  atoll schedules
  atoll schedules fraud

  # the schedules whose last run failed
  atoll schedules -o json | jq -r '.[] | select(.runs[0].phase == "Failed") | .workspace + "/" + .name'`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("%s takes one workspace at most, but was given %d", c.CommandPath(), len(args))}
			}
			return nil
		},
	}
	connection := addCluster(c)
	format := addOutput(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		target, err := cluster.Connect(*connection)
		if err != nil {
			return err
		}
		workspace := ""
		if len(args) > 0 {
			workspace = args[0]
		}
		all, err := schedules.List(c.Context(), target, workspace)
		if err != nil {
			return err
		}
		if format.json() {
			return writeJSON(c.OutOrStdout(), all)
		}
		return printSchedules(c.OutOrStdout(), all)
	}
	return c
}

func printSchedules(out io.Writer, all []schedules.Schedule) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "SCHEDULE\tOWNER\tCRON\tZONE\tNEXT\tLAST\tREASON")
	for _, s := range all {
		last, reason := "-", s.Reason
		if len(s.Runs) > 0 {
			last = string(s.Runs[0].Phase)
		}
		_, _ = fmt.Fprintf(w, "%s/%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Workspace, s.Name, s.Owner, s.Cron, s.TimeZone, moment(s.NextRun), last, reason)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("writing the output: %w", err)
	}
	return nil
}

func moment(t *metav1.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}
