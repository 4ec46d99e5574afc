package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/test/e2e/hub"
)

// testSchedules runs real notebooks by themselves: three in order, one that fails and says so, one from the object store.
func testSchedules(t *testing.T, p *platform) {
	ctx, cancel := withTimeout(t, 15*time.Minute)
	defer cancel()
	startReceiver(t, p)
	p.output(t, p.bin("atoll"), "bootstrap", "-f", withReceiver(t, p), "--context", p.context())
	ada := p.signIn(t, "ada")
	running, err := ada.Running(ctx, "fraud")
	require.NoError(t, err)
	if !running {
		require.NoError(t, ada.Start(ctx, "fraud", hubDefaults))
	}
	bring(ctx, t, p, ada)

	t.Run("three notebooks in order", func(t *testing.T) { testReport(ctx, t, p, ada, v1alpha1.EngineKubernetes) })
	t.Run("one that fails", func(t *testing.T) { testFailingNotebook(ctx, t, p, ada) })
	t.Run("one that takes too long and one that succeeds at last", func(t *testing.T) { testAttempts(ctx, t, p, ada) })
	t.Run("by the clock and from the object store", func(t *testing.T) { testMinutely(ctx, t, p, ada) })
}

// testReport applies the example and runs it on an engine.
func testReport(ctx context.Context, t *testing.T, p *platform, ada *hub.Session, engine v1alpha1.Engine) {
	options := p.example(t, "schedules")
	options.EnvVars["TF_VAR_engine"] = string(engine)
	forgetProvider(t, options)
	terraform.InitAndApplyContext(t, t.Context(), options)
	require.Equal(t, 0, terraform.PlanExitCodeContext(t, t.Context(), options), "a plan right after apply shows changes")

	out := p.output(t, p.bin("atoll"), "run", "fraud/report", "--wait", "--timeout", "8m", "--context", p.context())
	run := lastRun(t, p, "report")
	require.Equal(t, v1alpha1.RunSucceeded, run.Status.Phase, out)
	require.Equal(t, engine, run.Status.Plan.Engine)
	for i, task := range run.Status.Tasks[:2] {
		next := run.Status.Tasks[i+1]
		require.False(t, next.StartTime.Before(task.CompletionTime), "%s began before %s had ended", next.Name, task.Name)
	}

	// The parameters arrived, and each notebook saw what the one before left.
	text, err := ada.ReadFile(ctx, "fraud", "report/report.json")
	require.NoError(t, err)
	zone, err := time.LoadLocation("Europe/Amsterdam")
	require.NoError(t, err)
	day := run.Status.Plan.Interval.In(zone).Format(time.DateOnly)
	require.JSONEq(t, fmt.Sprintf(`{"day": %q, "run": %q, "total": 4950}`, day, run.Name), text)

	// The same packages in a server and in a run.
	inRun, err := ada.ReadFile(ctx, "fraud", "report/packages.json")
	require.NoError(t, err)
	inServer, err := ada.Run(ctx, "fraud", `
import json
from importlib.metadata import distributions
print(json.dumps(sorted(f"{d.name}=={d.version}" for d in distributions())))`)
	require.NoError(t, err)
	require.JSONEq(t, strings.TrimSpace(inServer), inRun)

	for _, task := range run.Status.Tasks {
		require.Contains(t, kept(ctx, t, p, ada, task.Output), day, task.Output)
	}
	eventually(t, time.Minute, "the schedule to tell of the run", func(ctx context.Context) (bool, error) {
		var s v1alpha1.Schedule
		err := p.client(t).Get(ctx, client.ObjectKey{Namespace: "ws-fraud", Name: "report"}, &s)
		return err == nil && s.Status.LastSuccess != nil && s.Status.NextRun != nil && s.Status.Runs[0].Output == run.Status.Tasks[2].Output, err
	})
	terraform.DestroyContext(t, t.Context(), options)
}

