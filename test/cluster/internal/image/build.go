// Package image makes the cluster's own images out of static programs and loads image files into
// its containerd. There is no registry anywhere.
package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// nobody is the user an image runs under when its pod names none.
const nobody = "65532:65532"

// Write writes a docker archive of an image that holds one static program and starts it. The same
// program gives the same bytes.
func Write(path, reference, program string, args ...string) error {
	tag, err := name.NewTag(reference, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("naming image %q: %w", reference, err)
	}
	content, err := layer(program)
	if err != nil {
		return err
	}
	// The archive goes no further than this machine: compressing it would only take time.
	added, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
		tarball.WithCompressionLevel(gzip.NoCompression))
	if err != nil {
		return fmt.Errorf("making the layer of image %s: %w", reference, err)
	}
	image, err := mutate.AppendLayers(empty.Image, added)
	if err != nil {
		return fmt.Errorf("making image %s: %w", reference, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return fmt.Errorf("describing image %s: %w", reference, err)
	}
	config = config.DeepCopy()
	config.Architecture, config.OS = runtime.GOARCH, "linux"
	config.Config = v1.Config{Entrypoint: append([]string{"/" + filepath.Base(program)}, args...), User: nobody}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return fmt.Errorf("describing image %s: %w", reference, err)
	}
	if err := tarball.WriteToFile(path, tag, image); err != nil {
		return fmt.Errorf("writing image %s: %w", reference, err)
	}
	return nil
}

func layer(program string) ([]byte, error) {
	content, err := os.ReadFile(program) //nolint:gosec // a program of the caller's choice
	if err != nil {
		return nil, fmt.Errorf("reading the program of an image: %w", err)
	}
	var archive bytes.Buffer
	writer := tar.NewWriter(&archive)
	header := &tar.Header{Name: filepath.Base(program), Mode: 0o755, Size: int64(len(content)), ModTime: time.Unix(0, 0)}
	if err := writer.WriteHeader(header); err != nil {
		return nil, fmt.Errorf("packing %s: %w", program, err)
	}
	if _, err := writer.Write(content); err != nil {
		return nil, fmt.Errorf("packing %s: %w", program, err)
	}
	if err := writer.Close(); err != nil {
		return nil, fmt.Errorf("packing %s: %w", program, err)
	}
	return archive.Bytes(), nil
}
