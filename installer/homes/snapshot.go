package homes

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/internal/backup"
)

// snapshots lists those of the home's volume that can be restored. Where the kind is not installed there are none.
func (h *Home) snapshots(ctx context.Context) ([]Copy, error) {
	list, err := h.dynamic.Resource(backup.SnapshotVersion.WithResource("volumesnapshots")).Namespace(h.home.Namespace()).
		List(ctx, metav1.ListOptions{LabelSelector: labels.SelectorFromSet(backup.SnapshotLabels(h.home.Claim)).String()})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("listing the snapshots of home %s/%s: %w", h.home.Namespace(), h.home.Claim, err)
	}
	var copies []Copy
	for _, s := range list.Items {
		at, err := time.Parse(time.RFC3339, s.GetAnnotations()[v1alpha1.AnnotationBackedUp])
		if ready, _, _ := unstructured.NestedBool(s.Object, "status", "readyToUse"); !ready || err != nil {
			continue
		}
		size, _, _ := unstructured.NestedString(s.Object, "status", "restoreSize")
		copies = append(copies, Copy{ID: strconv.FormatInt(at.Unix(), 10), Snapshot: s.GetName(), Time: at, needs: parseSize(size)})
	}
	return copies, nil
}

// parseSize reads the size a snapshot needs; a driver may state none.
func parseSize(s string) resource.Quantity {
	size, err := resource.ParseQuantity(s)
	if err != nil {
		return resource.Quantity{}
	}
	return size
}

// fromSnapshot restores by way of a volume made of the snapshot, which does not stay.
func (h *Home) fromSnapshot(ctx context.Context, from Copy, what string) ([]byte, error) {
	claims := h.api.CoreV1().PersistentVolumeClaims(h.home.Namespace())
	volume, err := claims.Create(ctx, backup.Volume(h.claim, "restore-"+rand.String(8), from.Snapshot, from.needs), metav1.CreateOptions{FieldManager: cluster.FieldManager})
	if err != nil {
		return nil, fmt.Errorf("making a volume of snapshot %s: %w", from.Snapshot, err)
	}
	defer func() { _ = claims.Delete(context.WithoutCancel(ctx), volume.Name, metav1.DeleteOptions{}) }()
	return h.run(ctx, func(name string) *batchv1.Job { return backup.Copy(h.store, h.home, name, volume.Name, from.ID, what) }, volume)
}

// giveTo makes a claim go when a job does.
func (h *Home) giveTo(ctx context.Context, claim *corev1.PersistentVolumeClaim, job *batchv1.Job) error {
	owner := metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job"))
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"ownerReferences": []any{owner}}})
	if err != nil {
		return fmt.Errorf("encoding the owner of claim %s: %w", claim.Name, err)
	}
	_, err = h.api.CoreV1().PersistentVolumeClaims(claim.Namespace).Patch(ctx, claim.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: cluster.FieldManager})
	if err != nil {
		return fmt.Errorf("giving claim %s/%s to Job %s: %w", claim.Namespace, claim.Name, job.Name, err)
	}
	return nil
}
