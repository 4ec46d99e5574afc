package cmd

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

func logs(flags *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "logs COMPONENT",
		Short: "Print the log of one of the cluster's programs since it was last started",
		Args:  cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			folder, err := run.NewFolder(flags.root, flags.name)
			if err != nil {
				return err
			}
			log, err := os.Open(folder.Log(filepath.Base(args[0])))
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("cluster %s has no log of %q; it has: %s", flags.name, args[0], strings.Join(components(folder), ", "))
			}
			if err != nil {
				return fmt.Errorf("opening the log of %s: %w", args[0], err)
			}
			defer log.Close() //nolint:errcheck // opened for reading
			_, err = io.Copy(command.OutOrStdout(), log)
			return err
		},
	}
}

func components(folder run.Folder) []string {
	paths, _ := filepath.Glob(folder.Log("*"))
	var names []string
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".log"))
	}
	return names
}
