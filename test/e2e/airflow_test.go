package e2e

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// testAirflow adds Airflow to the platform, runs the same notebooks on it as on the engine Kubernetes, moves a schedule
// from one engine to the other, and takes Airflow away again.
func testAirflow(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 20*time.Minute)
	defer cancel()
	ada := p.signIn(t, "ada")
	running, err := ada.Running(ctx, "fraud")
	require.NoError(t, err)
	if !running {
		require.NoError(t, ada.Start(ctx, "fraud", hubDefaults))
	}
	bring(ctx, t, p, ada)

	t.Run("without Airflow", func(t *testing.T) {
		_, err := p.try(t, p.bin("assets/kubectl"), "apply", "-f", scheduleFile(t, "early", "\n  engine: Airflow"+minutely))
		require.NoError(t, err)
		reason(t, p, "early", v1alpha1.ReasonEngineNotAvailable)
		p.kubectl(t, "-n", "ws-fraud", "delete", "schedule", "early")
	})
	started := time.Now()
	p.output(t, p.bin("atoll"), "bootstrap", "-f", withComponents(t, p, "    - name: airflow"), "--context", p.context())
	t.Logf("Airflow was there after %s", time.Since(started).Round(time.Second))

	t.Run("three notebooks in order", func(t *testing.T) { testReport(ctx, t, p, ada, v1alpha1.EngineAirflow) })
	t.Run("a second attempt", func(t *testing.T) { testRetryByAirflow(ctx, t, p) })
	t.Run("from one engine to the other", func(t *testing.T) { testEngineChange(t, p) })

	p.output(t, p.bin("atoll"), "bootstrap", "-f", p.path("examples/quickstart/platform.yaml"), "--context", p.context())
}

const minutely = `
  cron: "* * * * *"
  overlap: Allow
  tasks: [{name: only, notebook: {object: load.ipynb}, parameters: [{name: day, value: "{{ run.time }}"}]}]`

// reason waits until the schedule says why it is not ready.
func reason(t *testing.T, p *platform, schedule, want string) {
	t.Helper()
	eventually(t, time.Minute, "schedule "+schedule+" to be "+want, func(ctx context.Context) (bool, error) {
		var s v1alpha1.Schedule
		err := p.client(t).Get(ctx, client.ObjectKey{Namespace: "ws-fraud", Name: schedule}, &s)
		for _, c := range s.Status.Conditions {
			if c.Type == v1alpha1.ConditionReady && c.Reason == want {
				return true, err
			}
		}
		return false, err
	})
}

// testRetryByAirflow runs a notebook that fails twice, and takes the pod of Airflow's task away while it is at work: the
// next one finds the attempt that is there.
func testRetryByAirflow(ctx context.Context, t *testing.T, p *platform) {
	_, err := p.signIn(t, "ada").Run(ctx, "fraud", "from pathlib import Path\nfor f in Path('report').glob('try-*'): f.unlink()")
	require.NoError(t, err)
	schedule(t, p, "airflow-flaky", `
  engine: Airflow
  cron: "@yearly"
  tasks: [{name: load, notebook: {home: report/flaky.ipynb}, retries: {limit: 2, backoff: 1s}}]`)
	p.output(t, p.bin("atoll"), "run", "fraud/airflow-flaky", "--context", p.context())
	eventually(t, 3*time.Minute, "the first attempt", func(context.Context) (bool, error) {
		run := lastRun(t, p, "airflow-flaky")
		return len(run.Status.Tasks) == 1 && run.Status.Tasks[0].Attempt == 1, nil
	})
	p.kubectl(t, "-n", "atoll-job", "delete", "pod", "-l", "atoll.dev/component=airflow-tasks", "--grace-period=0", "--force")
	eventually(t, 6*time.Minute, "the run to end", func(context.Context) (bool, error) {
		return lastRun(t, p, "airflow-flaky").Status.Phase.Finished(), nil
	})
	run := lastRun(t, p, "airflow-flaky")
	require.Equal(t, v1alpha1.RunSucceeded, run.Status.Phase, run.Status.Message)
	require.EqualValues(t, 3, run.Status.Tasks[0].Attempt)
	var pods corev1.PodList
	require.NoError(t, p.client(t).List(ctx, &pods, client.InNamespace("ws-fraud"), client.MatchingLabels{v1alpha1.LabelSchedule: "airflow-flaky"}))
	require.Len(t, pods.Items, 3, "one pod an attempt")
	p.kubectl(t, "-n", "ws-fraud", "delete", "schedule", "airflow-flaky")
}

// testEngineChange moves a schedule that is due every minute: no interval is lost, and none has two runs.
func testEngineChange(t *testing.T, p *platform) {
	schedule(t, p, "moved", "\n  engine: Airflow"+minutely)
	var runs []v1alpha1.Run
	succeeded := func(engine v1alpha1.Engine) {
		eventually(t, 5*time.Minute, "a run by the clock on "+string(engine), func(ctx context.Context) (bool, error) {
			var list v1alpha1.RunList
			err := p.client(t).List(ctx, &list, client.InNamespace("ws-fraud"), client.MatchingLabels{v1alpha1.LabelSchedule: "moved"})
			runs = list.Items
			return slices.ContainsFunc(runs, func(r v1alpha1.Run) bool {
				return r.Status.Phase == v1alpha1.RunSucceeded && r.Status.Plan.Engine == engine
			}), err
		})
	}
	succeeded(v1alpha1.EngineAirflow)
	p.kubectl(t, "-n", "ws-fraud", "patch", "schedule", "moved", "--type=merge", `-p={"spec":{"engine":"Kubernetes"}}`)
	succeeded(v1alpha1.EngineKubernetes)
	p.kubectl(t, "-n", "ws-fraud", "patch", "schedule", "moved", "--type=merge", `-p={"spec":{"suspend":true}}`)
	eventually(t, 5*time.Minute, "every run to end", func(ctx context.Context) (bool, error) {
		var list v1alpha1.RunList
		err := p.client(t).List(ctx, &list, client.InNamespace("ws-fraud"), client.MatchingLabels{v1alpha1.LabelSchedule: "moved"})
		runs = list.Items
		return !slices.ContainsFunc(runs, func(r v1alpha1.Run) bool { return !r.Status.Phase.Finished() }), err
	})
	slices.SortFunc(runs, func(a, b v1alpha1.Run) int { return a.Spec.Interval.Compare(b.Spec.Interval.Time) })
	for i, r := range runs {
		late := r.Status.StartTime.Sub(r.Spec.Interval.Time)
		t.Logf("run %s on %s: %s, begun %s after its time", r.Name, r.Status.Plan.Engine, r.Status.Phase, late)
		require.Equal(t, v1alpha1.RunSucceeded, r.Status.Phase, r.Status.Message)
		if i > 0 {
			require.Equal(t, time.Minute, r.Spec.Interval.Sub(runs[i-1].Spec.Interval.Time), "an interval was lost or doubled")
		}
	}
	p.kubectl(t, "-n", "ws-fraud", "delete", "schedule", "moved")
}
