package helm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/registry"
	"helm.sh/helm/v3/pkg/repo"
)

// httpClient reaches repositories; a test puts in one that trusts its server.
var httpClient = http.DefaultClient

// maxArchive bounds the size of a chart archive that is read into memory.
const maxArchive = 20 << 20

// Source is a chart in somebody's repository, pinned by digest.
type Source struct {
	// Repo is an HTTPS repository, or an oci:// reference to the folder the chart is in.
	Repo    string
	Name    string
	Version string
	// Digest is sha256:<hex> of the archive (HTTPS) or of the manifest (OCI).
	Digest string
}

// Fetch downloads the chart of source and refuses one whose digest is another.
func Fetch(ctx context.Context, source Source) (*Chart, error) {
	var data []byte
	var err error
	if registry.IsOCI(source.Repo) {
		data, err = fetchOCI(source)
	} else {
		data, err = fetchHTTP(ctx, source)
	}
	if err != nil {
		return nil, fmt.Errorf("fetching chart %s %s from %s: %w", source.Name, source.Version, source.Repo, err)
	}
	c, err := LoadArchive(data, source.Repo)
	if err != nil {
		return nil, err
	}
	if c.Version != source.Version {
		return nil, fmt.Errorf("fetching chart %s from %s: the digest %s belongs to version %s, not %s; correct version or digest in platform.yaml",
			source.Name, source.Repo, source.Digest, c.Version, source.Version)
	}
	return c, nil
}

// fetchOCI pulls by digest alone: with a tag in the reference Helm would pull the tag and forget the digest.
func fetchOCI(source Source) ([]byte, error) {
	client, err := registry.NewClient(registry.ClientOptWriter(io.Discard), registry.ClientOptHTTPClient(httpClient))
	if err != nil {
		return nil, fmt.Errorf("making a registry client: %w", err)
	}
	ref := strings.TrimPrefix(strings.TrimSuffix(source.Repo, "/"), registry.OCIScheme+"://") + "/" + source.Name + "@" + source.Digest
	pulled, err := client.Pull(ref)
	if err != nil {
		return nil, err
	}
	if pulled.Manifest.Digest != source.Digest {
		return nil, digestMismatch(source.Digest, pulled.Manifest.Digest)
	}
	return pulled.Chart.Data, nil
}

func fetchHTTP(ctx context.Context, source Source) ([]byte, error) {
	address, err := repo.ResolveReferenceURL(source.Repo, "index.yaml")
	if err != nil {
		return nil, err
	}
	index, err := download(ctx, address)
	if err != nil {
		return nil, err
	}
	entries, err := parseIndex(index)
	if err != nil {
		return nil, fmt.Errorf("reading the repository's index: %w", err)
	}
	entry, err := entries.Get(source.Name, source.Version)
	if err != nil {
		return nil, fmt.Errorf("looking in the repository's index: %w", err)
	}
	if len(entry.URLs) == 0 {
		return nil, fmt.Errorf("the repository's index names no archive")
	}
	archive, err := repo.ResolveReferenceURL(source.Repo, entry.URLs[0])
	if err != nil {
		return nil, err
	}
	data, err := download(ctx, archive)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	if got := "sha256:" + hex.EncodeToString(sum[:]); got != source.Digest {
		return nil, digestMismatch(source.Digest, got)
	}
	return data, nil
}

// parseIndex goes through a file, since that is the only way Helm reads an index.
func parseIndex(data []byte) (*repo.IndexFile, error) {
	file, err := os.CreateTemp("", "atoll-index-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.Write(data)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	return repo.LoadIndexFile(file.Name())
}

func download(ctx context.Context, address string) ([]byte, error) {
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" {
		return nil, fmt.Errorf("the address %q is not https", address)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("downloading %s: %s", address, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxArchive+1))
	if err != nil {
		return nil, fmt.Errorf("downloading %s: %w", address, err)
	}
	if len(data) > maxArchive {
		return nil, fmt.Errorf("downloading %s: larger than %d MiB", address, maxArchive>>20)
	}
	return data, nil
}

func digestMismatch(want, got string) error {
	return fmt.Errorf("its digest is %s, but platform.yaml pins %s; find out why before changing the pin", got, want)
}
