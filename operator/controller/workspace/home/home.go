// Package home keeps a volume claim for each person of a workspace. It makes and grows homes; it never deletes one.
package home

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/workspace/member"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// retry is how often a refused home is tried again: a storage class may learn to expand without a sign of it.
const retry = 5 * time.Minute

// Ensure makes a home for each person, and grows those that are smaller than the workspace asks for. The live
// reader sees homes that the hub made for people who came by a group; they become the operator's.
func Ensure(ctx context.Context, w apply.Writer, live client.Reader, ws *v1alpha1.Workspace, defaultClass string) error {
	var failed []error
	for _, p := range member.People(ws) {
		if err := ensure(ctx, w, live, ws, p, defaultClass); err != nil {
			failed = append(failed, explain(err, ws, p))
		}
	}
	return errors.Join(failed...)
}

func ensure(ctx context.Context, w apply.Writer, live client.Reader, ws *v1alpha1.Workspace, p member.Person, defaultClass string) error {
	key := client.ObjectKey{Namespace: owned.Namespace(ws), Name: person.Home(p.User)}
	current, err := find(ctx, w, live, key)
	if err != nil {
		return err
	}
	size, class := ws.Spec.Home.Size, ws.Spec.Home.StorageClassName
	if class == "" {
		class = defaultClass
	}
	modes := []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}
	if current != nil {
		// Kubernetes changes nothing of a claim but its size, and that only upwards and once it is bound.
		requested := current.Spec.Resources.Requests[corev1.ResourceStorage]
		if current.Status.Phase != corev1.ClaimBound || requested.Cmp(size) > 0 {
			size = requested
		}
		modes = current.Spec.AccessModes
		if class != "" {
			class = ptr.Deref(current.Spec.StorageClassName, "")
		}
	}
	spec := corev1ac.PersistentVolumeClaimSpec().WithAccessModes(modes...)
	if class != "" {
		spec.WithStorageClassName(class)
	}
	labels := owned.Labels(ws)
	labels[v1alpha1.LabelHome] = "true"
	desired := corev1ac.PersistentVolumeClaim(key.Name, key.Namespace).
		WithLabels(labels).
		WithAnnotations(map[string]string{v1alpha1.AnnotationPerson: p.User}).
		WithSpec(spec.WithResources(corev1ac.VolumeResourceRequirements().
			WithRequests(corev1.ResourceList{corev1.ResourceStorage: size})))
	return w.Ensure(ctx, desired, &corev1.PersistentVolumeClaim{})
}

func find(ctx context.Context, cached, live client.Reader, key client.ObjectKey) (*corev1.PersistentVolumeClaim, error) {
	for _, r := range []client.Reader{cached, live} {
		claim := &corev1.PersistentVolumeClaim{}
		err := r.Get(ctx, key, claim)
		if err == nil {
			return claim, nil
		}
		if !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("reading PersistentVolumeClaim %s: %w", key, err)
		}
	}
	return nil, nil
}

// explain turns the refusals that a person can do something about into words.
func explain(err error, ws *v1alpha1.Workspace, p member.Person) error {
	refused := apierrors.IsForbidden(err)
	size := ws.Spec.Home.Size
	switch {
	case refused && strings.Contains(err.Error(), "exceeded quota"):
		return &condition.Error{
			Reason:     v1alpha1.ReasonQuotaExceeded,
			RetryAfter: retry,
			Err: fmt.Errorf("the home of %s (%s) does not fit into quota.storage (%s): raise the quota or make homes smaller",
				p.User, size.String(), ws.Spec.Quota.Storage.String()),
		}
	case refused && strings.Contains(err.Error(), "resize"):
		return &condition.Error{
			Reason:     v1alpha1.ReasonHomeNotExpandable,
			RetryAfter: retry,
			Err: fmt.Errorf("the home of %s cannot grow to %s: its storage class does not allow expansion; set "+
				"allowVolumeExpansion on the class", p.User, size.String()),
		}
	default:
		return fmt.Errorf("the home of %s: %w", p.User, err)
	}
}
