package cmd

import "github.com/spf13/cobra"

func load(flags *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "load FILE...",
		Short: "Load images from docker archives into the cluster, skipping those it has",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, files []string) error {
			cluster, err := flags.cluster(command.OutOrStdout())
			if err != nil {
				return err
			}
			return cluster.Load(command.Context(), files)
		},
	}
}
