// Package cluster brings a cluster up, tells how it is, and takes it down. Each of these can be
// killed at any point and called again: every step looks at what is there before it acts.
package cluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/atoll-platform/atoll/test/cluster/internal/component"
	"github.com/atoll-platform/atoll/test/cluster/internal/host"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

// Cluster is one cluster on this machine, up or not.
type Cluster struct {
	Folder run.Folder
	// Bin is the folder of the programs that are built here.
	Bin string
	// Out takes a line a step.
	Out io.Writer
}

// New returns the named cluster under the run root. Its programs lie beside this one.
func New(root, name string, out io.Writer) (*Cluster, error) {
	folder, err := run.NewFolder(root, name)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program's folder: %w", err)
	}
	return &Cluster{Folder: folder, Bin: filepath.Dir(self), Out: out}, nil
}

// step does one thing and returns what to tell about it.
type step struct {
	name string
	do   func(context.Context) (string, error)
}

// walk takes the steps in order and prints a line for each with its time.
func (c *Cluster) walk(ctx context.Context, steps []step) error {
	for _, step := range steps {
		begin := time.Now()
		told, err := step.do(ctx)
		if err != nil {
			c.print("%-24s failed after %s", step.name, time.Since(begin).Round(10*time.Millisecond))
			return fmt.Errorf("cluster %s: %s: %w", c.Folder.Name(), step.name, err)
		}
		c.print("%-24s %6.2fs  %s", step.name, time.Since(begin).Seconds(), told)
	}
	return nil
}

func (c *Cluster) print(format string, values ...any) {
	fmt.Fprintf(c.Out, format+"\n", values...) //nolint:errcheck // nobody is left to tell
}

func (c *Cluster) lock() (func(), error) {
	return run.Lock(string(c.Folder), func() { c.print("waiting for another command on cluster %s", c.Folder.Name()) })
}

// plan is what the components of this cluster depend on.
func (c *Cluster) plan(state run.State) (component.Plan, error) {
	plan := component.Plan{Folder: c.Folder, State: state, Bin: c.Bin}
	if state.Nodes.Kind != run.Real {
		return plan, nil
	}
	v1, err := host.CgroupV1()
	if err != nil {
		return plan, err
	}
	may, err := host.MayLowerOOMScore()
	if err != nil {
		return plan, err
	}
	plan.CgroupV1, plan.KeepOOM = v1, !may
	return plan, nil
}
