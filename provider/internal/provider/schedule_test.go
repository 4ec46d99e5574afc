package provider_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

const scheduleKind = "atoll_schedule"

const goodSchedule = `resource "atoll_schedule" "bad" {
  workspace = "fraud"
  name      = "good"
  owner     = "ada"
  profile   = "python"
  cron      = "30 6 * * 1-5"
  time_zone = "Europe/Amsterdam"
  start     = "2026-01-01T00:00:00Z"
  end       = "2027-01-01T00:00:00Z"
  tasks = [
    {
      name       = "load"
      notebook   = { home = "reports/load.ipynb" }
      parameters = { day = "{{ run.date }}" }
      retries    = { limit = 2, backoff = "30s" }
      timeout    = "30m"
    },
    { name = "check", notebook = { git = { repository = "https://git.example.com/r.git", ref = "v1", path = "check.ipynb" } }, depends_on = ["load"] },
    { name = "publish", notebook = { object = "publish.ipynb" }, depends_on = ["load", "check"] },
  ]
  catch_up       = { policy = "All", limit = 5 }
  overlap        = "Forbid"
  start_deadline = "20m"
  output         = { prefix = "finance" }
  notify         = { webhooks = ["team"], mail = ["ada@example.com"], digest = "Daily" }
  history_limit  = 30
  engine         = "Kubernetes"
}
`

const goodScheduleManifest = `{"apiVersion": "atoll.dev/v1alpha1", "kind": "Schedule", "metadata": {"name": "good", "namespace": "default"}, "spec": {
	"owner": "ada", "profile": "python", "cron": "30 6 * * 1-5", "timeZone": "Europe/Amsterdam",
	"start": "2026-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z",
	"tasks": [
		{"name": "load", "notebook": {"home": "reports/load.ipynb"}, "parameters": [{"name": "day", "value": "{{ run.date }}"}],
			"retries": {"limit": 2, "backoff": "30s"}, "timeout": "30m"},
		{"name": "check", "notebook": {"git": {"repository": "https://git.example.com/r.git", "ref": "v1", "path": "check.ipynb"}}, "dependsOn": ["load"]},
		{"name": "publish", "notebook": {"object": "publish.ipynb"}, "dependsOn": ["load", "check"]}],
	"catchUp": {"policy": "All", "limit": 5}, "overlap": "Forbid", "startDeadline": "20m", "output": {"prefix": "finance"},
	"notify": {"webhooks": ["team"], "mail": ["ada@example.com"], "digest": "Daily"}, "historyLimit": 30, "engine": "Kubernetes"}}`

