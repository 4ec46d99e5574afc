// Package controllertest gives the tests of controllers what a platform has around them: the operator's account with the
// rights of its chart and no others, and somebody who counts quotas.
package controllertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/charts"
	"github.com/atoll-platform/atoll/internal/helm"
)

const (
	// Account is the operator's, in Namespace.
	Account = "operator"
	// Namespace is the operator's.
	Namespace = "atoll-directory"
)

// As returns a configuration by which requests are the operator's.
func As(cfg *rest.Config) *rest.Config {
	own := rest.CopyConfig(cfg)
	own.QPS = -1
	own.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + Namespace + ":" + Account,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + Namespace, "system:authenticated"},
	}
	return own
}

// ClientAs is a client of somebody; of the administrator where nobody is named.
func ClientAs(cfg *rest.Config, scheme *runtime.Scheme, user string) (client.Client, error) {
	own := rest.CopyConfig(cfg)
	own.QPS = -1
	own.Impersonate.UserName = user
	return client.New(own, client.Options{Scheme: scheme})
}

// Bind gives a ClusterRole to people, by a binding of its name.
func Bind(ctx context.Context, admin client.Client, role string, users ...string) error {
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
	}
	for _, u := range users {
		binding.Subjects = append(binding.Subjects, rbacv1.Subject{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: u})
	}
	return admin.Create(ctx, binding)
}

// InstallRights applies what the charts of the operator and of the hub say of rights, and makes the namespaces and priorities of a
// platform.
func InstallRights(ctx context.Context, admin client.Client) error {
	for _, name := range []string{Namespace, "atoll-application", "atoll-data"} {
		if err := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	if err := admin.Create(ctx, &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "atoll-job"}, Value: -10}); err != nil {
		return err
	}
	if err := installRights(ctx, admin, "directory/operator", helm.Request{Name: Account, Namespace: Namespace}); err != nil {
		return err
	}
	return installRights(ctx, admin, "application/hub", helm.Request{Name: "hub", Namespace: "atoll-application"})
}

func installRights(ctx context.Context, admin client.Client, folder string, release helm.Request) (err error) {
	if release.Chart, err = helm.LoadFS(charts.FS, folder, "lib"); err != nil {
		return err
	}
	manifest, err := helm.Render(release, "v1.36.3")
	if err != nil {
		return err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	for {
		obj := &unstructured.Unstructured{}
		if err := decoder.Decode(&obj.Object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading the chart's manifest: %w", err)
		}
		switch obj.GetKind() {
		case "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
			"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding":
			if err := admin.Create(ctx, obj); err != nil {
				return fmt.Errorf("creating the chart's %s %s: %w", obj.GetKind(), obj.GetName(), err)
			}
		}
	}
}

// CountQuotas stands in for Kubernetes' own controller of quotas, which does not run in tests: it notes that the bounds
// are known and, where a test has not said otherwise, that nothing is in use. It leaves one namespace uncounted.
func CountQuotas(ctx context.Context, admin client.WithWatch, uncounted string) {
	for ctx.Err() == nil {
		watch, err := admin.Watch(ctx, &corev1.ResourceQuotaList{})
		if err != nil {
			continue
		}
		for e := range watch.ResultChan() {
			quota, ok := e.Object.(*corev1.ResourceQuota)
			if !ok || quota.Namespace == uncounted || equality.Semantic.DeepEqual(quota.Status.Hard, quota.Spec.Hard) {
				continue
			}
			used := corev1.ResourceList{}
			for name := range quota.Spec.Hard {
				used[name] = resource.MustParse("0")
				if known, ok := quota.Status.Used[name]; ok {
					used[name] = known
				}
			}
			quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: used}
			// A conflict means that a newer version is on its way through the watch.
			_ = admin.Status().Update(ctx, quota)
		}
	}
}
