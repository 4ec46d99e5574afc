package v1alpha1_test

import (
	"context"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	goodSchedule = `
apiVersion: atoll.dev/v1alpha1
kind: Schedule
metadata: {name: nightly, namespace: default}
spec:
  owner: ada
  description: What happened yesterday.
  profile: python
  size: small
  cron: "30 6 * * 1-5"
  timeZone: Europe/Amsterdam
  start: "2026-01-01T00:00:00Z"
  end: "2027-01-01T00:00:00Z"
  tasks:
  - name: load
    notebook: {home: reports/load.ipynb}
    parameters: [{name: day, value: "{{ run.date }}"}]
    retries: {limit: 2, backoff: 30s, maxBackoff: 10m}
    timeout: 30m
  - name: check
    notebook: {git: {repository: "https://git.example.com/team/reports.git", ref: main, path: check.ipynb}}
    dependsOn: [load]
  - name: publish
    notebook: {object: publish.ipynb}
    dependsOn: [load, check]
    size: gpu
  catchUp: {policy: All, limit: 5}
  overlap: Forbid
  startDeadline: 30m
  output: {prefix: finance/daily}
  notify: {webhooks: [team], mail: [ada@example.com], digest: Daily}
  historyLimit: 30
  engine: Kubernetes
`
	goodRun = `
apiVersion: atoll.dev/v1alpha1
kind: Run
metadata: {name: nightly-now, namespace: default}
spec: {schedule: nightly}
`
)

var schedules = []refused{
	{"a name too long", []edit{{"metadata.name", strings.Repeat("a", 41)}}, []string{"metadata.name", "1 to 40"}},
	{"no owner", []edit{{"spec.owner", nil}}, []string{"spec.owner", "Required value"}},
	{"an owner with a blank", []edit{{"spec.owner", "ada lovelace"}}, []string{"spec.owner", "white space"}},
	{"no profile", []edit{{"spec.profile", nil}}, []string{"spec.profile", "Required value"}},
	{"no cron", []edit{{"spec.cron", ""}}, []string{"spec.cron", "at least 1"}},
	{"a cron of four fields", []edit{{"spec.cron", "0 6 * *"}}, []string{"spec.cron", "five fields"}},
	{"a cron with seconds", []edit{{"spec.cron", "0 0 6 * * *"}}, []string{"spec.cron", "there are no seconds"}},
	{"a cron with a zone", []edit{{"spec.cron", "TZ=UTC 0 6 * * *"}}, []string{"spec.cron", "the zone is timeZone"}},
	{"a cron that counts from its start", []edit{{"spec.cron", "@every 5m"}}, []string{"spec.cron", "@hourly"}},
	{"a zone that is none", []edit{{"spec.timeZone", "Europe/Amsterdm"}}, []string{"spec.timeZone", "Europe/Amsterdam"}},
	{"a zone by its offset", []edit{{"spec.timeZone", "+02:00"}}, []string{"spec.timeZone", "IANA name"}},
	{"the zone of the machine", []edit{{"spec.timeZone", "Local"}}, []string{"spec.timeZone", "IANA name"}},
	{"an end before its start", []edit{{"spec.end", "2025-01-01T00:00:00Z"}}, []string{"spec.end", "after start"}},
	{"a start that is no time", []edit{{"spec.start", "tomorrow"}}, []string{"spec.start", "date-time"}},
	{"no tasks", []edit{{"spec.tasks", []any{}}}, []string{"spec.tasks", "at least 1"}},
	{"a task twice", []edit{{"spec.tasks.1.name", "load"}}, []string{"spec.tasks[1]", "Duplicate value"}},
	{"a task that is no name", []edit{{"spec.tasks.0.name", "Load data"}}, []string{"spec.tasks[0].name", "[a-z0-9]"}},
	{"a dependency that is no task", []edit{{"spec.tasks.1.dependsOn.0", "extract"}}, []string{"spec.tasks", "dependsOn must name tasks"}},
	{"a task that depends on itself", []edit{{"spec.tasks.1.dependsOn.0", "check"}}, []string{"spec.tasks", "not name the task itself"}},
	{"a notebook from nowhere", []edit{{"spec.tasks.0.notebook.home", nil}}, []string{"spec.tasks[0].notebook", "exactly one of home, git and object"}},
	{"a notebook from two places", []edit{{"spec.tasks.0.notebook.object", "a.ipynb"}}, []string{"spec.tasks[0].notebook", "exactly one of"}},
	{"a notebook that leaves the home", []edit{{"spec.tasks.0.notebook.home", "../eve/a.ipynb"}}, []string{"spec.tasks[0].notebook.home", "without .."}},
	{"a notebook that is a script", []edit{{"spec.tasks.0.notebook.home", "load.py"}}, []string{"spec.tasks[0].notebook.home", ".ipynb"}},
	{"a repository with a password", []edit{{"spec.tasks.1.notebook.git.repository", "https://ada:secret@git.example.com/r.git"}}, []string{"notebook.git.repository", "without a user or password"}},
	{"a repository on the machine", []edit{{"spec.tasks.1.notebook.git.repository", "file:///etc"}}, []string{"notebook.git.repository", "https URL"}},
	{"a ref that is an option", []edit{{"spec.tasks.1.notebook.git.ref", "--upload-pack=x"}}, []string{"notebook.git.ref", "branch, a tag or a commit"}},
	{"an object outside of the workspace", []edit{{"spec.tasks.2.notebook.object", "../other/a.ipynb"}}, []string{"notebook.object", "without . and .."}},
	{"a parameter that is no name", []edit{{"spec.tasks.0.parameters.0.name", "the day"}}, []string{"parameters[0].name", "A-Za-z_"}},
	{"a parameter twice", []edit{{"spec.tasks.0.parameters", []any{map[string]any{"name": "a", "value": "1"}, map[string]any{"name": "a", "value": "2"}}}}, []string{"parameters[1]", "Duplicate value"}},
	{"retries without end", []edit{{"spec.tasks.0.retries.limit", int64(11)}}, []string{"retries.limit", "less than or equal to 10"}},
	{"a retry at once", []edit{{"spec.tasks.0.retries.backoff", "0s"}}, []string{"retries.backoff", "1s to 1h"}},
	{"a timeout of seconds", []edit{{"spec.tasks.0.timeout", "10s"}}, []string{"spec.tasks[0].timeout", "1m to 168h"}},
	{"a catch-up that is none", []edit{{"spec.catchUp.policy", "Everything"}}, []string{"spec.catchUp.policy", `"None", "Latest", "All"`}},
	{"a catch-up without a bound", []edit{{"spec.catchUp.limit", int64(1000)}}, []string{"spec.catchUp.limit", "less than or equal to 100"}},
	{"an overlap that is none", []edit{{"spec.overlap", "Queue"}}, []string{"spec.overlap", `"Forbid", "Allow", "Replace"`}},
	{"an engine that is none", []edit{{"spec.engine", "Argo"}}, []string{"spec.engine", `supported values: "Kubernetes", "Airflow"`}},
	{"an output that leaves its place", []edit{{"spec.output.prefix", "../x"}}, []string{"spec.output.prefix"}},
	{"an address that is none", []edit{{"spec.notify.mail.0", "ada"}}, []string{"spec.notify.mail[0]", "@"}},
	{"a webhook by its address", []edit{{"spec.notify.webhooks.0", "https://hooks.example.com/x"}}, []string{"spec.notify.webhooks[0]"}},
	{"no history", []edit{{"spec.historyLimit", int64(0)}}, []string{"spec.historyLimit", "greater than or equal to 1"}},
	{"a field that does not exist", []edit{{"spec.tasks.0.script", "x"}}, []string{"unknown field", "spec.tasks[0].script"}},
}

