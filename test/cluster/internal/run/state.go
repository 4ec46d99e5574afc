package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/atoll-platform/atoll/test/cluster/internal/process"
)

// State is what was decided when the cluster was made and must stay as it was.
type State struct {
	Nodes Nodes `json:"nodes"`
	// Subnet is the X of 172.31.X.0/30, the link between the host and a cluster with real nodes.
	Subnet int `json:"subnet,omitempty"`
	// Ports are those of a cluster that shares the host's network, by component.
	Ports map[string]int `json:"ports,omitempty"`
	// Images has the references in each image file that was loaded, by the file's digest.
	Images map[string][]string `json:"images,omitempty"`
	// Digests spares reading image files that did not change.
	Digests map[string]FileDigest `json:"digests,omitempty"`
}

// FileDigest is the digest of a file of this size and time.
type FileDigest struct {
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
	Digest   string    `json:"digest"`
}

// Process is a component that was started.
type Process struct {
	process.Identity
	// Digest covers the program's arguments and configuration.
	Digest string `json:"digest"`
}

// ReadState returns the cluster's state, and false if none was written yet.
func (f Folder) ReadState() (State, bool, error) {
	var state State
	found, err := readJSON(f.Path("state.json"), &state)
	return state, found, err
}

// WriteState keeps the state.
func (f Folder) WriteState(state State) error { return writeJSON(f.Path("state.json"), state) }

// ReadProcess returns what is recorded of the component's process, and false if nothing is.
func (f Folder) ReadProcess(component string) (Process, bool, error) {
	var recorded Process
	found, err := readJSON(f.Path("pids", component+".json"), &recorded)
	return recorded, found, err
}

// WriteProcess records the component's process.
func (f Folder) WriteProcess(component string, started Process) error {
	return writeJSON(f.Path("pids", component+".json"), started)
}

// Processes returns every recorded process.
func (f Folder) Processes() ([]process.Identity, error) {
	records, err := filepath.Glob(f.Path("pids", "*.json"))
	if err != nil {
		return nil, fmt.Errorf("listing recorded processes: %w", err)
	}
	var ids []process.Identity
	for _, path := range records {
		var recorded Process
		if _, err := readJSON(path, &recorded); err != nil {
			return nil, err
		}
		ids = append(ids, recorded.Identity)
	}
	return ids, nil
}

func readJSON(path string, into any) (bool, error) {
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = json.Unmarshal(content, into)
	}
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", path, err)
	}
	return true, nil
}

func writeJSON(path string, from any) error {
	content, err := json.MarshalIndent(from, "", "  ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return WriteFile(path, content, 0o600)
}

// WriteFile replaces a file in one step: a reader, or a command that was killed, never leaves half of it.
func WriteFile(path string, content []byte, mode fs.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the folder of %s: %w", path, err)
	}
	if err := os.WriteFile(path+".new", content, mode); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
