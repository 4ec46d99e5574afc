package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/atoll-platform/atoll/test/cluster/internal/host"
	"github.com/atoll-platform/atoll/test/cluster/internal/network"
	"github.com/atoll-platform/atoll/test/cluster/internal/process"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

// Down removes the cluster: processes, containers, mounts, links and files. It is done with a cluster
// that is not there, and with the remains of one in any state.
func (c *Cluster) Down(ctx context.Context) error {
	begin := time.Now()
	if c.Folder.Exists() {
		unlock, err := c.lock()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another command was faster
		}
		if err != nil {
			return err
		}
		defer unlock()
	}
	state, found, err := c.Folder.ReadState()
	if err != nil {
		return err
	}
	if found && state.Nodes.Kind == run.Real && os.Geteuid() != 0 {
		return fmt.Errorf("cluster %s has real nodes: taking it down needs root", c.Folder.Name())
	}
	if err := c.walk(ctx, c.downSteps(state)); err != nil {
		return err
	}
	c.print("cluster %s is down after %.1fs", c.Folder.Name(), time.Since(begin).Seconds())
	return nil
}

func (c *Cluster) downSteps(state run.State) []step {
	steps := []step{{"processes", func(context.Context) (string, error) { return c.endProcesses() }}}
	if os.Geteuid() == 0 {
		cgroup, namespace := "atoll-"+c.Folder.Name(), network.Of(c.Folder.Name())
		steps = append(steps,
			step{"pods", func(context.Context) (string, error) {
				return "control group " + cgroup + " is gone", host.EmptyCgroup(cgroup)
			}},
			step{"traces", func(ctx context.Context) (string, error) {
				return "sockets, caches and links outside the run folder are gone", host.RemoveTraces(ctx, string(c.Folder))
			}},
			step{"mounts", func(context.Context) (string, error) {
				return "none under " + string(c.Folder), host.Unmount(string(c.Folder))
			}},
			step{"network", func(context.Context) (string, error) {
				return "namespace " + namespace.Name + " is gone", namespace.Delete(state.Subnet)
			}})
	}
	return append(steps, step{"files", func(context.Context) (string, error) {
		if err := os.RemoveAll(string(c.Folder)); err != nil {
			return "", fmt.Errorf("removing the run folder: %w", err)
		}
		return string(c.Folder) + " is gone", c.leaveRoot()
	}})
}

// endProcesses kills everything the cluster started on the host; what it kept on disk is about to go,
// so nothing needs to be put in order first. It looks again until nothing is found, as what it kills
// may just be starting more.
func (c *Cluster) endProcesses() (string, error) {
	recorded, err := c.Folder.Processes()
	if err != nil {
		return "", err
	}
	if err := process.Kill(recorded...); err != nil {
		return "", err
	}
	ended := len(recorded)
	for range 100 {
		marked, err := process.Marked(string(c.Folder))
		if err != nil {
			return "", err
		}
		if len(marked) == 0 {
			return fmt.Sprintf("%d ended", ended), nil
		}
		if err := process.Kill(marked...); err != nil {
			return "", err
		}
		ended += len(marked)
	}
	return "", errors.New("ending the cluster's processes: new ones appear as fast as they are killed; is something else starting them?")
}
