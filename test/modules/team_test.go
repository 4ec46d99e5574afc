package modules_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

// grantFile is a grant whose window is to be filled in.
const grantFile = `subject: {kind: User, name: ada}
dataset: daily-numbers
selector: {prefix: 2027/}
actions: [Read, List]
notBefore: %s
notAfter: %s
ceiling: C2
purpose: Compare the forecast with what the shops sold.
requestedBy: ada
approvedBy: [carol]
`

// TestTeam applies the team's repository with the real provider to a real API server. A stand-in for the operator
// marks what is made Ready, as the operator would.
func TestTeam(t *testing.T) {
	server, err := kubetest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	kubeconfig, err := server.Kubeconfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f := tree(t, "examples/team-repo")
	f.env = []string{"TF_VAR_kubeconfig=" + kubeconfig, "TF_VAR_context=test"}
	f.init()
	begin := time.Now().UTC().Truncate(time.Hour)
	f.write("team/grants/ada-numbers.yaml", fmt.Sprintf(grantFile, begin.Format(time.RFC3339), begin.Add(24*time.Hour).Format(time.RFC3339)))

	apply := f.must("apply", "-auto-approve", "-no-color")
	if !strings.Contains(apply, "7 added, 0 changed, 0 destroyed") {
		t.Errorf("apply made something else:\n%s", apply)
	}
	for plural, names := range map[string][]string{"workspaces": {"forecasting", "pricing"}, "profiles": {"science", "boards"}, "datasets": {"daily-numbers"}, "datagrants": {"ada-numbers"}} {
		for _, name := range names {
			if _, err := server.Admin.Resource(kubetest.Resource(plural)).Get(t.Context(), name, metav1.GetOptions{}); err != nil {
				t.Errorf("%s %s is not in the cluster: %v", plural, name, err)
			}
		}
	}
	if _, err := server.Admin.Resource(kubetest.Resource("schedules")).Namespace("ws-forecasting").Get(t.Context(), "daily-numbers", metav1.GetOptions{}); err != nil {
		t.Errorf("the schedule is not in the cluster: %v", err)
	}
	if out, code := f.run("plan", "-detailed-exitcode", "-no-color"); code != 0 {
		t.Errorf("a second plan exited with %d:\n%s", code, out)
	}
	if out := f.must("output", "-json", "workspaces"); !strings.Contains(out, kubetest.HubURL) {
		t.Errorf("the output does not tell where the hub is: %s", out)
	}

	t.Run("a change", func(t *testing.T) {
		f.replace("team/workspaces/pricing.yaml", "servers: 2", "servers: 3")
		out, code := f.run("plan", "-detailed-exitcode", "-no-color")
		for _, want := range []string{`atoll_workspace.this["pricing"] will be updated in-place`, "servers = 2 -> 3", "1 to change, 0 to destroy"} {
			if code != 2 || !strings.Contains(out, want) {
				t.Errorf("plan exited with %d and lacks %q:\n%s", code, want, out)
			}
		}
		f.must("apply", "-auto-approve", "-no-color")
	})

	t.Run("a broken file keeps all as it is", func(t *testing.T) {
		before := server.Requests.Seen()
		f.replace("team/workspaces/forecasting.yaml", "servers: 5", "servers: many")
		out, code := f.run("apply", "-auto-approve", "-no-color")
		want := `workspaces/forecasting.yaml: quota.servers: it is a text; how many servers may run at a time`
		if code == 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("apply exited with %d and not with %q:\n%s", code, want, out)
		}
		for _, request := range server.Requests.Seen()[len(before):] {
			if !strings.HasPrefix(request, "LIST ") && !strings.HasPrefix(request, "GET ") {
				t.Errorf("a broken file led to %s", request)
			}
		}
	})
}

