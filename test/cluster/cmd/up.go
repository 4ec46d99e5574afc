package cmd

import (
	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

func up(flags *settings) *cobra.Command {
	nodes := run.Nodes{Kind: run.Real}
	command := &cobra.Command{
		Use:   "up",
		Short: "Make the cluster run, doing only what is missing",
		Long: `Make the cluster run, doing only what is missing.

Real nodes truly run containers and need root. Simulated nodes only play along: their pods turn Ready
without running, by the thousand and without root. None is a control plane without nodes. One is
never started in place of another.`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			cluster, err := flags.cluster(command.OutOrStdout())
			if err != nil {
				return err
			}
			return cluster.Up(command.Context(), nodes)
		},
	}
	command.Flags().Var(&nodes, "nodes", "what plays the nodes")
	return command
}
