// Package run keeps what a cluster must remember between two commands: its run folder, the state
// written there, and the lock that lets one command work on a cluster at a time.
package run

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Folder is everything that one cluster has on disk.
type Folder string

// A name becomes part of host names, and containerd's socket under the run folder must fit in the
// 107 bytes of a socket's address.
var validName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$`)

// NewFolder returns the run folder of the named cluster, which need not exist.
func NewFolder(root, name string) (Folder, error) {
	if !validName.MatchString(name) {
		return "", fmt.Errorf("cluster name %q: want 1 to 30 lower-case letters, digits and dashes, with a letter or digit at both ends", name)
	}
	root, err := filepath.Abs(root)
	if err != nil {
		return "", fmt.Errorf("finding the run root: %w", err)
	}
	if len(root) > 40 {
		return "", fmt.Errorf("run root %s is too long for the sockets beneath it: want at most 40 characters", root)
	}
	return Folder(filepath.Join(root, name)), nil
}

// DefaultRoot holds the run folders: a system folder for root, one in the home for anyone else.
func DefaultRoot() string {
	if os.Geteuid() == 0 {
		return "/var/lib/atoll-cluster"
	}
	return filepath.Join(os.Getenv("HOME"), ".atoll-cluster")
}

// Name is the cluster's name.
func (f Folder) Name() string { return filepath.Base(string(f)) }

// Path joins names to the folder.
func (f Folder) Path(names ...string) string {
	return filepath.Join(append([]string{string(f)}, names...)...)
}

// Kubeconfig is the administrator's.
func (f Folder) Kubeconfig() string { return f.Path("kubeconfig") }

// Log is where a component's output goes.
func (f Folder) Log(component string) string { return f.Path("logs", component+".log") }

// Exists says whether anything of the cluster is on disk.
func (f Folder) Exists() bool {
	_, err := os.Stat(string(f))
	return err == nil
}

// Create makes the folder and those of its sub-folders that every cluster has. Only its owner may enter.
func (f Folder) Create() error {
	if err := os.MkdirAll(filepath.Dir(string(f)), 0o755); err != nil {
		return fmt.Errorf("making the run root: %w", err)
	}
	for _, sub := range []string{"", "config", "logs", "pids"} {
		if err := os.MkdirAll(f.Path(sub), 0o700); err != nil {
			return fmt.Errorf("making the run folder of cluster %s: %w", f.Name(), err)
		}
	}
	return nil
}

// Root is the folder of all run folders.
func (f Folder) Root() string { return filepath.Dir(string(f)) }
