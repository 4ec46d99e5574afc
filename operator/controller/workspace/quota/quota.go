// Package quota bounds what a workspace uses as a whole.
package quota

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

const (
	// Workspace is the quota of compute and storage.
	Workspace = "workspace"
	// Servers is the quota of the number of servers.
	Servers = "servers"
	// serverPriority is the priority class by which servers are told from other pods.
	serverPriority = "atoll-application"

	gpus = corev1.ResourceName("requests.nvidia.com/gpu")
)

// Ensure applies both quotas.
func Ensure(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace) error {
	namespace, labels := owned.Namespace(ws), owned.Labels(ws)
	workspace := corev1ac.ResourceQuota(Workspace, namespace).
		WithLabels(labels).
		WithSpec(corev1ac.ResourceQuotaSpec().WithHard(corev1.ResourceList{
			corev1.ResourceLimitsCPU:       ws.Spec.Quota.CPU,
			corev1.ResourceLimitsMemory:    ws.Spec.Quota.Memory,
			corev1.ResourceRequestsStorage: ws.Spec.Quota.Storage,
			gpus:                           *resource.NewQuantity(int64(ws.Spec.Quota.GPUs), resource.DecimalSI),
		}))
	if err := w.EnsureExactly(ctx, workspace, &corev1.ResourceQuota{}); err != nil {
		return err
	}
	servers := corev1ac.ResourceQuota(Servers, namespace).
		WithLabels(labels).
		WithSpec(corev1ac.ResourceQuotaSpec().
			WithHard(corev1.ResourceList{
				corev1.ResourcePods: *resource.NewQuantity(int64(ws.Spec.Quota.Servers), resource.DecimalSI),
			}).
			WithScopeSelector(corev1ac.ScopeSelector().WithMatchExpressions(
				corev1ac.ScopedResourceSelectorRequirement().
					WithScopeName(corev1.ResourceQuotaScopePriorityClass).
					WithOperator(corev1.ScopeSelectorOpIn).
					WithValues(serverPriority),
			)))
	return w.EnsureExactly(ctx, servers, &corev1.ResourceQuota{})
}

// Counted is an error until Kubernetes has counted what the quotas bound: before that it enforces neither.
func Counted(ctx context.Context, r client.Reader, ws *v1alpha1.Workspace) error {
	used, err := used(ctx, r, ws, Workspace)
	if err != nil {
		return err
	}
	if len(used) > 0 {
		return nil
	}
	return &condition.Error{
		Reason: v1alpha1.ReasonProgressing,
		Err:    fmt.Errorf("waiting for Kubernetes to count what the quota of namespace %s bounds, before homes are made", owned.Namespace(ws)),
	}
}

// Usage is what Kubernetes counts against the quotas, and nil until it has counted.
func Usage(ctx context.Context, r client.Reader, ws *v1alpha1.Workspace) (*v1alpha1.WorkspaceUsage, error) {
	used, err := used(ctx, r, ws, Workspace)
	if err != nil || len(used) == 0 {
		return nil, err
	}
	servers, err := usedServers(ctx, r, ws)
	if err != nil {
		return nil, err
	}
	return &v1alpha1.WorkspaceUsage{
		CPU:     used[corev1.ResourceLimitsCPU],
		Memory:  used[corev1.ResourceLimitsMemory],
		Storage: used[corev1.ResourceRequestsStorage],
		GPUs:    count(used[gpus]),
		Servers: servers,
	}, nil
}

// BelowUse names what is in use beyond the quota, or is empty.
func BelowUse(q v1alpha1.WorkspaceQuota, u *v1alpha1.WorkspaceUsage) string {
	if u == nil {
		return ""
	}
	var all []string
	for _, bound := range []struct {
		name       string
		quota, use resource.Quantity
	}{
		{"cpu", q.CPU, u.CPU},
		{"memory", q.Memory, u.Memory},
		{"gpus", *resource.NewQuantity(int64(q.GPUs), resource.DecimalSI), *resource.NewQuantity(int64(u.GPUs), resource.DecimalSI)},
		{"storage", q.Storage, u.Storage},
		{"servers", *resource.NewQuantity(int64(q.Servers), resource.DecimalSI), *resource.NewQuantity(int64(u.Servers), resource.DecimalSI)},
	} {
		if bound.use.Cmp(bound.quota) > 0 {
			all = append(all, fmt.Sprintf("%s: %s in use, quota %s", bound.name, bound.use.String(), bound.quota.String()))
		}
	}
	return strings.Join(all, "; ")
}

func usedServers(ctx context.Context, r client.Reader, ws *v1alpha1.Workspace) (int32, error) {
	used, err := used(ctx, r, ws, Servers)
	if err != nil {
		return 0, err
	}
	return count(used[corev1.ResourcePods]), nil
}

func used(ctx context.Context, r client.Reader, ws *v1alpha1.Workspace, name string) (corev1.ResourceList, error) {
	quota := &corev1.ResourceQuota{}
	key := client.ObjectKey{Namespace: owned.Namespace(ws), Name: name}
	if err := r.Get(ctx, key, quota); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("reading ResourceQuota %s: %w", key, err)
	}
	return quota.Status.Used, nil
}

func count(q resource.Quantity) int32 {
	return int32(q.Value())
}
