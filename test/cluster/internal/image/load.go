package image

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

// Store is the containerd of one cluster.
type Store struct{ Socket string }

// Load imports the image file unless the images that an equal file brought are still there. It
// returns the references in the file, and whether anything was imported.
func (s Store) Load(ctx context.Context, file string, state *run.State) (references []string, imported bool, err error) {
	digest, err := digestOf(file, state)
	if err != nil {
		return nil, false, err
	}
	present, err := s.list(ctx)
	if err != nil {
		return nil, false, err
	}
	if references, loaded := state.Images[digest]; loaded && containsAll(present, references) {
		return references, false, nil
	}
	if references, err = referencesIn(file); err != nil {
		return nil, false, err
	}
	output, err := s.ctr(ctx, "images", "import", file)
	if err != nil {
		return nil, false, fmt.Errorf("importing %s: %w", file, err)
	}
	if present, err = s.list(ctx); err != nil {
		return nil, false, err
	}
	if !containsAll(present, references) {
		return nil, false, fmt.Errorf("importing %s: containerd does not list %s afterwards; it said: %s", file, strings.Join(references, ", "), output)
	}
	// Another file may have brought the same references before; only the latest holds them now.
	for other, names := range state.Images {
		if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(references, name) }) {
			delete(state.Images, other)
		}
	}
	if state.Images == nil {
		state.Images = map[string][]string{}
	}
	state.Images[digest] = references
	return references, true, nil
}

func (s Store) list(ctx context.Context) ([]string, error) {
	output, err := s.ctr(ctx, "images", "list", "--quiet")
	if err != nil {
		return nil, fmt.Errorf("listing images: %w", err)
	}
	return strings.Fields(output), nil
}

func (s Store) ctr(ctx context.Context, args ...string) (string, error) {
	command := exec.CommandContext(ctx, "/usr/bin/ctr", append([]string{"--address", s.Socket, "--namespace", "k8s.io"}, args...)...)
	output, err := command.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(string(output)))
	}
	return string(output), nil
}

func containsAll(present, wanted []string) bool {
	for _, name := range wanted {
		if !slices.Contains(present, name) {
			return false
		}
	}
	return len(wanted) > 0
}

// referencesIn reads what a docker archive calls its images.
func referencesIn(file string) ([]string, error) {
	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(file) })
	if err != nil {
		return nil, fmt.Errorf("reading the manifest of %s (want a docker archive): %w", file, err)
	}
	var references []string
	for _, image := range manifest {
		references = append(references, image.RepoTags...)
	}
	if len(references) == 0 {
		return nil, fmt.Errorf("%s names none of its images: write it with a full reference, such as docker-archive:FILE:docker.io/atoll/hub:0.1.0", file)
	}
	return references, nil
}

// digestOf reads the whole file only if it changed since the last time.
func digestOf(path string, state *run.State) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("finding the image file: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading the image file: %w", err)
	}
	defer file.Close() //nolint:errcheck // opened for reading
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("reading the image file: %w", err)
	}
	known := state.Digests[path]
	if known.Size == info.Size() && known.Modified.Equal(info.ModTime()) {
		return known.Digest, nil
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("reading image file %s: %w", path, err)
	}
	digest := hex.EncodeToString(hash.Sum(nil))
	if state.Digests == nil {
		state.Digests = map[string]run.FileDigest{}
	}
	state.Digests[path] = run.FileDigest{Size: info.Size(), Modified: info.ModTime(), Digest: digest}
	return digest, nil
}
