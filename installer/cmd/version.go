package cmd

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/internal/version"
)

func newVersion() *cobra.Command {
	c := &cobra.Command{
		Use:     "version",
		Short:   "Tell which version this is",
		Example: "  atoll version -o json",
		Args:    noArgs,
	}
	format := addOutput(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if format.json() {
			return writeJSON(c.OutOrStdout(), map[string]string{
				"version":  version.Version,
				"go":       runtime.Version(),
				"platform": runtime.GOOS + "/" + runtime.GOARCH,
			})
		}
		_, err := fmt.Fprintln(c.OutOrStdout(), "atoll "+version.Version)
		return err
	}
	return c
}
