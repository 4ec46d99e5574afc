// Package cmd is the command line of atoll-cluster, one file a command.
package cmd

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/test/cluster/internal/cluster"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

// settings are the flags every command has.
type settings struct{ name, root string }

// New returns the whole command line.
func New() *cobra.Command {
	var flags settings
	root := &cobra.Command{
		Use:           "atoll-cluster",
		Short:         "Run local Kubernetes clusters on this machine",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.PersistentFlags().StringVar(&flags.name, "name", "demo", "name of the cluster")
	root.PersistentFlags().StringVar(&flags.root, "run-root", run.DefaultRoot(), "folder that holds one run folder a cluster")
	root.AddCommand(up(&flags), down(&flags), status(&flags), load(&flags), logs(&flags), install())
	return root
}

func (s settings) cluster(out io.Writer) (*cluster.Cluster, error) {
	return cluster.New(s.root, s.name, out)
}
