package provider_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

const manifest = `{"apiVersion": "atoll.dev/v1alpha1", "kind": %q, "metadata": {"name": %q}, "spec": %s}`

func kubectlCreate(t *testing.T, plural, text string, options ...string) {
	t.Helper()
	if err := tryCreate(plural, text, options...); err != nil {
		t.Fatal(err)
	}
}

func tryCreate(plural, text string, dryRun ...string) error {
	object := &unstructured.Unstructured{}
	if err := json.Unmarshal([]byte(text), &object.Object); err != nil {
		return fmt.Errorf("%w in %s", err, text)
	}
	api := dynamic.ResourceInterface(server.Admin.Resource(kubetest.Resource(plural)))
	if namespace := object.GetNamespace(); namespace != "" {
		api = server.Admin.Resource(kubetest.Resource(plural)).Namespace(namespace)
	}
	_, err := api.Create(context.Background(), object, metav1.CreateOptions{DryRun: dryRun, FieldManager: "kubectl-create"})
	return err
}

// bad is one mistake. The same mistake is made in HCL and in a manifest: terraform validate and the
// API server must both refuse it.
type bad struct {
	name string
	// was and is change the good configuration.
	was, is string
	// spec changes the good manifest likewise; empty where the API has no such rule or field.
	specWas, specIs string
	// says is what terraform says: the attribute and what is allowed.
	says []string
}

const goodWorkspace = `resource "atoll_workspace" "bad" {
  name         = "good"
  display_name = "Good"
  owner        = "carol"
  members      = [{ kind = "User", name = "ada", role = "Member" }]
  profiles     = ["python"]
  quota = { cpu = "8", memory = "16Gi", storage = "100Gi", gpus = 1, servers = 5 }
  home    = { size = "10Gi" }
  backup  = { every = "Day", at = "01:00", keep = 14 }
  culling = { idle_after = "1h", max_hold = "24h" }
  cost_center = "cc-1"
  deletion_policy = "Retain"
  classification_ceiling = "C2"
}
`

const goodWorkspaceManifest = `{"apiVersion": "atoll.dev/v1alpha1", "kind": "Workspace", "metadata": {"name": "good"}, "spec": {
	"displayName": "Good", "owner": "carol", "members": [{"kind": "User", "name": "ada", "role": "Member"}], "profiles": ["python"],
	"quota": {"cpu": "8", "memory": "16Gi", "storage": "100Gi", "gpus": 1, "servers": 5}, "home": {"size": "10Gi"},
	"backup": {"every": "Day", "at": "01:00", "keep": 14},
	"culling": {"idleAfter": "1h", "maxHold": "24h"}, "costCenter": "cc-1", "deletionPolicy": "Retain", "classificationCeiling": "C2"}}`

var long = strings.Repeat("x", 254)