// testFailingNotebook expects a second attempt, the failing cell in what is kept, and an alert.
func testFailingNotebook(ctx context.Context, t *testing.T, p *platform, ada *hub.Session) {
	schedule(t, p, "failing", `
  cron: "@yearly"
  tasks:
  - {name: load, notebook: {home: report/failing.ipynb}, retries: {limit: 1, backoff: 1s}}
  - {name: publish, notebook: {home: report/publish.ipynb}, dependsOn: [load]}
  notify: {webhooks: [team], mail: [ada@example.com]}`)
	out, err := p.try(t, p.bin("atoll"), "run", "fraud/failing", "--wait", "--timeout", "6m", "--context", p.context())
	require.Error(t, err, out)
	require.Contains(t, out, "KeyError")
	run := lastRun(t, p, "failing")
	require.Equal(t, v1alpha1.RunFailed, run.Status.Phase)
	require.Equal(t, v1alpha1.ReasonNotebookFailed, run.Status.Reason)
	require.EqualValues(t, 2, run.Status.Tasks[0].Attempt)
	require.Equal(t, v1alpha1.TaskSkipped, run.Status.Tasks[1].Phase)
	text := kept(ctx, t, p, ada, run.Status.Tasks[0].Output)
	require.Contains(t, text, "before the error")
	require.Contains(t, text, "KeyError")

	// Kubernetes may take more than a minute to bring a new Secret into a running pod; the operator tries again until then.
	for _, way := range []string{"posted", "mailed to ada@example.com"} {
		eventually(t, 5*time.Minute, "the alert, "+way, func(context.Context) (bool, error) {
			for _, message := range received(t, p, way) {
				// A mail has its words in columns.
				text, found := strings.Join(strings.Fields(message), " "), true
				for _, part := range []string{"fraud/failing", "Owner: ada", "NotebookFailed", "KeyError", run.Status.Tasks[0].Output} {
					found = found && strings.Contains(text, part)
				}
				if found {
					return true, nil
				}
			}
			return false, nil
		})
	}

	// The account that keeps what was executed opens nothing else.
	refused := asAccount(ctx, t, p, ada, "atoll-directory", "atoll-runs", `
for bucket, key in (("atoll-runs", "notebooks/fraud/other.ipynb"), ("atoll-backup-fraud", "outputs/x"), ("atoll-ledger", "outputs/x")):
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        print("written:", bucket, key)
    except s3.exceptions.ClientError as err:
        print(err.response["Error"]["Code"])`)
	require.NotContains(t, refused, "written")
	require.Contains(t, refused, "AccessDenied")
}

