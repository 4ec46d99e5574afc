package image

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

func TestWrite(t *testing.T) {
	folder := t.TempDir()
	program := filepath.Join(folder, "hello")
	if err := os.WriteFile(program, []byte("a program"), 0o700); err != nil {
		t.Fatal(err)
	}
	var archives [2][]byte
	for i := range archives {
		path := filepath.Join(folder, "image.tar")
		if err := Write(path, "docker.io/atoll-cluster/hello:1", program, "world"); err != nil {
			t.Fatal(err)
		}
		var err error
		if archives[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
		references, err := referencesIn(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"docker.io/atoll-cluster/hello:1"}, references); diff != "" {
			t.Errorf("references (-want +got):\n%s", diff)
		}
		image, err := tarball.ImageFromPath(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"/hello", "world"}, config.Config.Entrypoint); diff != "" {
			t.Errorf("entry point (-want +got):\n%s", diff)
		}
		if config.Config.User != nobody {
			t.Errorf("the image runs as %q", config.Config.User)
		}
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("the same program gives different images")
	}
}

func TestWriteRefusesAShortReference(t *testing.T) {
	if err := Write(filepath.Join(t.TempDir(), "image.tar"), "hello", os.Args[0]); err == nil {
		t.Error("a reference without a tag is taken")
	}
}

func TestDigestIsReadOnceWhileTheFileStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(path, []byte("one"), 0o600); err != nil {
		t.Fatal(err)
	}
	var state run.State
	first, err := digestOf(path, &state)
	if err != nil {
		t.Fatal(err)
	}
	known := state.Digests[path]
	known.Digest = "remembered"
	state.Digests[path] = known
	if again, _ := digestOf(path, &state); again != "remembered" {
		t.Errorf("got %s: the file was read again", again)
	}
	if err := os.WriteFile(path, []byte("three"), 0o600); err != nil {
		t.Fatal(err)
	}
	if changed, _ := digestOf(path, &state); changed == "remembered" || changed == first {
		t.Errorf("got %s for a changed file", changed)
	}
}

func TestReferencesIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "no-image.tar")
	if err := os.WriteFile(path, []byte("no archive"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := referencesIn(path); err == nil || !strings.Contains(err.Error(), "want a docker archive") {
		t.Errorf("got %v", err)
	}
}
