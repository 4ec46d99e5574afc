package cluster

import (
	"context"
	"fmt"
	"strings"

	"github.com/atoll-platform/atoll/test/cluster/internal/image"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

// Load puts the images in the files where the cluster's kubelet finds them. Files it has loaded
// before are skipped.
func (c *Cluster) Load(ctx context.Context, files []string) error {
	state, found, err := c.Folder.ReadState()
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("there is no cluster %s to load images into: bring it up first", c.Folder.Name())
	}
	if state.Nodes.Kind != run.Real {
		return fmt.Errorf("cluster %s has nodes %s, which run no containers: there is nothing to load images into", c.Folder.Name(), state.Nodes)
	}
	unlock, err := c.lock()
	if err != nil {
		return err
	}
	defer unlock()
	// Another command may have loaded images before the lock was had.
	if state, _, err = c.Folder.ReadState(); err != nil {
		return err
	}
	plan, err := c.plan(state)
	if err != nil {
		return err
	}
	store := image.Store{Socket: plan.ContainerdSocket()}
	var steps []step
	for _, file := range files {
		steps = append(steps, step{"load", func(ctx context.Context) (string, error) {
			references, imported, err := store.Load(ctx, file, &state)
			if err != nil {
				return "", err
			}
			told := strings.Join(references, ", ")
			if !imported {
				told += " (there already)"
			}
			return told, c.Folder.WriteState(state)
		}})
	}
	return c.walk(ctx, steps)
}
