// Package limitrange gives containers that name no resources their share, since the quota admits none without.
package limitrange

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// Name of the limit range.
const Name = "workspace"

var (
	defaultLimits = corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("1"),
		corev1.ResourceMemory: resource.MustParse("1Gi"),
	}
	defaultRequests = corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("100m"),
		corev1.ResourceMemory: resource.MustParse("256Mi"),
	}
)

// Ensure applies the limit range. No default is beyond the quota, so that such a container can start.
func Ensure(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace) error {
	desired := corev1ac.LimitRange(Name, owned.Namespace(ws)).
		WithLabels(owned.Labels(ws)).
		WithSpec(corev1ac.LimitRangeSpec().WithLimits(corev1ac.LimitRangeItem().
			WithType(corev1.LimitTypeContainer).
			WithDefault(within(ws.Spec.Quota, defaultLimits)).
			WithDefaultRequest(within(ws.Spec.Quota, defaultRequests))))
	return w.EnsureExactly(ctx, desired, &corev1.LimitRange{})
}

func within(quota v1alpha1.WorkspaceQuota, amounts corev1.ResourceList) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    lesser(amounts[corev1.ResourceCPU], quota.CPU),
		corev1.ResourceMemory: lesser(amounts[corev1.ResourceMemory], quota.Memory),
	}
}

func lesser(a, b resource.Quantity) resource.Quantity {
	if b.Cmp(a) < 0 {
		return b
	}
	return a
}