var badSchedules = []bad{
	{"workspace in capitals", `"fraud"`, `"Fraud"`, ``, ``, []string{"workspace", "lower-case letters"}},
	{"name of 41", `"good"`, `"` + long[:41] + `"`, `"good"`, `"` + long[:41] + `"`, []string{"name", "between 1 and 40"}},
	{"owner with a space", `"ada"`, `"ada l"`, `"ada"`, `"ada l"`, []string{"owner", "white space"}},
	{"cron of four fields", `"30 6 * * 1-5"`, `"30 6 * *"`, `"30 6 * * 1-5"`, `"30 6 * *"`, []string{"cron", "minute, hour, day of month, month, day of week"}},
	{"minute 61", `"30 6 * * 1-5"`, `"61 6 * * *"`, ``, ``, []string{"cron", "61"}},
	{"a day that never comes", `"30 6 * * 1-5"`, `"0 0 30 2 *"`, ``, ``, []string{"cron", "never due"}},
	{"cron by a duration", `"30 6 * * 1-5"`, `"@every 5m"`, `"30 6 * * 1-5"`, `"@every 5m"`, []string{"cron", "@daily"}},
	{"zone", `"Europe/Amsterdam"`, `"Europe/Amsterdm"`, `"Europe/Amsterdam"`, `"Europe/Amsterdm"`, []string{"time_zone", "IANA name"}},
	{"start in words", `"2026-01-01T00:00:00Z"`, `"new year"`, `"2026-01-01T00:00:00Z"`, `"new year"`, []string{"start", "is not a time", "RFC 3339"}},
	{"end before start", `"2027-01-01T00:00:00Z"`, `"2025-01-01T00:00:00Z"`, `"2027-01-01T00:00:00Z"`, `"2025-01-01T00:00:00Z"`, []string{"end must be after start"}},
	{"two tasks of a name", `name = "check"`, `name = "load"`, `"name": "check"`, `"name": "load"`, []string{`"load" stands more than once`}},
	{"task name", `name = "publish"`, `name = "Publish it"`, `"name": "publish"`, `"name": "Publish it"`, []string{"tasks[2].name", "lower-case letters"}},
	{
		"unknown dependency", `depends_on = ["load"]`, `depends_on = ["extract"]`, `"dependsOn": ["load"]`, `"dependsOn": ["extract"]`,
		[]string{"task check depends on extract, which is no task of this schedule", "load, check, publish"},
	},
	{"circle", `depends_on = ["load"] `, `depends_on = ["publish"] `, ``, ``, []string{"in a circle: check -> publish -> check"}},
	{"no source", `{ home = "reports/load.ipynb" }`, `{}`, `{"home": "reports/load.ipynb"}`, `{}`, []string{"tasks[0].notebook", "exactly one of home, git and object", "none is set"}},
	{
		"two sources", `{ object = "publish.ipynb" }`, `{ object = "publish.ipynb", home = "a.ipynb" }`, `{"object": "publish.ipynb"}`, `{"object": "publish.ipynb", "home": "a.ipynb"}`,
		[]string{"home and object"},
	},
	{"out of the home", `"reports/load.ipynb"`, `"../eve/a.ipynb"`, `"reports/load.ipynb"`, `"../eve/a.ipynb"`, []string{"without .."}},
	{"a script", `"reports/load.ipynb"`, `"load.py"`, `"reports/load.ipynb"`, `"load.py"`, []string{"path of an .ipynb file"}},
	{"repository", `"https://git.example.com/r.git"`, `"git@example.com:r.git"`, `"https://git.example.com/r.git"`, `"git@example.com:r.git"`, []string{"https URL without a user"}},
	{"template", `{{ run.date }}`, `{{ ds }}`, ``, ``, []string{"parameters", `there is no "ds"`, "run.previous_date"}},
	{"parameter name", `{ day =`, `{ "the day" =`, `"name": "day"`, `"name": "the day"`, []string{"parameters", "not starting with a digit"}},
	{"too many retries", `limit = 2`, `limit = 11`, `"limit": 2`, `"limit": 11`, []string{"retries.limit", "between 0 and 10"}},
	{"backoff", `backoff = "30s"`, `backoff = "2h"`, `"backoff": "30s"`, `"backoff": "2h"`, []string{"retries.backoff", "from 1s to 1h"}},
	{"timeout", `"30m"`, `"5s"`, `"30m"`, `"5s"`, []string{"tasks[0].timeout", "must be from 1m to 168h"}},
	{"catch-up", `"All"`, `"Everything"`, `"All"`, `"Everything"`, []string{"catch_up.policy", `"Latest"`}},
	{"catch-up limit", `limit = 5`, `limit = 500`, `"limit": 5`, `"limit": 500`, []string{"catch_up.limit", "between 1 and 100"}},
	{"overlap", `"Forbid"`, `"Queue"`, `"Forbid"`, `"Queue"`, []string{"overlap", `"Replace"`}},
	{"engine", `"Kubernetes"`, `"Argo"`, `"engine": "Kubernetes"`, `"engine": "Argo"`, []string{"engine", `"Kubernetes"`}},
	{"mail", `"ada@example.com"`, `"ada"`, `"ada@example.com"`, `"ada"`, []string{"notify.mail", "ada@example.com"}},
	{"webhook", `["team"]`, `["https://hooks.example.com"]`, `["team"]`, `["https://hooks.example.com"]`, []string{"notify.webhooks", "not its URL"}},
	{"history", `history_limit  = 30`, `history_limit  = 0`, `"historyLimit": 30`, `"historyLimit": 0`, []string{"history_limit", "between 1 and 100"}},
	{"prefix", `"finance"`, `"../x"`, `"finance"`, `"../x"`, []string{"output.prefix"}},
}

