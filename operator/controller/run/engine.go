package run

import (
	"context"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// enginePause is how often an engine is asked about a run that waits for it.
const enginePause = 5 * time.Second

// Engine releases the tasks of runs in the operator's place, by asking in the run that they be tried.
type Engine interface {
	// Start makes sure that the engine has the run, and says how it stands there. An error is why it does not have it yet.
	Start(ctx context.Context, run *v1alpha1.Run) (EngineState, error)
}

// EngineState is how a run stands in its engine.
type EngineState struct {
	// Ended tells that the engine will ask for nothing more.
	Ended bool
	// Detail is for people.
	Detail string
}

// asked tells whether a task may be tried as far as its engine goes. An engine asks for as many tries as there have been
// failures, and one: so asking twice for the same try changes nothing.
func asked(run *v1alpha1.Run, t *v1alpha1.TaskStatus) bool {
	return run.Status.Plan.Engine != v1alpha1.EngineAirflow || int32(run.Spec.Tries[t.Name]) > t.Failures
}

// awaits tells whether nothing but the engine keeps a task from being tried.
func awaits(run *v1alpha1.Run, t *v1alpha1.TaskStatus, now time.Time) bool {
	if asked(run, t) {
		return false
	}
	switch t.Phase {
	case v1alpha1.TaskRetrying:
		return due(t, now)
	case v1alpha1.TaskWaiting:
		for _, name := range taskOf(run.Status.Plan, t.Name).DependsOn {
			if statusOf(&run.Status, name).Phase != v1alpha1.TaskSucceeded {
				return false
			}
		}
		return true
	}
	return false
}

// await sees to it that the engine has a run of which tasks wait for it, and ends those for which it is too late.
func (c *Controller) await(ctx context.Context, run *v1alpha1.Run) {
	now := c.opts.Clock.Now()
	var waiting []*v1alpha1.TaskStatus
	for i := range run.Status.Tasks {
		if t := &run.Status.Tasks[i]; awaits(run, t, now) {
			waiting = append(waiting, t)
		}
	}
	if len(waiting) == 0 || run.Status.Phase.Finished() {
		return
	}
	if c.engine == nil {
		for _, t := range waiting {
			fail(t, v1alpha1.ReasonEngineNotAvailable, "the platform has no Airflow any more: add the component airflow to platform.yaml", now)
		}
		Release(run, now)
		return
	}
	state, err := c.engine.Start(ctx, run)
	message := "Airflow has not begun the task yet: " + state.Detail
	if err != nil {
		message = err.Error()
	}
	for _, t := range waiting {
		switch {
		case err == nil && state.Ended:
			fail(t, v1alpha1.ReasonEngineFailed, "Airflow ended the run without the task: "+state.Detail, now)
		case now.After(waitsSince(run, t).Add(run.Status.Plan.StartDeadline.Duration)):
			fail(t, v1alpha1.ReasonEngineNotReady, late(run.Status.Plan, message), now)
		case t.Phase == v1alpha1.TaskWaiting:
			t.Reason, t.Message = v1alpha1.ReasonEngineNotReady, clip(message)
		}
	}
	Release(run, now)
}

// waitsSince is from when on a task has been waiting for its engine.
func waitsSince(run *v1alpha1.Run, t *v1alpha1.TaskStatus) time.Time {
	since := run.Status.StartTime.Time
	if t.Phase == v1alpha1.TaskRetrying && t.RetryAt != nil {
		return t.RetryAt.Time
	}
	for _, name := range taskOf(run.Status.Plan, t.Name).DependsOn {
		if ended := statusOf(&run.Status, name).CompletionTime; ended != nil && ended.After(since) {
			since = ended.Time
		}
	}
	return since
}
