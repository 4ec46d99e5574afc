package cmd

import "github.com/spf13/cobra"

func down(flags *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Remove the cluster: processes, containers, mounts, links and files",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			cluster, err := flags.cluster(command.OutOrStdout())
			if err != nil {
				return err
			}
			return cluster.Down(command.Context())
		},
	}
}
