package controller_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/workspace"
)

// newWorkspace is a workspace of ada's that allows the profile python.
func newWorkspace(name string, change ...func(*v1alpha1.Workspace)) *v1alpha1.Workspace {
	ws := &v1alpha1.Workspace{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.WorkspaceSpec{
			DisplayName: "Team " + name,
			Owner:       "ada",
			Members: []v1alpha1.Member{
				{Kind: v1alpha1.MemberUser, Name: "bob", Role: v1alpha1.RoleMember},
				{Kind: v1alpha1.MemberUser, Name: "eve@example.com", Role: v1alpha1.RoleViewer},
				{Kind: v1alpha1.MemberGroup, Name: "analysts", Role: v1alpha1.RoleMember},
			},
			Profiles: []string{"python"},
			Quota: v1alpha1.WorkspaceQuota{
				CPU:     resource.MustParse("8"),
				Memory:  resource.MustParse("16Gi"),
				Storage: resource.MustParse("100Gi"),
				GPUs:    1,
				Servers: 5,
			},
			Home:    v1alpha1.Home{Size: resource.MustParse("5Gi")},
			Backup:  v1alpha1.Backup{Every: v1alpha1.BackupNever},
			Culling: v1alpha1.Culling{IdleAfter: metav1.Duration{Duration: 3600e9}, MaxHold: metav1.Duration{Duration: 3600e9}},
		},
	}
	for _, c := range change {
		c(ws)
	}
	return ws
}

// create puts a workspace into the cluster and waits until it has the reason.
func create(t testing.TB, ws *v1alpha1.Workspace, reason string) *v1alpha1.Workspace {
	t.Helper()
	ensureProfile(t, "python")
	if err := admin.Create(ctx, ws); err != nil {
		t.Fatalf("creating workspace %s: %v", ws.Name, err)
	}
	return settled(t, ws.Name, reason)
}

