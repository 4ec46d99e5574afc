package cmd

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/platform"
)

//go:embed platform.yaml.tmpl
var platformTemplate string

func newInit() *cobra.Command {
	var file, name string
	var local, force bool
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a platform.yaml to begin with",
		Long: `init writes a commented platform.yaml. What it leaves as a comment is the default. Without --local
it is for a cluster of several nodes and your own identity provider, whose addresses are yours to
fill in; with --local it is for one machine and needs no change.`,
		Example: `  # for the local cluster or any with one node
  atoll init --local

  # for your cluster
  atoll init -f production.yaml --name production`,
		Args: noArgs,
	}
	addFile(c, &file, defaultFile, "file to write")
	c.Flags().StringVar(&name, "name", "demo", "name of the platform")
	c.Flags().BoolVar(&local, "local", false, "for one node: node ports, and the platform's own Keycloak")
	c.Flags().BoolVar(&force, "force", false, "overwrite the file if it exists")
	c.RunE = func(c *cobra.Command, _ []string) error {
		content, err := renderPlatform(name, local)
		if err != nil {
			return err
		}
		if _, err := platform.Parse(file, content, component.Names()); err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
		mode := os.O_CREATE | os.O_WRONLY | os.O_EXCL
		if force {
			mode = os.O_CREATE | os.O_WRONLY | os.O_TRUNC
		}
		if err := write(file, content, mode); errors.Is(err, os.ErrExist) {
			return fmt.Errorf("writing %s: it exists already; give another name with -f, or overwrite it with --force", file)
		} else if err != nil {
			return fmt.Errorf("writing %s: %w", file, err)
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "Wrote %s.\nNext: look it over, then `atoll check -f %s` and `atoll bootstrap -f %s`.\n", file, file, file)
		return err
	}
	return c
}

func write(file string, content []byte, mode int) error {
	f, err := os.OpenFile(file, mode, 0o644) //nolint:gosec // it holds no secret, and a team reads it
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

func renderPlatform(name string, local bool) ([]byte, error) {
	t, err := template.New("platform.yaml").Parse(platformTemplate)
	if err != nil {
		return nil, fmt.Errorf("reading the template of platform.yaml: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, map[string]any{"Name": name, "Local": local}); err != nil {
		return nil, fmt.Errorf("writing platform.yaml: %w", err)
	}
	return out.Bytes(), nil
}
