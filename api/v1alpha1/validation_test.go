package v1alpha1_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/api/crds"
	"github.com/atoll-platform/atoll/internal/apitest"
)

const (
	goodWorkspace = `
apiVersion: atoll.dev/v1alpha1
kind: Workspace
metadata: {name: fraud}
spec:
  displayName: Fraud
  owner: ada
  members:
  - {kind: User, name: bob, role: Member}
  - {kind: Group, name: analysts, role: Viewer}
  profiles: [python]
  quota: {cpu: "8", memory: 16Gi, gpus: 1, storage: 100Gi, servers: 5}
  home: {size: 10Gi, storageClassName: fast}
  backup: {every: Week, at: "22:30", keep: 8}
  culling: {idleAfter: 30m, maxHold: 8h}
  classificationCeiling: C3
  costCenter: cc-42
  deletionPolicy: Retain
`
	goodProfile = `
apiVersion: atoll.dev/v1alpha1
kind: Profile
metadata: {name: python}
spec:
  displayName: Python
  image: docker.io/atoll/notebook:0.1.0
  sizes:
  - {name: small, default: true, cpu: {guarantee: 100m, limit: 1}, memory: {guarantee: 256Mi, limit: 1Gi}}
  - {name: gpu, cpu: {guarantee: 1, limit: 4}, memory: {guarantee: 4Gi, limit: 8Gi}, gpu: {count: 1}}
  nodePool: {nodeSelector: {pool: gpu}, tolerations: [{key: gpu, effect: NoSchedule}]}
  env: [{name: MODE, value: fast}]
  packages: [pandas==2.3.0]
`
)

// kube is a client of a real API server: its rules are what is tested.
var kube client.Client

func TestMain(m *testing.M) {
	os.Exit(apitest.Run(m, func(s *apitest.Server) {
		scheme := runtime.NewScheme()
		utilruntime.Must(apiextensionsv1.AddToScheme(scheme))
		var err error
		kube, err = client.New(s.Config, client.Options{Scheme: scheme})
		utilruntime.Must(err)
	}))
}

// edit changes an object: it sets the field at a path of names and list positions, or removes it where the
// value is nil.
type edit struct {
	path  string
	value any
}

type refused struct {
	name string
	edit []edit
	// want are parts of the message: the field, and what is allowed.
	want []string
}

