// Package deletion takes a workspace down as its deletion policy says, and never removes a home but by that policy.
package deletion

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/workspace/member"
	"github.com/atoll-platform/atoll/operator/controller/workspace/namespace"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// Finalizer holds a deleted workspace until its namespace has been taken down or set aside.
const Finalizer = "atoll.dev/workspace"

// retryStop is when pods that were told to end are looked at again.
const retryStop = 2 * time.Second

// Take takes the workspace down, and returns nil when nothing of it is left to do. An error with the reason
// Deleting says what is waited for. Where the homes go but a copy stays, final makes the copies.
func Take(ctx context.Context, w apply.Writer, live client.Reader, ws *v1alpha1.Workspace, final func(context.Context, *v1alpha1.Workspace) error) error {
	ns, err := namespace.Find(ctx, w, live, ws)
	var known *condition.Error
	if errors.As(err, &known) && known.Reason == v1alpha1.ReasonNamespaceConflict {
		// A namespace of somebody else is none of the workspace's business.
		return nil
	}
	if err != nil || ns == nil {
		return err
	}
	going := ns.DeletionTimestamp != nil
	switch ws.Spec.DeletionPolicy {
	case v1alpha1.DeletionDelete:
	case v1alpha1.DeletionSnapshot:
		if going {
			break
		}
		if err := save(ctx, w, live, ws, final); err != nil {
			return err
		}
	default:
		if going {
			return nil
		}
		return retain(ctx, w, ws)
	}
	if err := w.Remove(ctx, ns); err != nil {
		return err
	}
	return &condition.Error{
		Reason: v1alpha1.ReasonDeleting,
		Err:    fmt.Errorf("namespace %s is being deleted with the homes in it, as deletionPolicy %s says", ns.Name, ws.Spec.DeletionPolicy),
	}
}

// save ends all work, and has the homes copied once nothing is left that could change them.
func save(ctx context.Context, w apply.Writer, live client.Reader, ws *v1alpha1.Workspace, final func(context.Context, *v1alpha1.Workspace) error) error {
	if err := member.RemoveRoles(ctx, w, ws); err != nil {
		return err
	}
	working := client.MatchingLabelsSelector{Selector: owned.Working()}
	if err := stop(ctx, w, ws, working); err != nil {
		return err
	}
	pods := &corev1.PodList{}
	if err := live.List(ctx, pods, client.InNamespace(owned.Namespace(ws)), working); err != nil {
		return fmt.Errorf("listing the pods of namespace %s: %w", owned.Namespace(ws), err)
	}
	if len(pods.Items) > 0 {
		return &condition.Error{
			Reason: v1alpha1.ReasonDeleting, RetryAfter: retryStop,
			Err: fmt.Errorf("waiting for pod %s/%s to end (%d in all), before the homes are saved", pods.Items[0].Namespace, pods.Items[0].Name, len(pods.Items)),
		}
	}
	return final(ctx, ws)
}

// retain ends all work and takes all rights back. What stays is the namespace, closed to the network, and the homes.
func retain(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace) error {
	// Rights first, so that nothing new starts.
	if err := member.RemoveRoles(ctx, w, ws); err != nil {
		return err
	}
	if err := stop(ctx, w, ws); err != nil {
		return err
	}
	if err := member.RemoveAccounts(ctx, w, ws); err != nil {
		return err
	}
	if err := removeBounds(ctx, w, ws); err != nil {
		return err
	}
	return namespace.Retain(ctx, w, ws)
}

// stop ends pods: servers, and runs of schedules.
func stop(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace, which ...client.DeleteAllOfOption) error {
	which = append(which, client.InNamespace(owned.Namespace(ws)))
	if err := w.DeleteAllOf(ctx, &corev1.Pod{}, which...); err != nil {
		return fmt.Errorf("stopping the pods of namespace %s: %w", owned.Namespace(ws), err)
	}
	return nil
}

// removeBounds removes quotas and limit ranges.
func removeBounds(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace) error {
	own := []client.ListOption{
		client.InNamespace(owned.Namespace(ws)),
		client.MatchingLabelsSelector{Selector: owned.Selector()},
	}
	quotas, ranges := &corev1.ResourceQuotaList{}, &corev1.LimitRangeList{}
	for _, list := range []client.ObjectList{quotas, ranges} {
		if err := w.List(ctx, list, own...); err != nil {
			return fmt.Errorf("listing what bounds namespace %s: %w", owned.Namespace(ws), err)
		}
	}
	var bounds []client.Object
	for i := range quotas.Items {
		bounds = append(bounds, &quotas.Items[i])
	}
	for i := range ranges.Items {
		bounds = append(bounds, &ranges.Items[i])
	}
	for _, bound := range bounds {
		if err := w.Remove(ctx, bound); err != nil {
			return err
		}
	}
	return nil
}
