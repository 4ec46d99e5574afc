package cmd

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/servers"
)

func newServers() *cobra.Command {
	var workspace string
	var dryRun bool
	c := &cobra.Command{
		Use:   "servers",
		Short: "List people's servers, and which would be stopped, when and why",
		Long: `servers lists the notebook servers that run, and what the hub has decided about each. It changes
nothing, and needs no right but to list pods.

A server is Active, Busy (something runs in it: it is never stopped for idling), Idle, Held (by its
person), Unknown (it cannot say what runs in it), Ending (its person is being told), Stop (now) or Off
(idle servers are not stopped). Unseen and Outdated say that the hub has not looked, or looks no more.

With --cull-dry-run the list is in the order of their stopping, each with the time and the reason. It is
what the hub itself acts upon, not a second opinion.

The JSON is stable: fields are added, never renamed.

  person, workspace, namespace, pod, profile, size, phase
  since, lastActivity, heldUntil   RFC 3339; empty where there is none
  culling                          verdict, reason, stopsAt, warnedAt, decidedAt
  home                             used and size in bytes, enforced, complete`,
		Example: `  atoll servers
  atoll servers --workspace fraud --cull-dry-run

  # who would be stopped within the next minutes
  atoll servers -o json | jq -r '.[] | select(.culling.verdict=="Ending") | .person + " " + .culling.stopsAt'`,
		Args: noArgs,
	}
	c.Flags().StringVarP(&workspace, "workspace", "w", "", "only the servers of this workspace")
	c.Flags().BoolVar(&dryRun, "cull-dry-run", false, "say which servers would be stopped, when and why")
	connection := addCluster(c)
	format := addOutput(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if c.Flags().Changed("workspace") && workspace == "" {
			return usageError{fmt.Errorf("--workspace is empty; name a workspace, or leave it out for all")}
		}
		target, err := cluster.Connect(*connection)
		if err != nil {
			return err
		}
		all, err := servers.List(c.Context(), target, workspace, time.Now())
		if err != nil {
			return err
		}
		if dryRun {
			servers.ByStop(all)
		}
		switch {
		case format.json():
			return writeJSON(c.OutOrStdout(), all)
		case dryRun:
			return printDryRun(c.OutOrStdout(), all)
		}
		return printServers(c.OutOrStdout(), all)
	}
	return c
}

func printServers(out io.Writer, all []servers.Server) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "PERSON\tWORKSPACE\tPROFILE\tSIZE\tSINCE\tLAST ACTIVITY\tHELD UNTIL\tHOME\tVERDICT\tSTOPS AT")
	for _, s := range all {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Person, s.Workspace, s.Profile, dash(s.Size), dash(s.Since),
			dash(s.LastActivity), dash(s.HeldUntil), full(s.Home), s.Culling.Verdict, dash(s.Culling.StopsAt))
	}
	return w.Flush()
}

func printDryRun(out io.Writer, all []servers.Server) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "STOPS AT\tPERSON\tWORKSPACE\tVERDICT\tWHY")
	for _, s := range all {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", dash(s.Culling.StopsAt), s.Person, s.Workspace, s.Culling.Verdict, s.Culling.Reason)
	}
	return w.Flush()
}

func full(home *servers.Home) string {
	if home == nil {
		return "-"
	}
	return fmt.Sprintf("%.0f%%", 100*home.Share())
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}
