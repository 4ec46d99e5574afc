// Package status says in a workspace's status what has become of its spec.
package status

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/workspace/member"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
	"github.com/atoll-platform/atoll/operator/controller/workspace/quota"
)

// Profiles is an error while an allowed profile does not exist.
func Profiles(ctx context.Context, r client.Reader, ws *v1alpha1.Workspace) error {
	var missing []string
	for _, name := range ws.Spec.Profiles {
		err := r.Get(ctx, client.ObjectKey{Name: name}, &v1alpha1.Profile{})
		if apierrors.IsNotFound(err) {
			missing = append(missing, name)
			continue
		}
		if err != nil {
			return fmt.Errorf("reading profile %s: %w", name, err)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return &condition.Error{
		Reason: v1alpha1.ReasonProfileNotFound,
		Err: fmt.Errorf("profiles that do not exist: %s; create them or take them out of spec.profiles, the rest of "+
			"the workspace works", strings.Join(missing, ", ")),
	}
}

// Observe fills in what there is to see in the cluster.
func Observe(ctx context.Context, r client.Reader, ws *v1alpha1.Workspace, hubURL string) error {
	ws.Status.Namespace = owned.Namespace(ws)
	ws.Status.HubURL = hubURL
	ws.Status.People = int32(len(member.People(ws)))
	usage, err := quota.Usage(ctx, r, ws)
	if err != nil {
		return err
	}
	ws.Status.Usage = usage
	servers, err := servers(ctx, r, ws)
	if err != nil {
		return err
	}
	ws.Status.Servers = servers
	return nil
}

// Conclude writes the conditions of the outcome.
func Conclude(ws *v1alpha1.Workspace, outcome error) {
	ready := condition.Ready{Reason: v1alpha1.ReasonReady, Message: "Everything that the workspace asks for is in place."}
	if beyond := quota.BelowUse(ws.Spec.Quota, ws.Status.Usage); beyond != "" {
		ready = condition.Ready{
			Reason:  v1alpha1.ReasonQuotaBelowUse,
			Message: "The quota is below what is in use, and nothing more of it starts until that is less: " + beyond,
		}
	}
	ws.Status.ObservedGeneration = ws.Generation
	condition.Set(&ws.Status.Conditions, ws.Generation, ready, outcome)
}

// Changed reports whether the status says something new.
func Changed(before, after *v1alpha1.Workspace) bool {
	return !equality.Semantic.DeepEqual(before.Status, after.Status)
}

func servers(ctx context.Context, r client.Reader, ws *v1alpha1.Workspace) (int32, error) {
	pods := &metav1.PartialObjectMetadataList{}
	pods.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
	err := r.List(ctx, pods,
		client.InNamespace(owned.Namespace(ws)),
		client.MatchingLabelsSelector{Selector: owned.Servers()},
		client.UnsafeDisableDeepCopy)
	if err != nil {
		return 0, fmt.Errorf("listing the servers in namespace %s: %w", owned.Namespace(ws), err)
	}
	return int32(len(pods.Items)), nil
}
