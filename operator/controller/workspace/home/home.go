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
	"github.com/atoll-platform/atoll/operator/controller/workspace/quota"
)

// retry is how often a refused home is tried again: a storage class may learn to expand without a sign of it.
const retry = 5 * time.Minute

// homes are those of one workspace.
type homes struct {
	apply.Writer
	live  client.Reader
	ws    *v1alpha1.Workspace
	class string
	// uncounted is an error while the quota would let every home pass.
	uncounted error
}

// Ensure makes a home for each person, and grows those that are smaller than the workspace asks for. The live
// reader sees homes that the hub made for people who came by a group; they become the operator's.
func Ensure(ctx context.Context, w apply.Writer, live client.Reader, ws *v1alpha1.Workspace, defaultClass string) error {
	h := homes{Writer: w, live: live, ws: ws, class: ws.Spec.Home.StorageClassName, uncounted: quota.Counted(ctx, w, ws)}
	if h.class == "" {
		h.class = defaultClass
	}
	var failed []error
	for _, p := range member.People(ws) {
		if err := h.ensure(ctx, p); err != nil {
			failed = append(failed, h.explain(err, p))
		}
	}
	return errors.Join(failed...)
}

func (h homes) ensure(ctx context.Context, p member.Person) error {
	current, err := h.find(ctx, p)
	if err != nil {
		return err
	}
	size, class := h.ws.Spec.Home.Size, h.class
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
	labels := owned.Labels(h.ws)
	labels[v1alpha1.LabelHome] = "true"
	desired := corev1ac.PersistentVolumeClaim(person.Home(p.User), owned.Namespace(h.ws)).
		WithLabels(labels).
		WithAnnotations(map[string]string{v1alpha1.AnnotationPerson: p.User}).
		WithSpec(spec.WithResources(corev1ac.VolumeResourceRequirements().
			WithRequests(corev1.ResourceList{corev1.ResourceStorage: size})))
	return h.Ensure(ctx, desired, &corev1.PersistentVolumeClaim{})
}

// find returns a person's home if there is one, and an error if there is none and none can be made yet.
func (h homes) find(ctx context.Context, p member.Person) (*corev1.PersistentVolumeClaim, error) {
	key := client.ObjectKey{Namespace: owned.Namespace(h.ws), Name: person.Home(p.User)}
	current, err := get(ctx, h, key)
	if err != nil || current != nil {
		return current, err
	}
	if h.uncounted != nil {
		return nil, h.uncounted
	}
	return get(ctx, h.live, key)
}

// get returns the claim if there is one.
func get(ctx context.Context, r client.Reader, key client.ObjectKey) (*corev1.PersistentVolumeClaim, error) {
	claim := &corev1.PersistentVolumeClaim{}
	err := r.Get(ctx, key, claim)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading PersistentVolumeClaim %s: %w", key, err)
	}
	return claim, nil
}

// explain turns the refusals that a person can do something about into words.
func (h homes) explain(err error, p member.Person) error {
	refused := apierrors.IsForbidden(err)
	size, storage := h.ws.Spec.Home.Size, h.ws.Spec.Quota.Storage
	switch {
	case errors.Is(err, h.uncounted):
		return err
	case refused && strings.Contains(err.Error(), "exceeded quota"):
		return &condition.Error{
			Reason:     v1alpha1.ReasonQuotaExceeded,
			RetryAfter: retry,
			Err: fmt.Errorf("the home of %s (%s) does not fit into quota.storage (%s): raise the quota or make homes smaller",
				p.User, size.String(), storage.String()),
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
