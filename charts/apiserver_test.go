package charts_test

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/internal/apitest"
)

const operatorUser = "system:serviceaccount:atoll-directory:operator"

// TestOnAnAPIServer installs the charts on a real API server and tries what they forbid.
func TestOnAnAPIServer(t *testing.T) {
	server, err := apitest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	admin := newClient(t, server.Config, "")
	for sub := range priorities {
		create(t, admin, restrictedNamespace("atoll-"+sub))
		for _, obj := range render(t, sub+"/foundation", nil) {
			create(t, admin, obj)
		}
	}
	admitQuotas(t, admin)

	t.Run("it accepts every object", func(t *testing.T) {
		for name, tc := range cases(t) {
			if path.Base(tc.dir) == "foundation" {
				continue
			}
			for _, obj := range render(t, tc.dir, tc.values) {
				if err := admin.Create(t.Context(), obj, client.DryRunAll); err != nil {
					t.Errorf("%s: %s: %v", name, id(obj), err)
				}
			}
		}
	})
	t.Run("a subcluster admits only its own priority", func(t *testing.T) { testPriorities(t, admin) })
	for _, dir := range []string{"directory/operator", "job/batch"} {
		for _, obj := range render(t, dir, nil) {
			create(t, admin, obj)
		}
	}
	operator := newClient(t, server.Config, operatorUser)
	t.Run("the operator writes only in workspaces", func(t *testing.T) { testOperatorStaysInWorkspaces(t, admin, operator) })
	t.Run("the operator hands out only the workspace roles", func(t *testing.T) { testOperatorBinds(t, operator) })
	t.Run("the operator starts batch jobs", func(t *testing.T) { testBatch(t, admin, operator) })
	t.Run("nobody in a workspace reads its secrets", func(t *testing.T) { testWorkspaceRoles(t, admin) })
}

func testPriorities(t *testing.T, admin client.Client) {
	for class, admitted := range map[string]bool{
		"": true, "atoll-application": true, "atoll-directory": false, "system-cluster-critical": false,
	} {
		pod := restrictedPod("atoll-application", class)
		err := admin.Create(t.Context(), pod, client.DryRunAll)
		if admitted && err != nil {
			t.Errorf("a pod of priority class %q is refused: %v", class, err)
		}
		if !admitted && (err == nil || !strings.Contains(err.Error(), "no-priority-but-atoll-application")) {
			t.Errorf("a pod of priority class %q: error = %v, want one that names the quota", class, err)
		}
	}
}

func testOperatorStaysInWorkspaces(t *testing.T, admin, operator client.Client) {
	const refusal = "writes only in the namespaces of workspaces"
	// An admission policy acts a moment after it was made.
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		err := operator.Create(ctx, restrictedNamespace("elsewhere"), client.DryRunAll)
		return err != nil && strings.Contains(err.Error(), refusal), nil
	})
	if err != nil {
		t.Fatal("the operator may make the namespace elsewhere")
	}
	create(t, operator, restrictedNamespace("ws-fraud"))
	for ns, admitted := range map[string]bool{"ws-fraud": true, "kube-system": false, "atoll-data": false} {
		quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "workspace", Namespace: ns}}
		err := operator.Create(t.Context(), quota, client.DryRunAll)
		if admitted && err != nil {
			t.Errorf("a quota in %s is refused: %v", ns, err)
		}
		if !admitted && (err == nil || !strings.Contains(err.Error(), refusal)) {
			t.Errorf("a quota in %s: error = %v, want that the operator %s", ns, err, refusal)
		}
		create(t, admin, restrictedPod(ns, ""))
		err = operator.DeleteAllOf(t.Context(), &corev1.Pod{}, client.InNamespace(ns))
		if (err == nil) != admitted {
			t.Errorf("deleting the pods of %s: error = %v, want allowed = %t", ns, err, admitted)
		}
	}
	for name, admitted := range map[string]bool{"backup": true, "objectstore-root": false} {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ws-fraud"}}
		if err := operator.Create(t.Context(), secret, client.DryRunAll); (err == nil) != admitted {
			t.Errorf("making Secret %s of a workspace: error = %v, want allowed = %t", name, err, admitted)
		}
	}
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "atoll-system"}}
	if err := operator.Delete(t.Context(), system, client.DryRunAll); err == nil || !strings.Contains(err.Error(), refusal) {
		t.Errorf("deleting atoll-system: error = %v, want that the operator %s", err, refusal)
	}
}

func testOperatorBinds(t *testing.T, operator client.Client) {
	for role, allowed := range map[string]bool{
		"atoll-workspace-owner": true, "atoll-workspace-member": true, "atoll-workspace-viewer": true,
		"atoll-hub-spawner": true, "cluster-admin": false, "system:aggregate-to-edit": false,
	} {
		binding := bind("ws-fraud", role)
		err := operator.Create(t.Context(), binding, client.DryRunAll)
		if (err == nil) != allowed {
			t.Errorf("binding %s: error = %v, want allowed = %t", role, err, allowed)
		}
	}
	var secrets corev1.SecretList
	if err := operator.List(t.Context(), &secrets); err == nil {
		t.Error("the operator may read Secrets")
	}
}