var badWorkspaces = []bad{
	{"name in capitals", `"good"`, `"Fraud"`, `"good"`, `"Fraud"`, []string{"name", "1 to 40 lower-case letters, digits and hyphens"}},
	{"name of 41", `"good"`, `"` + long[:41] + `"`, `"good"`, `"` + long[:41] + `"`, []string{"name", "between 1 and 40"}},
	{"no display name", `"Good"`, `""`, `"Good"`, `""`, []string{"display_name", "between 1 and 63"}},
	{"owner with a space", `"carol"`, `"carol smith"`, `"carol"`, `"carol smith"`, []string{"owner", "must not contain white space"}},
	{"owner missing", `  owner        = "carol"`, ``, `"owner": "carol", `, ``, []string{`"owner" is required`}},
	{"member kind", `kind = "User"`, `kind = "Robot"`, `"kind": "User"`, `"kind": "Robot"`, []string{"kind", `"User"`, `"Group"`}},
	{"member role", `role = "Member"`, `role = "Admin"`, `"role": "Member"`, `"role": "Admin"`, []string{"role", `"Owner"`, `"Viewer"`}},
	{"member name", `name = "ada"`, `name = "ada b"`, `"name": "ada"`, `"name": "ada b"`, []string{"name", "must not contain white space"}},
	{
		"member twice", `role = "Member" }`, `role = "Member" }, { name = "ada", role = "Owner" }`, `"role": "Member"}`, `"role": "Member"}, {"kind": "User", "name": "ada", "role": "Owner"}`,
		[]string{`members has User "ada" more than once`},
	},
	{"no profile", `["python"]`, `[]`, `["python"]`, `[]`, []string{"profiles", "at least 1"}},
	{"profile name", `["python"]`, `["Python 3"]`, `["python"]`, `["Python 3"]`, []string{"profiles", "lower-case letters, digits and hyphens"}},
	{"cpu of zero", `cpu = "8"`, `cpu = "0"`, `"cpu": "8"`, `"cpu": "0"`, []string{"quota.cpu", "must be greater than 0", `"8"`}},
	{"cpu below zero", `cpu = "8"`, `cpu = "-1"`, `"cpu": "8"`, `"cpu": "-1"`, []string{"quota.cpu", "must be greater than 0"}},
	{"memory in words", `"16Gi"`, `"16 gigs"`, `"16Gi"`, `"16 gigs"`, []string{"quota.memory", "is not a quantity", `"16Gi"`}},
	{"storage missing", `storage = "100Gi", `, ``, `"storage": "100Gi", `, ``, []string{`"storage" is required`}},
	{"gpus below zero", `gpus = 1`, `gpus = -1`, `"gpus": 1`, `"gpus": -1`, []string{"quota.gpus", "between 0 and 10000"}},
	{"no server", `servers = 5`, `servers = 0`, `"servers": 5`, `"servers": 0`, []string{"quota.servers", "between 1 and 10000"}},
	{"home of zero", `size = "10Gi"`, `size = "0"`, `"size": "10Gi"`, `"size": "0"`, []string{"home.size", "must be greater than 0"}},
	{"storage class too long", `size = "10Gi"`, `storage_class_name = "` + long + `"`, `"size": "10Gi"`, `"storageClassName": "` + long + `"`, []string{"home.storage_class_name", "at most 253"}},
	{"backup every so often", `"Day"`, `"Daily"`, `"Day"`, `"Daily"`, []string{"backup.every", `"Never"`, `"Hour"`, `"Day"`, `"Week"`}},
	{"backup by cron", `"Day"`, `"0 1 * * *"`, `"Day"`, `"0 1 * * *"`, []string{"backup.every", `"Week"`}},
	{"backup at no time", `"01:00"`, `"25:00"`, `"01:00"`, `"25:00"`, []string{"backup.at", "from 00:00 to 23:59"}},
	{"backup at one", `"01:00"`, `"1:00"`, `"01:00"`, `"1:00"`, []string{"backup.at", "from 00:00 to 23:59"}},
	{"backup with a zone", `"01:00"`, `"01:00 CET"`, `"01:00"`, `"01:00 CET"`, []string{"backup.at", "time of day in UTC"}},
	{"no backup kept", `keep = 14`, `keep = 0`, `"keep": 14`, `"keep": 0`, []string{"backup.keep", "between 1 and 366"}},
	{"too many backups kept", `keep = 14`, `keep = 367`, `"keep": 14`, `"keep": 367`, []string{"backup.keep", "between 1 and 366"}},
	{"idle too soon", `"1h"`, `"1m"`, `"1h"`, `"1m"`, []string{"culling.idle_after", "must be from 5m to 168h"}},
	{"idle in days", `"1h"`, `"1d"`, `"1h"`, `"1d"`, []string{"culling.idle_after", "is not a duration", `"90m"`}},
	{"hold too long", `"24h"`, `"169h"`, `"24h"`, `"169h"`, []string{"culling.max_hold", "must be from 0s to 168h"}},
	{"class of data", `"C2"`, `"secret"`, `"C2"`, `"secret"`, []string{"classification_ceiling", `"C1"`, `"C4"`}},
	{"cost center", `"cc-1"`, `"cc 1"`, `"cc-1"`, `"cc 1"`, []string{"cost_center", "letters, digits"}},
	{"deletion policy", `"Retain"`, `"Keep"`, `"Retain"`, `"Keep"`, []string{"deletion_policy", `"Retain"`, `"Snapshot"`, `"Delete"`}},
	{"unknown attribute", `cost_center =`, `cost_centre =`, ``, ``, []string{"cost_centre", `Did you mean "cost_center"?`}},
	{"timeout", `cost_center =`, "timeouts = { create = \"soon\" }\n  cost_center =", ``, ``, []string{`"soon" must be`, `"2h45m"`}},
}

const goodProfile = `resource "atoll_profile" "bad" {
  name         = "good"
  display_name = "Good"
  description  = "Fine"
  image        = "docker.io/atoll/notebook:0.1.0"
  sizes = [{
    name = "small", display_name = "Small", default = true
    cpu = { guarantee = "1", limit = "2" }, memory = { guarantee = "1Gi", limit = "2Gi" }
    gpu = { count = 1, resource = "nvidia.com/gpu" }
  }]
  env = { LEVEL = "info" }
  packages = ["pandas"]
  node_pool = { tolerations = [{ key = "spot", value = "yes", effect = "NoSchedule" }] }
}
`

