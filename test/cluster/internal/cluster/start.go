package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/atoll-platform/atoll/test/cluster/internal/component"
	"github.com/atoll-platform/atoll/test/cluster/internal/process"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

const (
	// startTime is what a component gets before it counts as not coming up; two busy cores are slow.
	startTime = 2 * time.Minute
	stopGrace = 10 * time.Second
	pollTime  = 50 * time.Millisecond
	// nodeTime is what a simulated node gets on top.
	nodeTime = 50 * time.Millisecond
)

func (c *Cluster) program(name string) string { return filepath.Join(c.Bin, name) }

func (c *Cluster) componentStep(plan component.Plan, part component.Component) step {
	return step{part.Name, func(ctx context.Context) (string, error) { return c.ensure(ctx, plan, part) }}
}

// ensure makes the component run as planned: one that runs so is left alone, one that runs otherwise
// or whose program was replaced is started anew. It returns once the component works.
func (c *Cluster) ensure(ctx context.Context, plan component.Plan, part component.Component) (string, error) {
	prober, err := component.NewProber(plan)
	if err != nil {
		return "", err
	}
	defer prober.Close()
	recorded, _, err := c.Folder.ReadProcess(part.Name)
	if err != nil {
		return "", err
	}
	why := "started"
	if recorded.Alive() {
		switch {
		case recorded.Digest != part.Digest():
			why = "configuration changed: started anew"
		case recorded.Replaced():
			why = "program changed: started anew"
		default:
			err := c.await(ctx, prober, part, recorded)
			if err == nil || recorded.Alive() {
				return fmt.Sprintf("runs, process %d", recorded.PID), err
			}
			why = "ended: started anew"
		}
	}
	// Also one that was killed a moment ago: what it held has to be free.
	if err := process.Stop(stopGrace, recorded.Identity); err != nil {
		return "", err
	}
	if err := c.endUnrecorded(part); err != nil {
		return "", err
	}
	started, err := c.start(plan, part)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, process %d", why, started.PID), c.await(ctx, prober, part, started)
}

func (c *Cluster) start(plan component.Plan, part component.Component) (run.Process, error) {
	for path, content := range part.Files {
		if err := run.WriteFile(path, []byte(content), 0o600); err != nil {
			return run.Process{}, err
		}
	}
	if _, err := os.Stat(part.Path); err != nil {
		return run.Process{}, fmt.Errorf("looking for a program (was it built with `make cluster-bins`?): %w", err)
	}
	id, err := process.Start(process.Spec{
		Path:   part.Path,
		Args:   part.Args,
		Folder: string(c.Folder),
		Log:    c.Folder.Log(part.Name),
		Inside: plan.Network().Do,
	})
	if err != nil {
		return run.Process{}, err
	}
	started := run.Process{Identity: id, Digest: part.Digest()}
	return started, c.Folder.WriteProcess(part.Name, started)
}

// endUnrecorded ends a process of this component that a killed command started and did not record:
// it would hold the component's ports and locks.
func (c *Cluster) endUnrecorded(part component.Component) error {
	marked, err := process.Marked(string(c.Folder))
	if err != nil {
		return err
	}
	for _, id := range marked {
		if id.Runs(part.Path, part.Args) {
			if err := process.Stop(stopGrace, id); err != nil {
				return fmt.Errorf("ending a %s that was left from before: %w", part.Name, err)
			}
		}
	}
	return nil
}

// await waits until the component works. A component that ends is not waited for.
func (c *Cluster) await(ctx context.Context, prober *component.Prober, part component.Component, started run.Process) error {
	deadline := time.After(startTime)
	for {
		last := prober.Check(ctx, part.Probe)
		alive := started.Alive()
		if last == nil && alive {
			return nil
		}
		if !alive {
			return c.blame(part.Name, errors.New("it ended"))
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-deadline:
			return c.blame(part.Name, fmt.Errorf("it does not work after %s: %w", startTime, last))
		case <-time.After(pollTime):
		}
	}
}

// blame adds the end of the component's log to why it is no good.
func (c *Cluster) blame(name string, why error) error {
	log := c.Folder.Log(name)
	return fmt.Errorf("%w; the last lines of %s:\n%s", why, log, process.Tail(log, 8))
}
