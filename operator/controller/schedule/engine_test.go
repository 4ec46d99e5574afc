package schedule_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/run"
	"github.com/atoll-platform/atoll/operator/runner"
)

// fakeEngine stands for Airflow, whose part is played by the test; the real one is in the end-to-end tests.
type fakeEngine struct {
	mu    sync.Mutex
	state run.EngineState
	err   error
	known map[string]int
	// asks has it ask for each task at once.
	asks bool
}

func (e *fakeEngine) Start(ctx context.Context, r *v1alpha1.Run) (run.EngineState, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return run.EngineState{}, e.err
	}
	if e.known == nil {
		e.known = map[string]int{}
	}
	e.known[r.Namespace+"/"+r.Name]++
	if e.asks {
		for _, t := range r.Status.Tasks {
			if err := askFor(ctx, r, t.Name, t.Failures+1); err != nil {
				return run.EngineState{}, err
			}
		}
	}
	return e.state, nil
}

// count is the number of runs of a schedule that it was given.
func (e *fakeEngine) count(s *v1alpha1.Schedule) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for name := range e.known {
		if strings.HasPrefix(name, s.Namespace+"/"+s.Name) {
			n++
		}
	}
	return n
}

// askFor asks for a try as the task of a DAG does.
func askFor(ctx context.Context, r *v1alpha1.Run, task string, tries int32) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"tries": map[string]int32{task: tries}}})
	if err != nil {
		return err
	}
	return admin.Patch(ctx, r.DeepCopy(), client.RawPatch("application/merge-patch+json", patch))
}

func ask(t *testing.T, s *v1alpha1.Schedule, name, task string, tries int32) {
	t.Helper()
	must(askFor(ctx, getRun(t, s, name), task, tries))
}

func onAirflow(spec *v1alpha1.ScheduleSpec) { spec.Engine = v1alpha1.EngineAirflow }

func requireNoPod(t *testing.T, s *v1alpha1.Schedule) {
	t.Helper()
	time.Sleep(5 * glance)
	if pods := alive(t, s); len(pods) != 0 {
		t.Errorf("there are pods that nobody asked for: %s", pods[0].Name)
	}
}

func TestAirflowReleasesTasks(t *testing.T) {
	airflow := &fakeEngine{state: run.EngineState{Detail: "its run is queued"}}
	newOperatorWith(t, 2, 2, glance, airflow)
	newWorkspace(t, "airflow")
	s := newSchedule(t, "airflow", "dag", onAirflow, func(spec *v1alpha1.ScheduleSpec) {
		spec.Tasks = []v1alpha1.Task{task("load"), task("publish", "load")}
	})
	id := startRun(t, s, "now")
	eventually(t, "it says what it waits for", func() error {
		got := getRun(t, s, id)
		if len(got.Status.Tasks) == 0 || got.Status.Tasks[0].Reason != v1alpha1.ReasonEngineNotReady || !strings.Contains(got.Status.Tasks[0].Message, "queued") {
			return fmt.Errorf("it says %+v", got.Status.Tasks)
		}
		return nil
	})
	requireNoPod(t, s)
	if got := getRun(t, s, id).Status.Plan; got.Engine != v1alpha1.EngineAirflow || got.Generation != s.Generation {
		t.Errorf("it keeps to %s of generation %d", got.Engine, got.Generation)
	}

	ask(t, s, id, "publish", 1)
	requireNoPod(t, s)
	ask(t, s, id, "load", 1)
	end(t, pod(t, s, id+"-load-1"), nil)
	end(t, pod(t, s, id+"-publish-1"), nil)
	becomes(t, s, id, v1alpha1.RunSucceeded)
}

func TestAirflowRetriesTasks(t *testing.T) {
	o := newOperatorWith(t, 2, 2, glance, &fakeEngine{})
	newWorkspace(t, "tries")
	s := newSchedule(t, "tries", "nightly", onAirflow, func(spec *v1alpha1.ScheduleSpec) {
		spec.Tasks[0].Retries = v1alpha1.Retries{Limit: 1, Backoff: duration(time.Minute), MaxBackoff: duration(time.Minute)}
	})
	id := startRun(t, s, "now")
	failure := &runner.Result{Reason: v1alpha1.ReasonNotebookFailed, Message: "cell 2 raised KeyError"}
	eventually(t, "it has begun", func() error {
		if getRun(t, s, id).Status.Plan == nil {
			return errors.New("not yet")
		}
		return nil
	})
	ask(t, s, id, "load", 1)
	end(t, pod(t, s, id+"-load-1"), failure)
	taskBecomes(t, s, id, "load", v1alpha1.TaskRetrying)
	o.clock.Step(time.Minute)
	requireNoPod(t, s)
	// Airflow asks for as many tries as it likes: the operator counts.
	ask(t, s, id, "load", 11)
	end(t, pod(t, s, id+"-load-2"), failure)
	got := becomes(t, s, id, v1alpha1.RunFailed)
	if got.Status.Tasks[0].Attempt != 2 || got.Status.Reason != v1alpha1.ReasonNotebookFailed {
		t.Errorf("it says %+v", got.Status)
	}
}