var workspaces = []refused{
	{"a name in upper case", []edit{{"metadata.name", "Fraud"}}, []string{"metadata.name", "lower case"}},
	{"a name with a dot", []edit{{"metadata.name", "fraud.emea"}}, []string{"metadata.name", "1 to 40 lower-case letters, digits and hyphens"}},
	{"a name too long", []edit{{"metadata.name", strings.Repeat("a", 41)}}, []string{"metadata.name", "1 to 40"}},
	{"no display name", []edit{{"spec.displayName", nil}}, []string{"spec.displayName", "Required value"}},
	{"a display name too long", []edit{{"spec.displayName", strings.Repeat("a", 64)}}, []string{"spec.displayName", "63"}},
	{"no owner", []edit{{"spec.owner", ""}}, []string{"spec.owner", "at least 1"}},
	{"an owner with a blank", []edit{{"spec.owner", "ada lovelace"}}, []string{"spec.owner", "must not contain white space"}},
	{"a role that is none", []edit{{"spec.members.0.role", "Admin"}}, []string{"spec.members[0].role", `"Owner", "Member", "Viewer"`}},
	{"a member that is neither", []edit{{"spec.members.0.kind", "Robot"}}, []string{"spec.members[0].kind", `"User", "Group"`}},
	{"a member with a blank", []edit{{"spec.members.1.name", "data team"}}, []string{"spec.members[1].name", "must not contain white space"}},
	{"a member twice", []edit{{"spec.members.1", map[string]any{"kind": "User", "name": "bob", "role": "Owner"}}}, []string{"spec.members[1]", "Duplicate value"}},
	{"no profiles", []edit{{"spec.profiles", []any{}}}, []string{"spec.profiles", "at least 1"}},
	{"a profile twice", []edit{{"spec.profiles", []any{"python", "python"}}}, []string{"spec.profiles[1]", "Duplicate value"}},
	{"a profile that is no name", []edit{{"spec.profiles", []any{"Python 3"}}}, []string{"spec.profiles[0]", "[a-z0-9]"}},
	{"no quota", []edit{{"spec.quota", nil}}, []string{"spec.quota", "Required value"}},
	{"a quota without memory", []edit{{"spec.quota.memory", nil}}, []string{"spec.quota.memory", "Required value"}},
	{"no CPU at all", []edit{{"spec.quota.cpu", "0"}}, []string{"spec.quota.cpu", "greater than 0", "500m"}},
	{"less than no CPU", []edit{{"spec.quota.cpu", int64(-1)}}, []string{"spec.quota.cpu", "greater than 0"}},
	{"an amount that is none", []edit{{"spec.quota.memory", "16 gigabytes"}}, []string{"spec.quota.memory", "16 gigabytes"}},
	{"no storage", []edit{{"spec.quota.storage", "0Gi"}}, []string{"spec.quota.storage", "greater than 0", "100Gi"}},
	{"no servers", []edit{{"spec.quota.servers", int64(0)}}, []string{"spec.quota.servers", "greater than or equal to 1"}},
	{"less than no GPUs", []edit{{"spec.quota.gpus", int64(-1)}}, []string{"spec.quota.gpus", "greater than or equal to 0"}},
	{"an empty home", []edit{{"spec.home.size", "0"}}, []string{"spec.home.size", "greater than 0"}},
	{"backed up daily", []edit{{"spec.backup.every", "Daily"}}, []string{"spec.backup.every", `"Never", "Hour", "Day", "Week"`}},
	{"backed up at no time", []edit{{"spec.backup.at", "24:00"}}, []string{"spec.backup.at", "[01][0-9]|2[0-3]"}},
	{"no backup kept", []edit{{"spec.backup.keep", int64(0)}}, []string{"spec.backup.keep", "greater than or equal to 1"}},
	{"a year of backups and a day", []edit{{"spec.backup.keep", int64(367)}}, []string{"spec.backup.keep", "less than or equal to 366"}},
	{"culled at once", []edit{{"spec.culling.idleAfter", "1m"}}, []string{"spec.culling.idleAfter", "5m to 168h"}},
	{"held for ever", []edit{{"spec.culling.maxHold", "1000h"}}, []string{"spec.culling.maxHold", "0s to 168h"}},
	{"a time that is none", []edit{{"spec.culling.idleAfter", "an hour"}}, []string{"spec.culling.idleAfter", "5m to 168h"}},
	{"culled a second too soon", []edit{{"spec.culling.idleAfter", "4m59s"}}, []string{"spec.culling.idleAfter", "5m to 168h"}},
	{"never culled", []edit{{"spec.culling.idleAfter", "169h"}}, []string{"spec.culling.idleAfter", "5m to 168h"}},
	{"culled before it starts", []edit{{"spec.culling.idleAfter", "-1h"}}, []string{"spec.culling.idleAfter", "5m to 168h"}},
	{"held for less than nothing", []edit{{"spec.culling.maxHold", "-1s"}}, []string{"spec.culling.maxHold", "0s to 168h"}},
	{"held for days", []edit{{"spec.culling.maxHold", "1d"}}, []string{"spec.culling.maxHold", "0s to 168h"}},
	{"held for a number", []edit{{"spec.culling.maxHold", int64(8)}}, []string{"spec.culling.maxHold", "string"}},
	{"a class that is none", []edit{{"spec.classificationCeiling", "C5"}}, []string{"spec.classificationCeiling", `"C1", "C2", "C3", "C4"`}},
	{"a cost center that is no label", []edit{{"spec.costCenter", "a b"}}, []string{"spec.costCenter", "A-Za-z0-9"}},
	{"a policy that is none", []edit{{"spec.deletionPolicy", "Burn"}}, []string{"spec.deletionPolicy", `"Retain", "Snapshot", "Delete"`}},
	{"a field that does not exist", []edit{{"spec.quotas", "8"}}, []string{"unknown field", "spec.quotas"}},
}

