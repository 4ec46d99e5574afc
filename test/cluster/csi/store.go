package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"time"
)

// The folders of a store.
const (
	volumes   = "volumes"
	snapshots = "snapshots"
)

// record is what is known of a volume or a snapshot beside its files.
type record struct {
	ID string `json:"id"`
	// Source of a volume is the snapshot it was made of, if any; of a snapshot, the volume.
	Source  string    `json:"source,omitempty"`
	Bytes   int64     `json:"bytes"`
	Created time.Time `json:"created"`
}

// store keeps volumes and snapshots as directories. Each appears whole or not at all.
type store struct {
	mu   sync.Mutex
	root string
}

func newStore(root string) (*store, error) {
	for _, kind := range []string{volumes, snapshots} {
		if err := os.MkdirAll(filepath.Join(root, kind), 0o711); err != nil {
			return nil, fmt.Errorf("making the folder of %s: %w", kind, err)
		}
	}
	return &store{root: root}, nil
}

// identifier of what has a name: the same again for the same name.
func identifier(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:16])
}

var identifiers = regexp.MustCompile(`^[0-9a-f]{32}$`)

// files is where the files of a volume or a snapshot are.
func (s *store) files(kind, id string) string { return filepath.Join(s.root, kind, id, "files") }

// get returns the record of a volume or snapshot, nil where there is none.
func (s *store) get(kind, id string) (*record, error) {
	if !identifiers.MatchString(id) {
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(s.root, kind, id, "record.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the record: %w", err)
	}
	found := &record{}
	if err := json.Unmarshal(text, found); err != nil {
		return nil, fmt.Errorf("reading the record of %s: %w", id, err)
	}
	return found, nil
}

// put makes a volume or a snapshot with a copy of the files of from; of none where from is empty.
func (s *store) put(ctx context.Context, kind string, r record, from string) error {
	made, err := os.MkdirTemp(s.root, "making-")
	if err != nil {
		return fmt.Errorf("making %s: %w", r.ID, err)
	}
	defer os.RemoveAll(made) //nolint:errcheck // it was renamed, or is in nobody's way
	files := filepath.Join(made, "files")
	if from != "" {
		if out, err := exec.CommandContext(ctx, "cp", "-a", "--reflink=auto", from, files).CombinedOutput(); err != nil {
			return fmt.Errorf("copying %s: %w: %s", from, err, out)
		}
	} else if err := empty(files); err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encoding the record of %s: %w", r.ID, err)
	}
	if err := os.WriteFile(filepath.Join(made, "record.json"), text, 0o600); err != nil {
		return fmt.Errorf("writing the record of %s: %w", r.ID, err)
	}
	if err := os.Rename(made, filepath.Join(s.root, kind, r.ID)); err != nil {
		return fmt.Errorf("naming %s: %w", r.ID, err)
	}
	return nil
}

// empty makes a folder like the root of a new ext4 file system: root's, with a lost+found that nobody else may read.
func empty(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("making a volume: %w", err)
	}
	if err := os.Mkdir(filepath.Join(dir, "lost+found"), 0o700); err != nil {
		return fmt.Errorf("making a volume: %w", err)
	}
	return nil
}

// drop removes a volume or a snapshot, if it is there.
func (s *store) drop(kind, id string) error {
	if !identifiers.MatchString(id) {
		return nil
	}
	if err := os.RemoveAll(filepath.Join(s.root, kind, id)); err != nil {
		return fmt.Errorf("removing %s: %w", id, err)
	}
	return nil
}