const goodProfileManifest = `{"apiVersion": "atoll.dev/v1alpha1", "kind": "Profile", "metadata": {"name": "good"}, "spec": {
	"displayName": "Good", "description": "Fine", "image": "docker.io/atoll/notebook:0.1.0", "sizes": [{
		"name": "small", "displayName": "Small", "default": true,
		"cpu": {"guarantee": "1", "limit": "2"}, "memory": {"guarantee": "1Gi", "limit": "2Gi"},
		"gpu": {"count": 1, "resource": "nvidia.com/gpu"}}],
	"env": [{"name": "LEVEL", "value": "info"}], "packages": ["pandas"],
	"nodePool": {"tolerations": [{"key": "spot", "value": "yes", "effect": "NoSchedule"}]}}}`

const (
	anotherSize     = `}, { name = "NAME", default = true, cpu = { guarantee = "1", limit = "2" }, memory = { guarantee = "1Gi", limit = "2Gi" } }]`
	anotherLiveSize = `}}, {"name": "NAME", "default": true, "cpu": {"guarantee": "1", "limit": "2"}, "memory": {"guarantee": "1Gi", "limit": "2Gi"}}],`
)

func named(name, size string) string { return strings.ReplaceAll(size, "NAME", name) }

var badProfiles = []bad{
	{"image of no tag", `notebook:0.1.0`, `notebook`, `notebook:0.1.0`, `notebook`, []string{"image must be pinned by a digest", "name:1.2.3"}},
	{"image of latest", `notebook:0.1.0`, `notebook:latest`, `notebook:0.1.0`, `notebook:latest`, []string{"tag other than latest"}},
	{"image of half a digest", `notebook:0.1.0`, `notebook@sha256:abc`, `notebook:0.1.0`, `notebook@sha256:abc`, []string{"name@sha256:"}},
	{
		"guarantee above the limit", `guarantee = "1", limit = "2"`, `guarantee = "3", limit = "2"`, `"guarantee": "1", "limit": "2"`, `"guarantee": "3", "limit": "2"`,
		[]string{"sizes[0].cpu.guarantee must not exceed sizes[0].cpu.limit"},
	},
	{"memory of zero", `guarantee = "1Gi"`, `guarantee = "0"`, `"guarantee": "1Gi"`, `"guarantee": "0"`, []string{"sizes[0].memory.guarantee", "greater than 0"}},
	{"limit missing", `, limit = "2Gi"`, ``, `, "limit": "2Gi"`, ``, []string{`"limit" is required`}},
	{"two defaults", `}]
  env`, named("large", anotherSize) + "\n  env", `}}],`, named("large", anotherLiveSize), []string{"At most one size may be the default", "sizes[0]"}},
	{
		"two of a name", `}]
  env`, strings.Replace(named("small", anotherSize), "default = true, ", "", 1) + "\n  env", `}}],`, strings.Replace(named("small", anotherLiveSize), `"default": true, `, "", 1),
		[]string{"names of sizes must be distinct", `"small"`},
	},
	{"size name", `name = "small"`, `name = "S M"`, `"name": "small"`, `"name": "S M"`, []string{"sizes[0].name", "lower-case letters"}},
	{"gpus of zero", `count = 1`, `count = 0`, `"count": 1`, `"count": 0`, []string{"sizes[0].gpu.count", "between 1 and 64"}},
	{"gpu resource", `"nvidia.com/gpu"`, `"gpu"`, `"nvidia.com/gpu"`, `"gpu"`, []string{"sizes[0].gpu.resource", "nvidia.com/gpu"}},
	{"name of a variable", `LEVEL =`, `"1LEVEL" =`, `"LEVEL"`, `"1LEVEL"`, []string{"env", "not starting with a digit"}},
	{"description too long", `"Fine"`, `"` + strings.Repeat("x", 1025) + `"`, `"Fine"`, `"` + strings.Repeat("x", 1025) + `"`, []string{"description", "at most 1024"}},
	{"empty package", `["pandas"]`, `[""]`, `["pandas"]`, `[""]`, []string{"packages", "between 1 and 128"}},
	{"effect", `"NoSchedule"`, `"Never"`, `"NoSchedule"`, `"Never"`, []string{"effect", `"NoExecute"`}},
	{"toleration of no key", `key = "spot"`, `key = ""`, `"key": "spot"`, `"key": ""`, []string{"tolerations[0].key", "between 1 and 253"}},
}