var profiles = []refused{
	{"a name with an underscore", []edit{{"metadata.name", "py_3"}}, []string{"metadata.name"}},
	{"a name too long", []edit{{"metadata.name", strings.Repeat("a", 41)}}, []string{"metadata.name", "1 to 40"}},
	{"no image", []edit{{"spec.image", nil}}, []string{"spec.image", "Required value"}},
	{"the latest image", []edit{{"spec.image", "docker.io/atoll/notebook:latest"}}, []string{"spec.image", "other than latest"}},
	{"an image without a tag", []edit{{"spec.image", "docker.io/atoll/notebook"}}, []string{"spec.image", "pinned by a digest"}},
	{"the port of a registry is no tag", []edit{{"spec.image", "registry:5000/notebook"}}, []string{"spec.image", "pinned by a digest"}},
	{"no sizes", []edit{{"spec.sizes", []any{}}}, []string{"spec.sizes", "at least 1"}},
	{"a guarantee beyond the limit", []edit{{"spec.sizes.0.cpu.guarantee", "2"}}, []string{"spec.sizes[0].cpu.guarantee", "must not exceed cpu.limit"}},
	{"a memory guarantee beyond the limit", []edit{{"spec.sizes.1.memory.guarantee", "9Gi"}}, []string{"spec.sizes[1].memory.guarantee", "must not exceed memory.limit"}},
	{"no memory at all", []edit{{"spec.sizes.0.memory.guarantee", "0"}}, []string{"spec.sizes[0].memory.guarantee", "greater than 0"}},
	{"a size without CPU", []edit{{"spec.sizes.0.cpu", nil}}, []string{"spec.sizes[0].cpu", "Required value"}},
	{"two defaults", []edit{{"spec.sizes.1.default", true}}, []string{"spec.sizes", "at most one size may be the default"}},
	{"a size twice", []edit{{"spec.sizes.1.name", "small"}}, []string{"spec.sizes[1]", "Duplicate value"}},
	{"too many sizes", []edit{{"spec.sizes", sizes(8)}}, []string{"spec.sizes", "at most 7"}},
	{"no GPU of a kind", []edit{{"spec.sizes.1.gpu.count", int64(0)}}, []string{"spec.sizes[1].gpu.count", "greater than or equal to 1"}},
	{"a GPU without a vendor", []edit{{"spec.sizes.1.gpu.resource", "gpu"}}, []string{"spec.sizes[1].gpu.resource"}},
	{"a variable that is no name", []edit{{"spec.env.0.name", "1MODE"}}, []string{"spec.env[0].name", "A-Za-z_"}},
	{"an effect that is none", []edit{{"spec.nodePool.tolerations.0.effect", "Never"}}, []string{"spec.nodePool.tolerations[0].effect", `"NoSchedule"`}},
	{"a field that does not exist", []edit{{"spec.sizes.0.disk", "1Gi"}}, []string{"unknown field", "spec.sizes[0].disk"}},
}

func TestRefused(t *testing.T) {
	for _, kind := range []struct {
		name, good string
		cases      []refused
	}{
		{"workspace", goodWorkspace, workspaces},
		{"profile", goodProfile, profiles},
		{"schedule", goodSchedule, schedules},
		{"run", goodRun, runs},
		{"dataset", goodDataset, datasets},
		{"grant", goodGrant, grants},
	} {
		for _, tt := range kind.cases {
			t.Run(kind.name+" with "+tt.name, func(t *testing.T) {
				mentions(t, dryRun(object(t, kind.good, tt.edit...)), tt.want)
			})
		}
	}
}

