// Package cmd holds the operator's commands, one file each.
package cmd

import (
	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/internal/version"
)

// New returns the root command.
func New() *cobra.Command {
	root := &cobra.Command{
		Use:           "atoll-operator",
		Short:         "Turns workspaces and profiles into what they stand for in a cluster",
		Version:       version.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newManager(), newTask(), newLedgerSchema(), newPolicy())
	return root
}