func TestAirflowThatNeverBegins(t *testing.T) {
	for _, tt := range []struct {
		name   string
		state  run.EngineState
		err    error
		later  time.Duration
		reason string
		want   string
	}{
		{"ended", run.EngineState{Ended: true, Detail: "its run is failed"}, nil, 0, v1alpha1.ReasonEngineFailed, "its run is failed"},
		{"down", run.EngineState{}, errors.New("Airflow does not answer"), 25 * time.Hour, v1alpha1.ReasonEngineNotReady, "within 24h0m0s: Airflow does not answer"},
		{"stuck", run.EngineState{Detail: "its run is queued"}, nil, 25 * time.Hour, v1alpha1.ReasonEngineNotReady, "its run is queued"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newOperatorWith(t, 2, 2, glance, &fakeEngine{state: tt.state, err: tt.err})
			newWorkspace(t, "never-"+tt.name)
			s := newSchedule(t, "never-"+tt.name, "nightly", onAirflow, func(spec *v1alpha1.ScheduleSpec) {
				spec.Tasks = []v1alpha1.Task{task("load"), task("publish", "load")}
				spec.Notify.Webhooks = []string{"team"}
			})
			id := startRun(t, s, "now")
			if tt.later > 0 {
				becomes(t, s, id, v1alpha1.RunRunning)
				o.clock.Step(tt.later)
			}
			got := becomes(t, s, id, v1alpha1.RunFailed)
			if got.Status.Reason != tt.reason || !strings.Contains(got.Status.Message, tt.want) || len(got.Status.Notices) != 1 {
				t.Errorf("it says %s: %s", got.Status.Reason, got.Status.Message)
			}
			if skipped := got.Status.Tasks[1]; skipped.Reason != v1alpha1.ReasonDependencyFailed {
				t.Errorf("the task after it says %+v", skipped)
			}
			requireNoPod(t, s)
		})
	}
}

// A platform may lose its Airflow while runs wait for it.
func TestAirflowIsTakenAway(t *testing.T) {
	o := newOperatorWith(t, 2, 2, glance, &fakeEngine{})
	newWorkspace(t, "away")
	s := newSchedule(t, "away", "nightly", onAirflow)
	id := startRun(t, s, "now")
	becomes(t, s, id, v1alpha1.RunRunning)
	o.kill()
	o.engine = nil
	o.start()
	if got := becomes(t, s, id, v1alpha1.RunFailed); got.Status.Reason != v1alpha1.ReasonEngineNotAvailable {
		t.Errorf("it says %s: %s", got.Status.Reason, got.Status.Message)
	}
}

// A run keeps to its engine; the next one takes the schedule's.
func TestEngineIsChanged(t *testing.T) {
	airflow := &fakeEngine{}
	o := newOperatorWith(t, 2, 2, glance, airflow)
	newWorkspace(t, "change")
	s := newSchedule(t, "change", "hourly", onAirflow, func(spec *v1alpha1.ScheduleSpec) { spec.Overlap = v1alpha1.OverlapAllow })
	first := o.clock.Now().Add(time.Hour)
	o.clock.SetTime(first)
	becomes(t, s, name(s, first), v1alpha1.RunRunning)
	change(t, s, func(spec *v1alpha1.ScheduleSpec) { spec.Engine = v1alpha1.EngineKubernetes })
	ready(t, s, v1alpha1.ReasonReady)
	requireNoPod(t, s)
	second := first.Add(time.Hour)
	o.clock.SetTime(second)
	end(t, pod(t, s, name(s, second)+"-load-1"), nil)
	becomes(t, s, name(s, second), v1alpha1.RunSucceeded)
	ask(t, s, name(s, first), "load", 1)
	end(t, pod(t, s, name(s, first)+"-load-1"), nil)
	becomes(t, s, name(s, first), v1alpha1.RunSucceeded)
	if got := len(runs(t, s)); got != 2 || airflow.count(s) != 1 {
		t.Errorf("%d runs of 2 intervals, %d of them on Airflow", got, airflow.count(s))
	}
}