func TestAccepted(t *testing.T) {
	for _, tt := range []struct {
		name, good string
		edit       []edit
	}{
		{"a workspace", goodWorkspace, nil},
		{"a workspace with what is required only", goodWorkspace, []edit{
			{"spec.members", nil},
			{"spec.home", nil},
			{"spec.culling", nil},
			{"spec.costCenter", nil},
			{"spec.classificationCeiling", nil},
			{"spec.deletionPolicy", nil},
			{"spec.quota.gpus", nil},
			{"spec.quota.servers", nil},
		}},
		{"a workspace with the longest name", goodWorkspace, []edit{{"metadata.name", strings.Repeat("a", 40)}}},
		{"amounts as numbers", goodWorkspace, []edit{{"spec.quota.cpu", int64(8)}, {"spec.quota.memory", int64(1 << 34)}}},
		{"no hold", goodWorkspace, []edit{{"spec.culling.maxHold", "0s"}}},
		{"user names of every kind", goodWorkspace, []edit{{"spec.owner", "okta|00u1@example.com"}}},
		{"a profile", goodProfile, nil},
		{"an image by digest", goodProfile, []edit{{"spec.image", "registry:5000/a/b@sha256:" + strings.Repeat("a", 64)}}},
		{"an image by tag and digest", goodProfile, []edit{{"spec.image", "docker.io/atoll/notebook:1.0@sha256:" + strings.Repeat("0", 64)}}},
		{"a registry with a port", goodProfile, []edit{{"spec.image", "registry:5000/notebook:1"}}},
		{"the most sizes", goodProfile, []edit{{"spec.sizes", sizes(7)}}},
		{"a schedule", goodSchedule, nil},
		{"a cron by a word", goodSchedule, []edit{{"spec.cron", "@weekly"}}},
		{"a cron with names and steps", goodSchedule, []edit{{"spec.cron", "*/15 8-18 1,15 JAN-MAR,DEC Mon"}}},
		{"a zone of three parts", goodSchedule, []edit{{"spec.timeZone", "America/Argentina/Buenos_Aires"}}},
		{"a zone by its Etc name", goodSchedule, []edit{{"spec.timeZone", "Etc/GMT+5"}}},
		{"a run", goodRun, nil},
		{"a dataset", goodDataset, nil},
		{"a dataset of objects", goodDataset, []edit{{"spec.location", prefix("lake", "sales/a=1/")}, {"spec.classification", nil}}},
		{"a dataset that is a bucket", goodDataset, []edit{{"spec.location", prefix("lake", "")}}},
		{"a grant", goodGrant, nil},
		{"a grant for a year", goodGrant, []edit{{"spec.notAfter", "2028-02-01T08:00:00Z"}}},
		{"a grant of objects", goodGrant, []edit{{"spec.selector", map[string]any{"prefix": "a=1/b.c/"}}, {"spec.actions", []any{"Read", "List", "Write", "Delete"}}}},
		{"a grant of a whole table", goodGrant, []edit{{"spec.selector", nil}, {"spec.actions", []any{"Select", "Insert", "Update", "Delete"}}}},
		{"a broken glass", goodGrant, []edit{{"spec.procedure", "BreakGlass"}, {"spec.approvedBy", []any{"ada"}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := dryRun(object(t, tt.good, tt.edit...)); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	obj := object(t, goodWorkspace, edit{"spec.home", nil}, edit{"spec.backup", nil}, edit{"spec.culling", nil}, edit{"spec.deletionPolicy", nil}, edit{"spec.quota.servers", nil})
	if err := dryRun(obj); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]any{
		"spec.home.size":         "10Gi",
		"spec.backup.every":      "Day",
		"spec.backup.at":         "01:00",
		"spec.backup.keep":       int64(14),
		"spec.culling.idleAfter": "1h",
		"spec.culling.maxHold":   "24h",
		"spec.deletionPolicy":    "Retain",
		"spec.quota.servers":     int64(10),
	} {
		got, _, err := unstructured.NestedFieldNoCopy(obj.Object, strings.Split(path, ".")...)
		if err != nil || got != want {
			t.Errorf("%s is %v (%v), want %v", path, got, err, want)
		}
	}
}

func TestRefusedChanges(t *testing.T) {
	obj := object(t, goodWorkspace, edit{"metadata.name", "changes"})
	if err := kube.Create(context.Background(), obj); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		edit edit
		want []string
	}{
		{"a home shrinks", edit{"spec.home.size", "5Gi"}, []string{"spec.home.size", "cannot shrink"}},
		{"a home moves", edit{"spec.home.storageClassName", "slow"}, []string{"spec.home.storageClassName", "cannot be changed"}},
		{"a home moves to the default", edit{"spec.home.storageClassName", nil}, []string{"spec.home.storageClassName", "cannot be changed"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			changed := obj.DeepCopy()
			apply(t, changed.Object, tt.edit)
			mentions(t, kube.Update(context.Background(), changed, client.DryRunAll), tt.want)
		})
	}
	t.Run("a home may grow", func(t *testing.T) {
		changed := obj.DeepCopy()
		apply(t, changed.Object, edit{"spec.home.size", "10240Mi"})
		if err := kube.Update(context.Background(), changed, client.DryRunAll); err != nil {
			t.Errorf("the same size in another unit is refused: %v", err)
		}
		apply(t, changed.Object, edit{"spec.home.size", "20Gi"})
		if err := kube.Update(context.Background(), changed, client.DryRunAll); err != nil {
			t.Errorf("refused: %v", err)
		}
	})
}

// TestPlatformIsADefinition has the API server check the schema of platform.yaml, which it never serves.
func TestPlatformIsADefinition(t *testing.T) {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(crds.Platform, crd); err != nil {
		t.Fatal(err)
	}
	if err := kube.Create(context.Background(), crd, client.DryRunAll); err != nil {
		t.Errorf("the schema of platform.yaml is refused: %v", err)
	}
}

// dryRun sends an object as kubectl does.
func dryRun(obj *unstructured.Unstructured) error {
	return kube.Create(context.Background(), obj, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
}

// mentions checks that the object was refused in words that a person can act on.
func mentions(t *testing.T, err error, want []string) {
	t.Helper()
	if err == nil {
		t.Fatalf("it was accepted; want an error with %q", want)
	}
	if !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err) {
		t.Fatalf("it failed for another reason: %v", err)
	}
	if i := slices.IndexFunc(want, func(part string) bool { return !strings.Contains(err.Error(), part) }); i >= 0 {
		t.Errorf("the message does not say %q:\n%v", want[i], err)
	}
}

func object(t *testing.T, source string, edits ...edit) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(source), &obj.Object); err != nil {
		t.Fatal(err)
	}
	for _, e := range edits {
		apply(t, obj.Object, e)
	}
	return obj
}

func apply(t *testing.T, obj map[string]any, e edit) {
	t.Helper()
	steps := strings.Split(e.path, ".")
	var at any = obj
	for _, step := range steps[:len(steps)-1] {
		switch in := at.(type) {
		case map[string]any:
			at = in[step]
		case []any:
			at = in[index(t, step, in)]
		}
	}
	last := steps[len(steps)-1]
	switch in := at.(type) {
	case map[string]any:
		if e.value == nil {
			delete(in, last)
			return
		}
		in[last] = e.value
	case []any:
		in[index(t, last, in)] = e.value
	default:
		t.Fatalf("there is no %s to edit", e.path)
	}
}

func index(t *testing.T, step string, in []any) int {
	t.Helper()
	var i int
	if _, err := fmt.Sscanf(step, "%d", &i); err != nil || i >= len(in) {
		t.Fatalf("%q is no position in a list of %d", step, len(in))
	}
	return i
}

func sizes(n int) []any {
	var all []any
	for i := range n {
		amount := map[string]any{"guarantee": "1", "limit": "1"}
		all = append(all, map[string]any{"name": fmt.Sprintf("size-%d", i), "cpu": amount, "memory": amount})
	}
	return all
}
