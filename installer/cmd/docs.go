package cmd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/atoll-platform/atoll/installer/platform"
)

// newDocs is for whoever builds atoll: the reference pages come from the code they describe.
func newDocs() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:    "docs",
		Short:  "Write the reference of the commands and of platform.yaml",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cli := filepath.Join(dir, "cli")
			if err := os.MkdirAll(cli, 0o755); err != nil {
				return fmt.Errorf("making %s: %w", cli, err)
			}
			root := c.Root()
			root.DisableAutoGenTag = true
			if err := doc.GenMarkdownTree(root, cli); err != nil {
				return fmt.Errorf("writing the reference of the commands to %s: %w", cli, err)
			}
			var page bytes.Buffer
			if err := platform.WriteReference(&page); err != nil {
				return err
			}
			file := filepath.Join(dir, "platform-yaml.md")
			if err := os.WriteFile(file, page.Bytes(), 0o644); err != nil {
				return fmt.Errorf("writing %s: %w", file, err)
			}
			return nil
		},
	}
	c.Flags().StringVar(&dir, "dir", "docs/guide", "folder to write to")
	return c
}