// settled waits until the newest generation of a workspace has the reason.
func settled(t testing.TB, name, reason string) *v1alpha1.Workspace {
	t.Helper()
	ws := &v1alpha1.Workspace{}
	eventually(t, "workspace "+name+" is "+reason, func() error {
		if err := admin.Get(ctx, client.ObjectKey{Name: name}, ws); err != nil {
			return err
		}
		ready := meta.FindStatusCondition(ws.Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.Reason != reason || ws.Status.ObservedGeneration != ws.Generation {
			return fmt.Errorf("generation %d, observed %d, Ready is %+v", ws.Generation, ws.Status.ObservedGeneration, ready)
		}
		return nil
	})
	return ws
}

// update changes a workspace's spec as a person does.
func update(t testing.TB, name string, change func(*v1alpha1.Workspace)) {
	t.Helper()
	eventually(t, "updating workspace "+name, func() error {
		ws := &v1alpha1.Workspace{}
		if err := admin.Get(ctx, client.ObjectKey{Name: name}, ws); err != nil {
			return err
		}
		change(ws)
		return admin.Update(ctx, ws)
	})
}

func ready(ws *v1alpha1.Workspace) *metav1.Condition {
	return meta.FindStatusCondition(ws.Status.Conditions, v1alpha1.ConditionReady)
}

// names lists the objects of a namespace that the operator manages, but for what Kubernetes puts there.
func names(t testing.TB, list client.ObjectList, namespace string) []string {
	t.Helper()
	if err := admin.List(ctx, list, client.InNamespace(namespace)); err != nil {
		t.Fatalf("listing %T: %v", list, err)
	}
	items, err := meta.ExtractList(list)
	if err != nil {
		t.Fatalf("listing %T: %v", list, err)
	}
	var all []string
	for _, item := range items {
		obj := item.(client.Object)
		if obj.GetName() != "default" && obj.GetDeletionTimestamp() == nil {
			all = append(all, obj.GetName())
		}
	}
	slices.Sort(all)
	return all
}

func TestWorkspace(t *testing.T) {
	ws := create(t, newWorkspace("whole", func(ws *v1alpha1.Workspace) { ws.Spec.CostCenter = "cc-42" }), v1alpha1.ReasonReady)

	t.Run("namespace", func(t *testing.T) {
		ns := &corev1.Namespace{}
		if err := admin.Get(ctx, client.ObjectKey{Name: "ws-whole"}, ns); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"app.kubernetes.io/managed-by":       "atoll-operator",
			"app.kubernetes.io/part-of":          "atoll",
			"atoll.dev/cost-center":              "cc-42",
			"atoll.dev/workspace":                "whole",
			"kubernetes.io/metadata.name":        "ws-whole",
			"pod-security.kubernetes.io/audit":   "restricted",
			"pod-security.kubernetes.io/enforce": "restricted",
			"pod-security.kubernetes.io/warn":    "restricted",
		}
		if diff := cmp.Diff(want, ns.Labels); diff != "" {
			t.Errorf("labels (-want +got):\n%s", diff)
		}
	})

	t.Run("quota", func(t *testing.T) {
		quota := &corev1.ResourceQuota{}
		if err := admin.Get(ctx, client.ObjectKey{Namespace: "ws-whole", Name: "workspace"}, quota); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"limits.cpu": "8", "limits.memory": "16Gi", "requests.storage": "100Gi", "requests.nvidia.com/gpu": "1"}
		if diff := cmp.Diff(want, amounts(quota.Spec.Hard)); diff != "" {
			t.Errorf("bounds (-want +got):\n%s", diff)
		}
		servers := &corev1.ResourceQuota{}
		if err := admin.Get(ctx, client.ObjectKey{Namespace: "ws-whole", Name: "servers"}, servers); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"pods": "5"}, amounts(servers.Spec.Hard)); diff != "" {
			t.Errorf("bounds of servers (-want +got):\n%s", diff)
		}
		if got := servers.Spec.ScopeSelector.MatchExpressions[0]; got.ScopeName != "PriorityClass" || !slices.Equal(got.Values, []string{"atoll-application"}) {
			t.Errorf("the bound of servers counts %+v", got)
		}
	})

	t.Run("objects", func(t *testing.T) {
		for _, tt := range []struct {
			list client.ObjectList
			want []string
		}{
			{&corev1.ServiceAccountList{}, []string{"person-ada", "person-bob", "person-eve-example-com--d0574c49"}},
			{&corev1.PersistentVolumeClaimList{}, []string{"home-ada", "home-bob", "home-eve-example-com--d0574c49"}},
			{&corev1.LimitRangeList{}, []string{"workspace"}},
			{networkPolicies(), []string{"allow-dns", "backup", "default-deny", "notebook", "run"}},
			{&rbacv1.RoleBindingList{}, []string{"atoll-hub", "atoll-workspace-member", "atoll-workspace-owner", "atoll-workspace-viewer"}},
		} {
			if diff := cmp.Diff(tt.want, names(t, tt.list, "ws-whole")); diff != "" {
				t.Errorf("%T (-want +got):\n%s", tt.list, diff)
			}
		}
	})

	t.Run("roles", func(t *testing.T) {
		for name, want := range map[string][]string{
			"atoll-workspace-owner":  {"User ada"},
			"atoll-workspace-member": {"User bob", "Group analysts"},
			"atoll-workspace-viewer": {"User eve@example.com"},
			"atoll-hub":              {"ServiceAccount hub"},
		} {
			if diff := cmp.Diff(want, subjects(t, "ws-whole", name)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	})

	t.Run("status", func(t *testing.T) {
		if c := ready(ws); c.Status != metav1.ConditionTrue || c.ObservedGeneration != ws.Generation {
			t.Errorf("Ready is %+v", c)
		}
		if meta.FindStatusCondition(ws.Status.Conditions, v1alpha1.ConditionStalled) != nil {
			t.Error("a ready workspace has a condition Stalled")
		}
		if ws.Status.Namespace != "ws-whole" || ws.Status.HubURL != workspaceOptions.HubURL || ws.Status.People != 3 {
			t.Errorf("status is %+v", ws.Status)
		}
	})

	t.Run("the operator owns nothing of spec", func(t *testing.T) {
		for _, entry := range ws.ManagedFields {
			if entry.Manager == "atoll-operator" && strings.Contains(entry.FieldsV1.GetRawString(), `"f:spec"`) {
				t.Errorf("the operator wrote %s", entry.FieldsV1.GetRawString())
			}
		}
	})
}

func TestNothingIsWrittenTwice(t *testing.T) {
	ws := create(t, newWorkspace("quiet"), v1alpha1.ReasonReady)
	again := workspace.NewController(operator.GetClient(), operator.GetAPIReader(), events.NewFakeRecorder(100), workspaceOptions)
	// The caches catch up with the first round; from then on there is nothing left to write.
	eventually(t, "a reconciliation without a write", func() error {
		before := writes.n.Load()
		current := &v1alpha1.Workspace{}
		if err := operator.GetClient().Get(ctx, client.ObjectKeyFromObject(ws), current); err != nil {
			return err
		}
		if _, err := again.Reconcile(ctx, current); err != nil {
			return err
		}
		if n := writes.n.Load() - before; n > 0 {
			return fmt.Errorf("%d writes, the last %v", n, writes.last.Load())
		}
		return nil
	})
	before := writes.n.Load()
	for range 5 {
		current := &v1alpha1.Workspace{}
		if err := operator.GetClient().Get(ctx, client.ObjectKeyFromObject(ws), current); err != nil {
			t.Fatal(err)
		}
		if _, err := again.Reconcile(ctx, current); err != nil {
			t.Fatal(err)
		}
	}
	if n := writes.n.Load() - before; n != 0 {
		t.Errorf("5 reconciliations of a settled workspace made %d writes, the last %v", n, writes.last.Load())
	}
}

func TestMissingProfile(t *testing.T) {
	ws := create(t, newWorkspace("early", func(ws *v1alpha1.Workspace) { ws.Spec.Profiles = []string{"python", "not-yet"} }), v1alpha1.ReasonProfileNotFound)
	if c := ready(ws); c.Status != metav1.ConditionFalse || !strings.Contains(c.Message, "not-yet") || strings.Contains(c.Message, "python") {
		t.Errorf("Ready is %+v", c)
	}
	if meta.FindStatusCondition(ws.Status.Conditions, v1alpha1.ConditionStalled) != nil {
		t.Error("a workspace whose profile may come is stalled")
	}
	eventually(t, "everything else is in place", func() error {
		if got := names(t, &corev1.PersistentVolumeClaimList{}, "ws-early"); len(got) != 3 {
			return fmt.Errorf("homes: %v", got)
		}
		return nil
	})
	ensureProfile(t, "not-yet")
	settled(t, "early", v1alpha1.ReasonReady)
	if err := admin.Delete(ctx, &v1alpha1.Profile{ObjectMeta: metav1.ObjectMeta{Name: "not-yet"}}); err != nil {
		t.Fatal(err)
	}
	settled(t, "early", v1alpha1.ReasonProfileNotFound)
}

func TestNamespaceOfSomebodyElse(t *testing.T) {
	foreign := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ws-taken"}}
	if err := admin.Create(ctx, foreign); err != nil {
		t.Fatal(err)
	}
	ws := create(t, newWorkspace("taken"), v1alpha1.ReasonNamespaceConflict)
	if c := meta.FindStatusCondition(ws.Status.Conditions, v1alpha1.ConditionStalled); c == nil || c.Status != metav1.ConditionTrue {
		t.Errorf("Stalled is %+v", c)
	}
	if got := names(t, networkPolicies(), "ws-taken"); len(got) > 0 {
		t.Errorf("the operator wrote %v into a namespace that is not its own", got)
	}
	// Handing the namespace over is what the message asks for.
	patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"app.kubernetes.io/managed-by":"atoll-operator"}}}`))
	if err := admin.Patch(ctx, foreign, patch); err != nil {
		t.Fatal(err)
	}
	ws = settled(t, "taken", v1alpha1.ReasonReady)
	if meta.FindStatusCondition(ws.Status.Conditions, v1alpha1.ConditionStalled) != nil {
		t.Error("the workspace is still stalled")
	}
}

func TestQuotaBelowUse(t *testing.T) {
	create(t, newWorkspace("tight"), v1alpha1.ReasonReady)
	use(t, "ws-tight", "workspace", map[corev1.ResourceName]string{"limits.cpu": "6", "limits.memory": "8Gi", "requests.storage": "15Gi", "requests.nvidia.com/gpu": "1"})
	use(t, "ws-tight", "servers", map[corev1.ResourceName]string{"pods": "3"})
	eventually(t, "the status shows what is in use", func() error {
		u := settled(t, "tight", v1alpha1.ReasonReady).Status.Usage
		if u == nil || u.CPU.String() != "6" || u.Memory.String() != "8Gi" || u.Storage.String() != "15Gi" || u.GPUs != 1 || u.Servers != 3 {
			return fmt.Errorf("usage is %+v", u)
		}
		return nil
	})
	update(t, "tight", func(ws *v1alpha1.Workspace) { ws.Spec.Quota.CPU = resource.MustParse("2") })
	ws := settled(t, "tight", v1alpha1.ReasonQuotaBelowUse)
	if c := ready(ws); c.Status != metav1.ConditionTrue || !strings.Contains(c.Message, "cpu: 6 in use, quota 2") {
		t.Errorf("Ready is %+v", c)
	}
}

func amounts(list corev1.ResourceList) map[string]string {
	out := map[string]string{}
	for name, q := range list {
		out[string(name)] = q.String()
	}
	return out
}

// use says what is in use of a quota, as Kubernetes' controller would.
func use(t testing.TB, namespace, name string, used map[corev1.ResourceName]string) {
	t.Helper()
	eventually(t, "counting "+namespace+"/"+name, func() error {
		quota := &corev1.ResourceQuota{}
		if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, quota); err != nil {
			return err
		}
		quota.Status.Hard, quota.Status.Used = quota.Spec.Hard, corev1.ResourceList{}
		for name, amount := range used {
			quota.Status.Used[name] = resource.MustParse(amount)
		}
		return admin.Status().Update(ctx, quota)
	})
}

// subjects lists whom a RoleBinding binds.
func subjects(t testing.TB, namespace, name string) []string {
	t.Helper()
	binding := &rbacv1.RoleBinding{}
	err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, binding)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, s := range binding.Subjects {
		all = append(all, s.Kind+" "+s.Name)
	}
	return all
}

// ensureProfile makes a profile unless it is there.
func ensureProfile(t testing.TB, name string) {
	t.Helper()
	err := admin.Create(ctx, newProfile(name))
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatalf("creating profile %s: %v", name, err)
	}
}
