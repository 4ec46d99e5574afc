package cmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/test/cluster/internal/host"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

func install() *cobra.Command {
	nodes := run.Nodes{Kind: run.Real}
	var only []string
	command := &cobra.Command{
		Use:   "install",
		Short: "Install the Debian packages that up would install, and start no service",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			packages := only
			if len(packages) == 0 {
				packages = host.Packages(nodes)
			}
			missing := host.Missing(packages)
			if len(missing) == 0 {
				return nil
			}
			fmt.Fprintf(command.OutOrStdout(), "installing %s\n", strings.Join(missing, " ")) //nolint:errcheck // progress only
			return host.Install(command.Context(), missing)
		},
	}
	command.Flags().Var(&nodes, "nodes", "what plays the nodes")
	command.Flags().StringSliceVar(&only, "only", nil, "these packages instead of all")
	return command
}
