package helm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/ignore"
)

// Chart is the content of one chart, read once. It is never changed and so is safe to share;
// every action loads its own chart from it, because Helm changes the charts it is given.
type Chart struct {
	Name       string
	Version    string
	AppVersion string
	// Defaults are the chart's own values.
	Defaults map[string]any

	files []*loader.BufferedFile
}

// LoadFS reads the chart in dir of fsys. Dependencies named in its Chart.yaml are looked for among
// libs, which are folders of fsys, and put beside it: nothing vendored is needed.
func LoadFS(fsys fs.FS, dir string, libs ...string) (*Chart, error) {
	files, err := readDir(fsys, dir, "")
	if err != nil {
		return nil, fmt.Errorf("reading chart %s: %w", dir, err)
	}
	own, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fmt.Errorf("loading chart %s: %w", dir, err)
	}
	for _, dep := range own.Metadata.Dependencies {
		lib, err := findLib(fsys, libs, dep)
		if err != nil {
			return nil, fmt.Errorf("loading chart %s: %w", dir, err)
		}
		files = append(files, lib...)
	}
	return newChart(files, dir)
}

// LoadArchive reads a chart from the bytes of its .tgz archive.
func LoadArchive(data []byte, from string) (*Chart, error) {
	files, err := loader.LoadArchiveFiles(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("reading the chart archive from %s: %w", from, err)
	}
	return newChart(files, from)
}

func newChart(files []*loader.BufferedFile, from string) (*Chart, error) {
	slices.SortFunc(files, func(a, b *loader.BufferedFile) int { return strings.Compare(a.Name, b.Name) })
	c, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fmt.Errorf("loading chart %s: %w", from, err)
	}
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("loading chart %s: %w", from, err)
	}
	return &Chart{
		Name:       c.Metadata.Name,
		Version:    c.Metadata.Version,
		AppVersion: c.Metadata.AppVersion,
		Defaults:   c.Values,
		files:      files,
	}, nil
}

func findLib(fsys fs.FS, libs []string, dep *chart.Dependency) ([]*loader.BufferedFile, error) {
	for _, dir := range libs {
		files, err := readDir(fsys, dir, "charts/"+dep.Name+"/")
		if err != nil {
			return nil, fmt.Errorf("reading library chart %s: %w", dir, err)
		}
		bare := make([]*loader.BufferedFile, 0, len(files))
		for _, f := range files {
			bare = append(bare, &loader.BufferedFile{Name: strings.TrimPrefix(f.Name, "charts/"+dep.Name+"/"), Data: f.Data})
		}
		lib, err := loader.LoadFiles(bare)
		if err != nil {
			return nil, fmt.Errorf("loading library chart %s: %w", dir, err)
		}
		if lib.Metadata.Name == dep.Name && lib.Metadata.Version == dep.Version {
			return files, nil
		}
	}
	return nil, fmt.Errorf("its dependency %s %s is not among the embedded library charts", dep.Name, dep.Version)
}

// readDir returns the files under dir, named relative to it and prefixed, without what the
// chart's .helmignore leaves out.
func readDir(fsys fs.FS, dir, prefix string) ([]*loader.BufferedFile, error) {
	rules := ignore.Empty()
	if data, err := fs.ReadFile(fsys, path.Join(dir, ignore.HelmIgnore)); err == nil {
		if rules, err = ignore.Parse(bytes.NewReader(data)); err != nil {
			return nil, fmt.Errorf("reading %s: %w", ignore.HelmIgnore, err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	rules.AddDefaults()

	var files []*loader.BufferedFile
	err := fs.WalkDir(fsys, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(name, dir), "/")
		if rel == "" {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rules.Ignore(rel, info) {
				return fs.SkipDir
			}
			return nil
		}
		if rules.Ignore(rel, info) {
			return nil
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		files = append(files, &loader.BufferedFile{Name: prefix + rel, Data: data})
		return nil
	})
	return files, err
}

// load makes a chart that one action may change.
func (c *Chart) load() (*chart.Chart, error) {
	files := make([]*loader.BufferedFile, 0, len(c.files))
	for _, f := range c.files {
		files = append(files, &loader.BufferedFile{Name: f.Name, Data: slices.Clone(f.Data)})
	}
	loaded, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fmt.Errorf("loading chart %s: %w", c.Name, err)
	}
	return loaded, nil
}

// digest identifies the chart's content.
func (c *Chart) digest() string {
	h := sha256.New()
	for _, f := range c.files {
		_, _ = fmt.Fprintf(h, "%s %d\n", f.Name, len(f.Data))
		h.Write(f.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}