// TestTeamFiles has one mistake in one file each, and what is said of it.
func TestTeamFiles(t *testing.T) {
	const (
		forecasting, science = "team/workspaces/forecasting.yaml", "team/profiles/science.yaml"
		numbersData          = "team/datasets/daily-numbers.yaml"
		numbers              = "team/schedules/forecasting/daily-numbers.yaml"
	)
	tests := map[string]struct{ file, old, text, want string }{
		"a field that is none":           {forecasting, "costCenter:", "costcentre:", "workspaces/forecasting.yaml: costcentre: there is no such field; there are backup, classificationCeiling, costCenter,"},
		"a nested field that is none":    {forecasting, "cpu: 4", "cpus: 4, cpu: 4", "workspaces/forecasting.yaml: quota.cpus: there is no such field; there are cpu, gpus, memory, servers, storage"},
		"a field in a list that is none": {forecasting, "{name: ada}", "{name: ada, rôle: Owner}", "workspaces/forecasting.yaml: members[0].rôle: there is no such field; there are kind, name, role"},
		"a missing field":                {forecasting, "owner: carol\n", "", "workspaces/forecasting.yaml: owner: it is missing; the user name of the person who answers for it"},
		"a missing nested field":         {forecasting, "memory: 8Gi, ", "", "workspaces/forecasting.yaml: quota.memory: it is missing; the sum of all memory limits"},
		"a missing field in a list":      {science, "  - name: medium\n    cpu:", "  - cpu:", "profiles/science.yaml: sizes[1].name: it is missing"},
		"a field three deep":             {science, "limit: 2}", "limit: two}", `profiles/science.yaml: sizes[1].cpu.limit: "two" does not fit; cores, such as 2`},
		"a word that is not offered":     {forecasting, "role: Viewer", "role: Guest", `workspaces/forecasting.yaml: members[1].role: "Guest" does not fit; Owner, Member or Viewer`},
		"a text for a list":              {forecasting, "profiles: [science, boards]", "profiles: science", "workspaces/forecasting.yaml: profiles: it is a text; a list of names of profiles"},
		"nothing for a value":            {forecasting, "owner: carol", "owner:", "workspaces/forecasting.yaml: owner: it is empty; the user name"},
		"an image that floats":           {science, "notebook:0.1.0", "notebook", "profiles/science.yaml: image: \"docker.io/atoll/notebook\" does not fit; an image that is pinned"},
		"a number in a map":              {"team/profiles/boards.yaml", "REPORT_LOCALE: en_GB", "REPORT_LOCALE: 7", "profiles/boards.yaml: env.REPORT_LOCALE: it has to be a text; put it in quotes"},
		"a profile that is none":         {forecasting, "[science, boards]", "[science, pandas]", "workspaces/forecasting.yaml: profiles: there is no pandas; there are boards, science."},
		"a task without a name":          {numbers, "- name: publish\n    notebook:", "- notebook:", "schedules/forecasting/daily-numbers.yaml: tasks[1].name: it is missing"},
		"a field of a task that is none": {numbers, "limit: 2,", "limit: 2, times: 3,", "schedules/forecasting/daily-numbers.yaml: tasks[0].retries.times: there is no such field; there are backoff, limit, maxBackoff"},
		"a field five deep":              {numbers, "home: numbers/load.ipynb", "git: {repository: \"git@example.com:x.git\", path: load.ipynb}", "schedules/forecasting/daily-numbers.yaml: tasks[0].notebook.git.repository: \"git@example.com:x.git\" does not fit; an https URL"},
		"a cron that is none":            {numbers, "30 6 * * 1-5", "every day", "schedules/forecasting/daily-numbers.yaml: cron: \"every day\" does not fit; minute, hour,"},
		"a profile that is not allowed":  {numbers, "profile: science", "profile: pandas", "schedules/forecasting/daily-numbers.yaml: profile: workspaces/forecasting.yaml does not allow pandas; it allows science, boards."},
		"a place that is none":           {numbersData, "bucket: lake", "bucket: The Lake", "datasets/daily-numbers.yaml: location.objectPrefix.bucket: \"The Lake\" does not fit; the name of a bucket"},
		"a class that is none":           {numbersData, "C2", "secret", "datasets/daily-numbers.yaml: classification: \"secret\" does not fit; C1, C2, C3 or C4"},
		"a source that is none":          {numbersData, "owner: carol", "owner: carol\nderivedFrom: [sales]", "datasets/daily-numbers.yaml: derivedFrom: there is no sales; there are daily-numbers."},
		"a file that is not YAML":        {forecasting, "owner: carol", "owner: [carol", "workspaces/forecasting.yaml: it is not YAML; look at its indentation and quotes"},
	}
	f := tree(t, "examples/team-repo").init()
	f.env = []string{"KUBE_HOST=http://127.0.0.1:1"}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			whole := read(t, filepath.Join(f.dir, tt.file))
			f.replace(tt.file, tt.old, tt.text)
			defer f.write(tt.file, whole)
			out, code := f.run("plan", "-no-color", "-refresh=false")
			if code == 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), tt.want) {
				t.Errorf("plan exited with %d and not with %q:\n%s", code, tt.want, out)
			}
		})
	}
	grant := func(old, text string) string {
		return strings.Replace(fmt.Sprintf(grantFile, "2027-01-31T08:00:00Z", "2027-02-28T08:00:00Z"), old, text, 1)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"a grant without an end":        {grant("notAfter: 2027-02-28T08:00:00Z\n", ""), "grants/ada-numbers.yaml: notAfter: it is missing; a time in UTC and whole seconds"},
		"a grant in another zone":       {grant("2027-02-28T08:00:00Z", "2027-02-28T08:00:00+01:00"), "grants/ada-numbers.yaml: notAfter: \"2027-02-28T08:00:00+01:00\" does not fit"},
		"a grant of everything":         {grant("[Read, List]", "[All]"), "grants/ada-numbers.yaml: actions[0]: \"All\" does not fit; a list: of objects Read,"},
		"a grant of an unknown dataset": {grant("dataset: daily-numbers", "dataset: weekly"), "grants/ada-numbers.yaml: dataset: there is no weekly; there are daily-numbers."},
		"a grant for no workspace":      {grant("{kind: User, name: ada}", "{kind: Workspace, name: risk}"), "grants/ada-numbers.yaml: subject.name: there is no workspace risk; there are forecasting, pricing."},
		"a window that ends first":      {grant("2027-02-28", "2027-01-01"), "not_after"},
	} {
		t.Run(name, func(t *testing.T) {
			f.write("team/grants/ada-numbers.yaml", tt.text)
			defer func() { _ = os.Remove(filepath.Join(f.dir, "team/grants/ada-numbers.yaml")) }()
			out, code := f.run("plan", "-no-color", "-refresh=false")
			if code == 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), tt.want) {
				t.Errorf("plan exited with %d and not with %q:\n%s", code, tt.want, out)
			}
		})
	}
	for name, tt := range map[string]struct{ file, like, want string }{
		"a file of no kind":              {"team/workspace/x.yaml", forecasting, "There is nobody to read workspace/x.yaml. Files are datasets/<name>.yaml, grants/<name>.yaml, profiles/<name>.yaml, schedules/<workspace>/<name>.yaml,"},
		"a file with another ending":     {"team/workspaces/x.yml", forecasting, "There is nobody to read workspaces/x.yml."},
		"a name that is none":            {"team/workspaces/Risk_1.yaml", forecasting, "workspaces/Risk_1.yaml: the name of the file is the object's name: 1 to 40"},
		"a schedule without a workspace": {"team/schedules/daily.yaml", numbers, "There is nobody to read schedules/daily.yaml."},
		"a workspace that is none":       {"team/schedules/risk/daily.yaml", numbers, "schedules/risk/daily.yaml: there is no workspace risk; there are forecasting, pricing."},
	} {
		t.Run(name, func(t *testing.T) {
			f.write(tt.file, read(t, filepath.Join(f.dir, tt.like)))
			defer func() { _ = os.Remove(filepath.Join(f.dir, tt.file)) }()
			out, code := f.run("plan", "-no-color", "-refresh=false")
			if code == 0 || !strings.Contains(strings.Join(strings.Fields(out), " "), tt.want) {
				t.Errorf("plan exited with %d and not with %q:\n%s", code, tt.want, out)
			}
		})
	}
}
