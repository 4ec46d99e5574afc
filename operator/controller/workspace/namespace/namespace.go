// Package namespace keeps the namespace of a workspace, with the pod security of everything in it.
package namespace

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

const (
	// LabelRetained marks a namespace whose workspace is gone and whose homes are kept.
	LabelRetained = "atoll.dev/retained"
	// labelCostCenter copies the workspace's cost center for reports on cost.
	labelCostCenter = "atoll.dev/cost-center"
	// restricted is the strictest of Kubernetes' pod security standards.
	restricted = "restricted"
	// conflictRetry is how often a namespace that is not the operator's is looked at again: it is not watched.
	conflictRetry = time.Minute
)

// Ensure makes the namespace, takes back one that was retained, and refuses one that is not the operator's.
// The live reader sees namespaces that the cache leaves out.
func Ensure(ctx context.Context, w apply.Writer, live client.Reader, ws *v1alpha1.Workspace) error {
	current, err := Find(ctx, w, live, ws)
	if err != nil {
		return err
	}
	if current != nil && current.DeletionTimestamp != nil {
		return &condition.Error{
			Reason: v1alpha1.ReasonProgressing,
			Err:    fmt.Errorf("namespace %s is being deleted; it is made again when it is gone", current.Name),
		}
	}
	return w.Ensure(ctx, corev1ac.Namespace(owned.Namespace(ws)).WithLabels(labels(ws)), &corev1.Namespace{})
}

// Find returns the namespace if there is one, and an error if it is not the operator's.
func Find(ctx context.Context, cached, live client.Reader, ws *v1alpha1.Workspace) (*corev1.Namespace, error) {
	name := owned.Namespace(ws)
	found := &corev1.Namespace{}
	err := cached.Get(ctx, client.ObjectKey{Name: name}, found)
	if err == nil {
		return found, nil
	}
	if !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("reading namespace %s: %w", name, err)
	}
	err = live.Get(ctx, client.ObjectKey{Name: name}, found)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading namespace %s: %w", name, err)
	}
	if !ours(found) {
		return nil, &condition.Error{
			Reason:     v1alpha1.ReasonNamespaceConflict,
			Terminal:   true,
			RetryAfter: conflictRetry,
			Err: fmt.Errorf("namespace %s exists and was not made by the operator: delete it, give the workspace "+
				"another name, or hand it over with the label %s=%s", name, owned.LabelManagedBy, owned.ManagedBy),
		}
	}
	return found, nil
}

// Retain marks the namespace as one whose workspace is gone.
func Retain(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace) error {
	retained := labels(ws)
	retained[LabelRetained] = "true"
	return w.Ensure(ctx, corev1ac.Namespace(owned.Namespace(ws)).WithLabels(retained), &corev1.Namespace{})
}

func labels(ws *v1alpha1.Workspace) map[string]string {
	all := owned.Labels(ws)
	for _, mode := range []string{"enforce", "audit", "warn"} {
		all["pod-security.kubernetes.io/"+mode] = restricted
	}
	if ws.Spec.CostCenter != "" {
		all[labelCostCenter] = ws.Spec.CostCenter
	}
	return all
}

// ours tells a namespace of the operator even when somebody has taken its label away.
func ours(ns *corev1.Namespace) bool {
	return ns.Labels[owned.LabelManagedBy] == owned.ManagedBy ||
		slices.ContainsFunc(ns.ManagedFields, func(f metav1.ManagedFieldsEntry) bool {
			return f.Manager == apply.FieldManager && f.Operation == metav1.ManagedFieldsOperationApply
		})
}
