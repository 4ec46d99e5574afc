package cluster

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/atoll-platform/atoll/test/cluster/internal/host"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

// The kernel settings are shared by all clusters: the first with real nodes remembers them in the run
// root, and the last to go sets them back. The lock on the run root orders these moments.

func (c *Cluster) tunables() string { return filepath.Join(c.Folder.Root(), "tunables.json") }

func (c *Cluster) rememberTunables() error {
	unlock, err := c.lockRoot()
	if err != nil {
		return err
	}
	defer unlock()
	return host.RememberTunables(c.tunables())
}

// leaveRoot sets the kernel settings back and removes the run root when no cluster is left in it.
func (c *Cluster) leaveRoot() error {
	if _, err := os.Stat(c.Folder.Root()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	unlock, err := c.lockRoot()
	if err != nil {
		return err
	}
	defer unlock()
	others, err := filepath.Glob(filepath.Join(c.Folder.Root(), "*", "state.json"))
	if err != nil || len(others) > 0 {
		return err
	}
	if err := host.RestoreTunables(c.tunables()); err != nil {
		return err
	}
	os.Remove(c.Folder.Root()) //nolint:errcheck // a cluster that is just being made keeps it
	return nil
}

func (c *Cluster) lockRoot() (func(), error) {
	return run.Lock(c.Folder.Root(), func() {})
}
