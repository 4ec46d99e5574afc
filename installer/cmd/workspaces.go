package cmd

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/workspaces"
)

func newWorkspaces() *cobra.Command {
	c := &cobra.Command{
		Use:   "workspaces",
		Short: "List the workspaces and what they use of their quotas",
		Long: `workspaces lists every workspace with what it uses of its quota. It changes nothing.

The JSON is stable: fields are added, never renamed.

  name, owner, people, namespace
  ready, reason         whether all the workspace asks for is in place, and the reason of its condition
  used                  of cpu (cores), memory, storage (bytes), gpus and servers each used, quota and share
  backedUp              the oldest of the last backups of its homes, RFC 3339; empty before the first
  backupFailures[]      homes whose last backup failed, and why`,
		Example: `  atoll workspaces

  # those with less than a tenth of their storage left
  atoll workspaces -o json | jq -r '.[] | select(.used.storage.share > 0.9) | .name'`,
		Args: noArgs,
	}
	connection := addCluster(c)
	format := addOutput(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		target, err := cluster.Connect(*connection)
		if err != nil {
			return err
		}
		all, err := workspaces.List(c.Context(), target)
		if err != nil {
			return err
		}
		if format.json() {
			return writeJSON(c.OutOrStdout(), all)
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(w, "WORKSPACE\tOWNER\tPEOPLE\tREADY\tSERVERS\tCPU\tMEMORY\tGPUS\tSTORAGE\tBACKED UP")
		for _, ws := range all {
			_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", ws.Name, ws.Owner, ws.People, ws.State(),
				ws.Used.Servers, ws.Used.CPU, ws.Used.Memory, ws.Used.GPUs, ws.Used.Storage, ws.Backups())
		}
		return w.Flush()
	}
	return c
}
