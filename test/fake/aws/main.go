// Command aws is a Terraform provider for tests: it has the schemas of hashicorp/aws and no cloud behind it.
//
//	aws derive <package.tgz> <schemas.json> <folder>...   derive the schemas of what the folders' *.tf files use
//	aws                                                   serve schemas.json, which lies beside the program
package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"

	"github.com/atoll-platform/atoll/test/fake/aws/provider"
	"github.com/atoll-platform/atoll/test/fake/aws/schema"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 3 && args[0] == "derive" {
		return derive(args[1], args[2], args[3:])
	}
	if len(args) > 0 {
		return fmt.Errorf("usage: aws [derive <package.tgz> <schemas.json> <folder>...]")
	}
	return serve()
}

func derive(archive, out string, folders []string) error {
	var types schema.Types
	for _, folder := range folders {
		files := os.DirFS(folder)
		err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".tf") {
				return err
			}
			text, err := fs.ReadFile(files, path)
			types.Used(string(text))
			return err
		})
		if err != nil {
			return fmt.Errorf("reading configurations: %w", err)
		}
	}
	schemas, err := schema.Derive(archive, types)
	if err != nil {
		return err
	}
	text, err := json.Marshal(schemas)
	if err != nil {
		return err
	}
	fmt.Printf("schemas of hashicorp/aws %s: %d resources, %d data sources\n", schemas.Version, len(schemas.Resources), len(schemas.Data))
	return os.WriteFile(out, text, 0o644) //nolint:gosec // whoever derives names the file
}

func serve() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(filepath.Dir(program), "schemas.json"))
	if err != nil {
		return fmt.Errorf("serving the AWS provider for tests: %w", err)
	}
	var schemas schema.Schemas
	if err := json.Unmarshal(text, &schemas); err != nil {
		return fmt.Errorf("serving the AWS provider for tests: schemas.json: %w", err)
	}
	server, err := provider.New(&schemas)
	if err != nil {
		return fmt.Errorf("serving the AWS provider for tests: %w", err)
	}
	return tf5server.Serve("registry.terraform.io/hashicorp/aws", func() tfprotov5.ProviderServer { return server })
}
