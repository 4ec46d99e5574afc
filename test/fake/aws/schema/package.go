package schema

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// Types are the resources and data sources that configurations use.
type Types struct {
	Resources, Data []string
}

// Derive reads the schemas of types out of the archive of the npm package. A type that it has no file for is an error.
func Derive(archive string, types Types) (*Schemas, error) {
	wanted := map[string]string{"package/lib/provider/index.js": "aws"}
	for _, name := range types.Resources {
		wanted[path(name, "")] = name
	}
	for _, name := range types.Data {
		wanted[path(name, "data-aws-")] = name
	}
	out := &Schemas{Resources: map[string]*Block{}, Data: map[string]*Block{}}
	err := each(archive, func(name string, open func() (string, error)) error {
		terraform, ok := wanted[name]
		if !ok {
			return nil
		}
		delete(wanted, name)
		text, err := open()
		if err != nil {
			return err
		}
		if err := out.take(terraform, strings.Contains(name, "/data-aws-"), text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("deriving schemas from %s: %w", archive, err)
	}
	if len(wanted) > 0 {
		var missing []string
		for file, name := range wanted {
			missing = append(missing, fmt.Sprintf("%s (no %s)", name, file))
		}
		slices.Sort(missing)
		return nil, fmt.Errorf("deriving schemas from %s: the provider has no %s", archive, strings.Join(missing, ", "))
	}
	return out, nil
}

// take adds the schema of one generated file.
func (s *Schemas) take(terraform string, data bool, text string) error {
	file, err := read(text)
	if err != nil {
		return err
	}
	if file.terraform != terraform {
		return fmt.Errorf("it generates %s, not %s", file.terraform, terraform)
	}
	block, err := file.build()
	if err != nil {
		return err
	}
	switch {
	case terraform == "aws":
		s.Provider = block
	case data:
		s.Data[terraform] = block
	default:
		s.Resources[terraform] = block
		s.Version = file.version
	}
	return nil
}

// path is where the package keeps a type.
func path(terraform, prefix string) string {
	return "package/lib/" + prefix + strings.ReplaceAll(strings.TrimPrefix(terraform, "aws_"), "_", "-") + "/index.js"
}

func each(archive string, do func(name string, open func() (string, error)) error) error {
	file, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = do(header.Name, func() (string, error) {
			text, err := io.ReadAll(files)
			return string(text), err
		})
		if err != nil {
			return err
		}
	}
}

var used = regexp.MustCompile(`(?m)^(resource|data)\s+"(aws_\w+)"`)

// Used collects the types that a text of Terraform's language has blocks of.
func (t *Types) Used(text string) {
	for _, m := range used.FindAllStringSubmatch(text, -1) {
		list := &t.Resources
		if m[1] == "data" {
			list = &t.Data
		}
		if !slices.Contains(*list, m[2]) {
			*list = append(*list, m[2])
		}
	}
}