// testAttempts has the operator killed while runs are at work. Beside those that take too long or fail at first are a notebook
// from a git server, one that is not there, and one that tries a port of that server that the platform does not open to runs.
func testAttempts(ctx context.Context, t *testing.T, p *platform, ada *hub.Session) {
	schedule(t, p, "slow", `
  cron: "@yearly"
  tasks: [{name: load, notebook: {home: report/slow.ipynb}, timeout: 1m}]`)
	schedule(t, p, "flaky", `
  cron: "@yearly"
  tasks: [{name: load, notebook: {home: report/flaky.ipynb}, retries: {limit: 2, backoff: 1s}}]`)
	schedule(t, p, "closed", `
  cron: "@yearly"
  tasks: [{name: load, notebook: {home: report/closed.ipynb}}]`)
	for name, ref := range map[string]string{"reviewed": "v1", "missing": "v9"} {
		schedule(t, p, name, fmt.Sprintf(`
  cron: "@yearly"
  tasks: [{name: load, notebook: {git: {repository: "http://%s:%d/cgi-bin/git/reports.git", ref: %s, path: daily/load.ipynb}}}]`, receiverHost, gitPort, ref))
	}
	for _, name := range []string{"closed", "missing", "slow", "flaky", "reviewed"} {
		p.output(t, p.bin("atoll"), "run", "fraud/"+name, "--context", p.context())
	}
	p.kubectl(t, "-n", "atoll-directory", "delete", "pod", "-l", "app.kubernetes.io/name=operator", "--grace-period=0", "--force")
	ended := func(name string) v1alpha1.Run {
		eventually(t, 4*time.Minute, "the run of "+name+" to end", func(context.Context) (bool, error) {
			return lastRun(t, p, name).Status.Phase.Finished(), nil
		})
		return lastRun(t, p, name)
	}
	flaky, slow, reviewed := ended("flaky"), ended("slow"), ended("reviewed")
	require.Equal(t, v1alpha1.RunSucceeded, reviewed.Status.Phase, reviewed.Status.Message)
	require.Contains(t, kept(ctx, t, p, ada, reviewed.Status.Tasks[0].Output), "as reviewed at v1")
	missing, closed := ended("missing"), ended("closed")
	require.Equal(t, v1alpha1.ReasonNotebookNotFetched, missing.Status.Reason, missing.Status.Message)
	require.Equal(t, v1alpha1.RunSucceeded, closed.Status.Phase, closed.Status.Message)
	require.Contains(t, kept(ctx, t, p, ada, closed.Status.Tasks[0].Output), "kept out")
	require.Equal(t, v1alpha1.RunSucceeded, flaky.Status.Phase, flaky.Status.Message)
	require.EqualValues(t, 3, flaky.Status.Tasks[0].Attempt)
	require.Equal(t, v1alpha1.RunFailed, slow.Status.Phase)
	require.Equal(t, v1alpha1.ReasonTimedOut, slow.Status.Reason)
	require.NotEmpty(t, slow.Status.Tasks[0].Output, "what it has done in time is kept")
	var pods corev1.PodList
	require.NoError(t, p.client(t).List(ctx, &pods, client.InNamespace("ws-fraud"), client.MatchingLabels{v1alpha1.LabelSchedule: "flaky"}))
	require.Len(t, pods.Items, 3, "one pod an attempt")
	require.NoError(t, p.client(t).List(ctx, &pods, client.InNamespace("ws-fraud"), client.MatchingLabels{v1alpha1.LabelComponent: "run"}))
	for _, pod := range pods.Items {
		text, err := json.Marshal(pod)
		require.NoError(t, err)
		require.NotContains(t, string(text), "X-Amz-", "what opens the object store stands in pod %s", pod.Name)
	}
}

// testMinutely waits for two runs that nobody asked for.
func testMinutely(ctx context.Context, t *testing.T, p *platform, ada *hub.Session) {
	schedule(t, p, "minutely", `
  cron: "* * * * *"
  overlap: Allow
  tasks:
  - name: only
    notebook: {object: load.ipynb}
    parameters: [{name: day, value: "{{ run.time }}"}]`)
	var runs []v1alpha1.Run
	eventually(t, 6*time.Minute, "two runs by the clock", func(ctx context.Context) (bool, error) {
		var list v1alpha1.RunList
		err := p.client(t).List(ctx, &list, client.InNamespace("ws-fraud"), client.MatchingLabels{v1alpha1.LabelSchedule: "minutely"})
		runs = nil
		for _, r := range list.Items {
			if r.Status.Phase == v1alpha1.RunSucceeded {
				runs = append(runs, r)
			}
		}
		return len(runs) >= 2, err
	})
	p.kubectl(t, "-n", "ws-fraud", "delete", "schedule", "minutely", "--wait=true")
	for _, r := range runs[:2] {
		late := r.Status.StartTime.Sub(r.Spec.Interval.Time)
		t.Logf("run %s began %s after its time", r.Name, late)
		require.Less(t, late, 10*time.Second, r.Name)
		require.Contains(t, kept(ctx, t, p, ada, r.Status.Tasks[0].Output), r.Spec.Interval.UTC().Format("2006-01-02T15:04"))
	}
	require.Equal(t, time.Duration(0), runs[1].Spec.Interval.Sub(runs[0].Spec.Interval.Time)%time.Minute)
}

