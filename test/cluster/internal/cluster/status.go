package cluster

import (
	"context"
	"fmt"

	"github.com/atoll-platform/atoll/test/cluster/internal/component"
)

// The states of a component.
const (
	Running = "running"
	Failing = "failing" // its process runs and it does not work
	Dead    = "dead"
)

// Status is how a cluster is.
type Status struct {
	Name       string            `json:"name"`
	Nodes      string            `json:"nodes"`
	Healthy    bool              `json:"healthy"`
	Kubeconfig string            `json:"kubeconfig"`
	Context    string            `json:"context"`
	NodeIP     string            `json:"nodeIP"`
	Components []ComponentStatus `json:"components"`
}

// ComponentStatus is how one program of a cluster is.
type ComponentStatus struct {
	Name    string `json:"name"`
	State   string `json:"state"`
	PID     int    `json:"pid,omitempty"`
	Message string `json:"message,omitempty"`
	Log     string `json:"log"`
}

// Status asks every component. It returns false if there is no such cluster.
func (c *Cluster) Status(ctx context.Context) (Status, bool, error) {
	state, found, err := c.Folder.ReadState()
	if err != nil || !found {
		return Status{}, false, err
	}
	plan, err := c.plan(state)
	if err != nil {
		return Status{}, false, err
	}
	status := Status{
		Name:       c.Folder.Name(),
		Nodes:      state.Nodes.String(),
		Healthy:    true,
		Kubeconfig: c.Folder.Kubeconfig(),
		Context:    plan.Context(),
		NodeIP:     plan.Address(),
	}
	for _, part := range append(plan.ControlPlane(), plan.Workers()...) {
		one, err := c.look(ctx, plan, part)
		if err != nil {
			return Status{}, false, err
		}
		status.Healthy = status.Healthy && one.State == Running
		status.Components = append(status.Components, one)
	}
	return status, true, nil
}

func (c *Cluster) look(ctx context.Context, plan component.Plan, part component.Component) (ComponentStatus, error) {
	status := ComponentStatus{Name: part.Name, State: Dead, Log: c.Folder.Log(part.Name)}
	recorded, _, err := c.Folder.ReadProcess(part.Name)
	if err != nil {
		return status, err
	}
	if !recorded.Alive() {
		status.Message = "its process is gone: `up` starts it again"
		return status, nil
	}
	status.State, status.PID = Failing, recorded.PID
	prober, err := component.NewProber(plan)
	if err != nil {
		return status, fmt.Errorf("asking %s: %w", part.Name, err)
	}
	defer prober.Close()
	if err := prober.Check(ctx, part.Probe); err != nil {
		status.Message = err.Error()
		return status, nil
	}
	status.State = Running
	return status, nil
}
