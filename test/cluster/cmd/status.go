package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/test/cluster/internal/cluster"
)

func status(flags *settings) *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:   "status",
		Short: "Tell how the cluster is; fails unless all of it works",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return fmt.Errorf("output %q: want text or json", output)
			}
			one, err := flags.cluster(command.OutOrStdout())
			if err != nil {
				return err
			}
			status, found, err := one.Status(command.Context())
			if err != nil {
				return err
			}
			if !found {
				return fmt.Errorf("there is no cluster %s under %s", flags.name, flags.root)
			}
			if err := printStatus(command.OutOrStdout(), output, status); err != nil {
				return err
			}
			if !status.Healthy {
				return errors.New("not all of cluster " + flags.name + " works: `up` starts what is missing")
			}
			return nil
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return command
}

func printStatus(out io.Writer, format string, status cluster.Status) error {
	if format == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(status)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "cluster\t%s\nnodes\t%s\nnode IP\t%s\nkubeconfig\t%s\ncontext\t%s\n\n", //nolint:errcheck // Flush tells
		status.Name, status.Nodes, status.NodeIP, status.Kubeconfig, status.Context)
	for _, one := range status.Components {
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", one.Name, one.State, one.PID, one.Message) //nolint:errcheck // Flush tells
	}
	return table.Flush()
}