var runs = []refused{
	{"no schedule", []edit{{"spec.schedule", nil}}, []string{"spec.schedule", "Required value"}},
	{"a trigger that is none", []edit{{"spec.trigger", "Push"}}, []string{"spec.trigger", `"Schedule", "CatchUp", "Manual"`}},
	{"a name too long", []edit{{"metadata.name", strings.Repeat("a", 64)}}, []string{"metadata.name", "1 to 63"}},
}

func TestScheduleWithWhatIsRequiredOnly(t *testing.T) {
	obj := object(t, goodSchedule, edit{"spec", map[string]any{
		"owner": "ada", "profile": "python", "cron": "@daily",
		"tasks": []any{map[string]any{"name": "load", "notebook": map[string]any{"home": "load.ipynb"}}},
	}})
	if err := dryRun(obj); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]any{
		"spec.timeZone": "UTC", "spec.overlap": "Forbid", "spec.catchUp.policy": "Latest", "spec.catchUp.limit": int64(10),
		"spec.startDeadline": "1h", "spec.historyLimit": int64(20), "spec.engine": "Kubernetes", "spec.notify.digest": "Daily",
	} {
		got, _, err := unstructured.NestedFieldNoCopy(obj.Object, strings.Split(path, ".")...)
		if err != nil || got != want {
			t.Errorf("%s is %v (%v), want %v", path, got, err, want)
		}
	}
}

func TestLargestScheduleIsAccepted(t *testing.T) {
	tasks := make([]any, 50)
	for i := range tasks {
		depends := []any{}
		for j := max(0, i-20); j < i; j++ {
			depends = append(depends, strings.Repeat("a", 38)+string(rune('0'+j/10))+string(rune('0'+j%10)))
		}
		tasks[i] = map[string]any{
			"name":      strings.Repeat("a", 38) + string(rune('0'+i/10)) + string(rune('0'+i%10)),
			"notebook":  map[string]any{"home": strings.Repeat("a", 500) + ".ipynb"},
			"dependsOn": depends,
		}
	}
	if err := dryRun(object(t, goodSchedule, edit{"spec.tasks", tasks})); err != nil {
		t.Error(err)
	}
}

func TestRunNeverChanges(t *testing.T) {
	obj := object(t, goodRun, edit{"metadata.name", "kept"})
	if err := kube.Create(context.Background(), obj); err != nil {
		t.Fatal(err)
	}
	ask := obj.DeepCopy()
	apply(t, ask.Object, edit{"spec.tries", map[string]any{"load": int64(2)}})
	if err := kube.Update(context.Background(), ask); err != nil {
		t.Fatalf("an engine cannot ask for tries: %v", err)
	}
	for _, tt := range []struct {
		edit edit
		want []string
	}{
		{edit{"spec.schedule", "other"}, []string{"spec", "cannot be changed"}},
		{edit{"spec.trigger", "Schedule"}, []string{"spec", "cannot be changed"}},
		{edit{"spec.interval", "2026-03-31T04:30:00Z"}, []string{"spec", "cannot be changed"}},
		{edit{"spec.missed", "This"}, []string{"spec", "cannot be changed"}},
		{edit{"spec.tries", map[string]any{"load": int64(1)}}, []string{"spec.tries", "taken back"}},
		{edit{"spec.tries", nil}, []string{"spec.tries", "taken back"}},
		{edit{"spec.tries", map[string]any{"load": int64(12)}}, []string{"spec.tries", "less than or equal to 11"}},
	} {
		changed := ask.DeepCopy()
		apply(t, changed.Object, tt.edit)
		mentions(t, kube.Update(context.Background(), changed, client.DryRunAll), tt.want)
	}
}