// inWorkspace makes the namespace that the operator would have made.
func inWorkspace(t *testing.T, name string) {
	t.Helper()
	ns := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": "ws-" + name}}}
	_, err := server.Admin.Resource(corev1.SchemeGroupVersion.WithResource("namespaces")).Create(context.Background(), ns, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

// nightly is a schedule with a replacement.
func nightly(name string, changes ...string) string {
	return configured(strings.NewReplacer(changes...).Replace(strings.NewReplacer(`"bad"`, `"this"`, `"good"`, `"`+name+`"`).Replace(goodSchedule)))
}

func TestSchedule(t *testing.T) {
	inWorkspace(t, "fraud")
	const this = "atoll_schedule.this"
	at := func(parts ...any) tfjsonpath.Path {
		p := tfjsonpath.New(parts[0].(string))
		for _, part := range parts[1:] {
			if i, ok := part.(int); ok {
				p = p.AtSliceIndex(i)
				continue
			}
			p = p.AtMapKey(part.(string))
		}
		return p
	}
	text := func(s string, p tfjsonpath.Path) statecheck.StateCheck {
		return statecheck.ExpectKnownValue(this, p, knownvalue.StringExact(s))
	}
	empty := []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config: nightly("nightly"),
				ConfigStateChecks: []statecheck.StateCheck{
					text("fraud/nightly", at("id")), text("All", at("catch_up", "policy")), text("10m", at("tasks", 0, "retries", "max_backoff")),
					text("1h", at("tasks", 1, "timeout")), text("2026-01-01T00:00:00Z", at("start")),
				},
			},
			{Config: nightly("nightly"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: empty}},
			// The same times and durations in other words.
			{
				Config:           nightly("nightly", `"2026-01-01T00:00:00Z"`, `"2026-01-01T01:00:00+01:00"`, `"30m"`, `"1800s"`),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: empty},
			},
			{
				Config:           nightly("nightly", `"30 6 * * 1-5"`, `"0 7 * * *"`, `["team"]`, `["team", "other"]`, `["load", "check"]`, `["check"]`),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(this, plancheck.ResourceActionUpdate)}},
			},
			{
				ResourceName: this, ImportState: true, ImportStateVerify: true, ImportStateId: "fraud/nightly",
				ImportStateVerifyIgnore: []string{"timeouts"},
			},
			{ResourceName: this, ImportState: true, ImportStateId: "nightly", ExpectError: regexp.MustCompile(`workspace/name, such as\s+fraud/nightly`)},
			// Somebody edits it by hand: the next plan says so and puts it right.
			{
				PreConfig: func() {
					_, err := server.Admin.Resource(kubetest.Resource("schedules")).Namespace("ws-fraud").Patch(context.Background(), "nightly",
						types.MergePatchType, []byte(`{"spec":{"cron":"@daily"}}`), metav1.PatchOptions{FieldManager: "kubectl-edit"})
					if err != nil {
						t.Fatal(err)
					}
				},
				RefreshState: true, ExpectNonEmptyPlan: true,
			},
			{Config: nightly("nightly", `workspace =`, "force_conflicts = true\n  workspace =")},
			{
				Config: nightly("nightly", `workspace =`, "force_conflicts = true\n  workspace =") +
					"data \"atoll_schedule\" \"this\" {\n  workspace = atoll_schedule.this.workspace\n  name = atoll_schedule.this.name\n}\n",
				ConfigStateChecks: []statecheck.StateCheck{
					statecheck.ExpectKnownValue("data.atoll_schedule.this", at("ready"), knownvalue.Bool(true)),
					statecheck.ExpectKnownValue("data.atoll_schedule.this", at("tasks", 2, "notebook", "object"), knownvalue.StringExact("publish.ipynb")),
					statecheck.ExpectKnownValue("data.atoll_schedule.this", at("runs"), knownvalue.ListSizeExact(0)),
				},
			},
			{
				Config:           nightly("weekly"),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(this, plancheck.ResourceActionReplace)}},
			},
			{
				Config:      configured("data \"atoll_schedule\" \"none\" {\n  workspace = \"fraud\"\n  name = \"none\"\n}\n"),
				ExpectError: regexp.MustCompile(`There is no Schedule ws-fraud/none`),
			},
		},
	})
	_, err := server.Admin.Resource(kubetest.Resource("schedules")).Namespace("ws-fraud").Get(context.Background(), "weekly", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("after destroy: %v", err)
	}
}