var badProviders = []bad{
	{name: "two clusters", is: "host = \"https://a\"\n  kubeconfig = \"k\"", says: []string{"kubeconfig and host contradict each other", "one of kubeconfig, host and eks"}},
	{name: "eks and context", is: "eks = { cluster_name = \"a\", region = \"eu-central-1\" }\n  context = \"c\"", says: []string{"context needs a kubeconfig"}},
	{name: "token without host", is: `token = "t"`, says: []string{"token needs host"}},
	{name: "token and exec", is: "host = \"https://a\"\n  token = \"t\"\n  exec = { command = \"c\" }", says: []string{"token and exec contradict each other"}},
	{name: "host without scheme", is: `host = "10.0.0.1:6443"`, says: []string{"host", "must be a URL"}},
	{name: "certificate as a path", is: "host = \"https://a\"\n  cluster_ca_certificate = \"/ca.pem\"", says: []string{"cluster_ca_certificate is not a certificate", "file(...)"}},
	{name: "region", is: `eks = { cluster_name = "a", region = "Frankfurt" }`, says: []string{"eks.region", "eu-central-1"}},
	{name: "eks without region", is: `eks = { cluster_name = "a" }`, says: []string{`"region" is required`}},
	{name: "exec version", is: "host = \"https://a\"\n  exec = { command = \"c\", api_version = \"v1\" }", says: []string{"exec.api_version", "client.authentication.k8s.io/v1"}},
}

// TestBadInput puts every mistake into a file of its own and validates them all at once.
func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	write := func(file, text string) {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("main.tf", required)
	cases := map[string]bad{}
	add := func(kind, good, manifest, plural string, all []bad) {
		for i, c := range all {
			label := fmt.Sprintf("%s-%d", kind, i)
			cases[label+".tf"] = c
			text := strings.Replace(strings.Replace(good, `"bad"`, `"`+label+`"`, 1), c.was, c.is, 1)
			if c.was == "" {
				text = fmt.Sprintf("provider \"atoll\" {\n  alias = %q\n  %s\n}\ndata \"atoll_profiles\" %q {\n  provider = atoll.%s\n}\n", label, c.is, label, label)
			}
			write(label+".tf", text)
			if c.specWas == "" {
				continue
			}
			mistake := strings.Replace(manifest, c.specWas, c.specIs, 1)
			if err := tryCreate(plural, mistake, metav1.DryRunAll); !apierrors.IsInvalid(err) {
				t.Errorf("%s: the API server takes it: %v\n%s", c.name, err, mistake)
			}
		}
	}
	kubectlCreate(t, "workspaces", goodWorkspaceManifest, metav1.DryRunAll)
	kubectlCreate(t, "profiles", goodProfileManifest, metav1.DryRunAll)
	kubectlCreate(t, "datasets", goodDatasetManifest, metav1.DryRunAll)
	kubectlCreate(t, "datagrants", goodGrantManifest, metav1.DryRunAll)
	add("workspace", goodWorkspace, goodWorkspaceManifest, "workspaces", badWorkspaces)
	add("profile", goodProfile, goodProfileManifest, "profiles", badProfiles)
	add("schedule", goodSchedule, goodScheduleManifest, "schedules", badSchedules)
	add("dataset", goodDataset, goodDatasetManifest, "datasets", badDatasets)
	add("grant", goodGrant, goodGrantManifest, "datagrants", badGrants)
	add("provider", "", "", "", badProviders)
	write("good.tf", goodWorkspace+goodProfile+goodSchedule+goodDataset+goodGrant)

	said := validate(t, dir)
	if problems := said["good.tf"]; len(problems) > 0 {
		t.Errorf("the good configuration is refused: %v", problems)
	}
	for file, c := range cases {
		text := strings.Join(said[file], "\n")
		for _, want := range c.says {
			if !strings.Contains(text, want) {
				t.Errorf("%s: terraform does not say %q but:\n%s", c.name, want, text)
			}
		}
	}
}

// validate returns what terraform validate says of each file.
func validate(t *testing.T, dir string) map[string][]string {
	t.Helper()
	out, _ := newModule(t, dir).run(t, "validate", "-json")
	var report struct {
		Diagnostics []struct {
			Summary, Detail string
			Range           struct{ Filename string }
			Snippet         struct{ Code string }
		}
	}
	_, found, _ := strings.Cut(out, "{")
	if err := json.Unmarshal([]byte("{"+found), &report); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if len(report.Diagnostics) == 0 {
		t.Fatalf("terraform says nothing: %s", out)
	}
	said := map[string][]string{}
	for _, d := range report.Diagnostics {
		said[d.Range.Filename] = append(said[d.Range.Filename], d.Summary+": "+strings.Join(strings.Fields(d.Detail), " ")+" at "+d.Snippet.Code)
	}
	return said
}