// testBatch starts a job of the template as the operator would.
func testBatch(t *testing.T, admin, operator client.Client) {
	var template corev1.PodTemplate
	if err := operator.Get(t.Context(), client.ObjectKey{Namespace: "atoll-job", Name: "batch"}, &template); err != nil {
		t.Fatal(err)
	}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: "nightly", Namespace: "atoll-job"},
		Spec:       batchv1.JobSpec{Template: template.Template},
	}
	create(t, operator, job)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "nightly", Namespace: "atoll-job", Labels: template.Template.Labels},
		Spec:       template.Template.Spec,
	}
	if err := admin.Create(t.Context(), pod, client.DryRunAll); err != nil {
		t.Fatalf("the job's pod is refused: %v", err)
	}
	if got := ptr.Deref(pod.Spec.Priority, 0); got != priorities["job"] {
		t.Errorf("the job's pod has priority %d, want %d", got, priorities["job"])
	}
	if got := ptr.Deref(pod.Spec.PreemptionPolicy, ""); got != corev1.PreemptNever {
		t.Errorf("the job's pod has preemption policy %q, want %q", got, corev1.PreemptNever)
	}
}

func testWorkspaceRoles(t *testing.T, admin client.Client) {
	look := []string{"get pods", "list pods", "watch pods"}
	member := append([]string{"get pods/log", "list events"}, look...)
	allowed := map[string][]string{
		"atoll-workspace-viewer": look,
		"atoll-workspace-member": member,
		"atoll-workspace-owner":  append([]string{"delete pods", "list persistentvolumeclaims", "get resourcequotas"}, member...),
		"atoll-hub-spawner": append([]string{
			"list events", "create pods", "delete pods", "create persistentvolumeclaims", "list persistentvolumeclaims",
			"patch pods", "create serviceaccounts", "get serviceaccounts", "create secrets", "update secrets", "delete secrets",
		}, look...),
	}
	asked := map[string]bool{
		"get secrets": true, "list secrets": true, "create pods/exec": true, "create rolebindings": true, "update pods": true,
		"delete persistentvolumeclaims": true, "update resourcequotas": true, "delete namespaces": true,
	}
	for _, questions := range allowed {
		for _, q := range questions {
			asked[q] = true
		}
	}
	for role, yes := range allowed {
		create(t, admin, bind("ws-fraud", role))
		// The authorizer sees a binding a moment after it was made.
		err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
			return may(t, admin, role, look[0]), nil
		})
		if err != nil {
			t.Errorf("%s may not %s", role, look[0])
		}
		for question := range asked {
			if got, want := may(t, admin, role, question), slices.Contains(yes, question); got != want {
				t.Errorf("%s may %s: %t, want %t", role, question, got, want)
			}
		}
	}
}

// may asks whether the one bound by bind to the role may do something, such as "get pods/log", in the workspace.
func may(t *testing.T, admin client.Client, role, question string) bool {
	t.Helper()
	verb, what, _ := strings.Cut(question, " ")
	kind, sub, _ := strings.Cut(what, "/")
	group := map[string]string{"rolebindings": rbacv1.GroupName}[kind]
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: "with-" + role,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: "ws-fraud", Verb: verb, Group: group, Resource: kind, Subresource: sub,
		},
	}}
	create(t, admin, review)
	return review.Status.Allowed
}

func bind(namespace, role string) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role, Namespace: namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "with-" + role}},
	}
}

// admitQuotas writes the status that the quota controller would: without one no pod is admitted.
func admitQuotas(t *testing.T, admin client.Client) {
	t.Helper()
	var quotas corev1.ResourceQuotaList
	if err := admin.List(t.Context(), &quotas); err != nil {
		t.Fatal(err)
	}
	for _, quota := range quotas.Items {
		quota.Status.Hard, quota.Status.Used = quota.Spec.Hard, corev1.ResourceList{}
		for name := range quota.Spec.Hard {
			quota.Status.Used[name] = resource.MustParse("0")
		}
		if err := admin.Status().Update(t.Context(), &quota); err != nil {
			t.Fatal(err)
		}
	}
}

func restrictedNamespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name: name, Labels: map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
}

func restrictedPod(namespace, class string) *corev1.Pod {
	yes, no := true, false
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "try-", Namespace: namespace},
		Spec: corev1.PodSpec{
			PriorityClassName: class,
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: &yes, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{Name: "c", Image: "i", SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: &no, Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			}}},
		},
	}
}

func newClient(t *testing.T, config *rest.Config, user string) client.Client {
	t.Helper()
	config = rest.CopyConfig(config)
	config.Impersonate.UserName = user
	c, err := client.New(config, client.Options{Scheme: scheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func create(t *testing.T, c client.Client, obj client.Object) {
	t.Helper()
	if err := c.Create(t.Context(), obj); err != nil {
		t.Fatal(fmt.Errorf("creating %T %s: %w", obj, obj.GetName(), err))
	}
}