func TestScheduleIsImportedByIdentity(t *testing.T) {
	inWorkspace(t, "fraud")
	s := connected(t)
	made := s.create(scheduleKind, `{"workspace":"fraud","name":"identity","owner":"ada","profile":"python","cron":"@daily",
		"tasks":[{"name":"load","notebook":{"home":"load.ipynb"}}]}`)
	if problems := s.problems; len(problems) > 0 {
		t.Fatalf("%v", problems[0])
	}
	if made.identity == nil {
		t.Fatal("it has no identity")
	}
	kubectlCreate(t, "schedules", `{"apiVersion": "atoll.dev/v1alpha1", "kind": "Schedule", "metadata": {"name": "kubectl", "namespace": "ws-fraud"}, "spec":
		{"owner":"ada","profile":"python","cron":"@daily","tasks":[{"name":"load","notebook":{"home":"load.ipynb"}}]}}`)
	imported := s.importByID(scheduleKind, "fraud/kubectl")
	diffs, err := made.value.Diff(imported.value)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diffs {
		switch at := dotted(d.Path); at {
		case "", "id", "name":
		default:
			t.Errorf("%s: the provider's default is %v, the CRD's is %v", at, d.Value1, d.Value2)
		}
	}
}

func TestScheduleInNoWorkspace(t *testing.T) {
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config:      nightly("lost", `"fraud"`, `"nowhere"`),
			ExpectError: regexp.MustCompile(`(?s)workspace of.*does not exist.*no\s+namespace\s+ws-nowhere`),
		}},
	})
}

func TestCronNext(t *testing.T) {
	output := func(arguments string) string {
		return fmt.Sprintf("output \"next\" {\n  value = provider::atoll::cron_next(%s)\n}\n", arguments)
	}
	refused := func(arguments, says string) resource.TestStep {
		return resource.TestStep{Config: configured(output(arguments)), ExpectError: regexp.MustCompile(says)}
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_8_0)},
		Steps: []resource.TestStep{
			{
				Config: configured(output(`"30 2 * * *", "Europe/Amsterdam", "2026-10-24T12:00:00Z", 2`)),
				ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("next", knownvalue.ListExact([]knownvalue.Check{
					knownvalue.StringExact("2026-10-25T02:30:00+02:00"), knownvalue.StringExact("2026-10-26T02:30:00+01:00"),
				}))},
			},
			refused(`"61 * * * *", "UTC", "2026-10-24T12:00:00Z", 2`, `(?s)cron.*61`),
			refused(`"@daily", "Europe/Paname", "2026-10-24T12:00:00Z", 2`, `IANA\s+name`),
			refused(`"@daily", "UTC", "today", 2`, `RFC\s+3339`),
			refused(`"@daily", "UTC", "2026-10-24T12:00:00Z", 0`, `from\s+1\s+to\s+1000`),
		},
	})
}