// schedule applies one of ada's.
func schedule(t *testing.T, p *platform, name, spec string) {
	t.Helper()
	p.kubectl(t, "apply", "-f", scheduleFile(t, name, spec))
	p.kubectl(t, "-n", "ws-fraud", "wait", "--for=condition=Ready", "--timeout=1m", "schedule/"+name)
}

func scheduleFile(t *testing.T, name, spec string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+".yaml")
	text := fmt.Sprintf("apiVersion: atoll.dev/v1alpha1\nkind: Schedule\nmetadata: {name: %s, namespace: ws-fraud}\nspec:\n  owner: ada\n  profile: python%s\n", name, spec)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// lastRun is the newest run of a schedule.
func lastRun(t *testing.T, p *platform, schedule string) v1alpha1.Run {
	t.Helper()
	var list v1alpha1.RunList
	require.NoError(t, p.client(t).List(t.Context(), &list, client.InNamespace("ws-fraud"), client.MatchingLabels{v1alpha1.LabelSchedule: schedule}))
	require.NotEmpty(t, list.Items)
	newest := list.Items[0]
	for _, r := range list.Items {
		if newest.CreationTimestamp.Before(&r.CreationTimestamp) {
			newest = r
		}
	}
	return newest
}

// bring puts the notebooks of the example, and one that fails, into ada's home and into the object store.
func bring(ctx context.Context, t *testing.T, p *platform, ada *hub.Session) {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{"load", "check", "publish"} {
		text, err := os.ReadFile(p.path("examples/schedules/notebooks/" + name + ".ipynb"))
		require.NoError(t, err)
		files[name] = string(text)
	}
	// A connection is tried once notebooks run: the local cluster's network policies act a moment after a pod has begun.
	closed := fmt.Sprintf(`"import json, socket\n", "socket.create_connection(('%[1]s', %[2]d), 30).close()\n", `+
		`"try:\n", "    socket.create_connection(('%[1]s', %[3]d), 10).close()\n", "except OSError as err:\n", "    print('kept out:', err)\n", `+
		`"else:\n", "    raise AssertionError('a port was reached that is closed to runs')\n"`, receiverHost, gitPort, closedPort)
	for name, code := range map[string]string{
		"closed":  closed,
		"failing": `"print('before the error')\n", "{}['price']\n"`,
		"slow":    `"import time\n", "time.sleep(900)\n"`,
		"flaky":   `"import json\n", "from pathlib import Path\n", "tries = len(list(Path('.').glob('try-*')))\n", "Path(f'try-{tries}').touch()\n", "assert tries >= 2\n"`,
	} {
		files[name] = strings.Replace(files["publish"], `"import json\n"`, code, 1)
		require.NotEqual(t, files["publish"], files[name])
	}
	data, err := json.Marshal(files)
	require.NoError(t, err)
	_, err = ada.Run(ctx, "fraud", fmt.Sprintf(`
import json
from pathlib import Path
Path("report").mkdir(exist_ok=True)
for name, text in json.loads(%q).items():
    Path("report", name + ".ipynb").write_text(text)
`, data))
	require.NoError(t, err)
	inStore(ctx, t, p, ada, `s3.put_object(Bucket="atoll-runs", Key="notebooks/fraud/load.ipynb", Body=open("report/load.ipynb", "rb").read())`)
}

// example is a copy of an example, with a state of its own.
func (p *platform) example(t *testing.T, name string) *terraform.Options {
	t.Helper()
	options := p.quickstart(t, p.terraform)
	dir := p.path(filepath.Join("build", "e2e", p.name, name))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	files, err := filepath.Glob(p.path(filepath.Join("examples", name, "*.tf")))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(file)), text, 0o644))
	}
	options.TerraformDir = dir
	return options
}
