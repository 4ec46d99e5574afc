package cmd

import (
	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/installer/platform"
)

func newSchema() *cobra.Command {
	c := &cobra.Command{
		Use:   "schema",
		Short: "Print every field of platform.yaml with what it may be",
		Example: `  atoll schema

  # for an editor that completes and checks YAML by a JSON schema
  atoll schema -o json > platform.schema.json`,
		Args: noArgs,
	}
	format := addOutput(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if format.json() {
			schema, err := platform.JSONSchema()
			if err != nil {
				return err
			}
			return writeJSON(c.OutOrStdout(), schema)
		}
		return platform.WriteReference(c.OutOrStdout())
	}
	return c
}
