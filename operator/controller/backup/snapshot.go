package backup

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/backup"
	"github.com/atoll-platform/atoll/operator/apply"
)

// class is the class that takes snapshots of a home's volume, empty where the storage takes none. The kinds of
// snapshots are not part of Kubernetes: where they are not installed, nothing takes any.
func (s *Saver) class(ctx context.Context, home *corev1.PersistentVolumeClaim) (string, error) {
	storage := &storagev1.StorageClass{}
	err := s.live.Get(ctx, client.ObjectKey{Name: ptr.Deref(home.Spec.StorageClassName, "")}, storage)
	if apierrors.IsNotFound(err) || ptr.Deref(home.Spec.StorageClassName, "") == "" {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading the storage class of home %s/%s: %w", home.Namespace, home.Name, err)
	}
	classes := &unstructured.UnstructuredList{}
	classes.SetGroupVersionKind(backup.SnapshotVersion.WithKind("VolumeSnapshotClassList"))
	err = s.live.List(ctx, classes)
	if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("listing the classes of snapshots: %w", err)
	}
	var names []string
	for _, class := range classes.Items {
		if driver, _, _ := unstructured.NestedString(class.Object, "driver"); driver == storage.Provisioner {
			names = append(names, class.GetName())
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	return slices.Min(names), nil
}

// snapshot makes sure that the snapshot of a home as of a time exists, tells how it goes, and when it is ready drops those
// that are more than the workspace keeps.
func (s *Saver) snapshot(ctx context.Context, ws *v1alpha1.Workspace, home *corev1.PersistentVolumeClaim, class string, at time.Time) (outcome, error) {
	current := backup.NewSnapshot()
	key := client.ObjectKey{Namespace: home.Namespace, Name: backup.SaveName(home.Name, at)}
	err := s.live.Get(ctx, key, current)
	if apierrors.IsNotFound(err) {
		desired := backup.Snapshot(backup.Home{Workspace: ws.Name, Claim: home.Name}, class, at)
		if err := s.Create(ctx, desired, client.FieldOwner(apply.FieldManager)); err != nil && !apierrors.IsAlreadyExists(err) {
			return outcome{}, fmt.Errorf("taking a snapshot of home %s/%s: %w", home.Namespace, home.Name, err)
		}
		return outcome{}, nil
	}
	if err != nil {
		return outcome{}, fmt.Errorf("reading VolumeSnapshot %s: %w", key, err)
	}
	if ready, _, _ := unstructured.NestedBool(current.Object, "status", "readyToUse"); ready {
		return outcome{done: true}, s.prune(ctx, home, int(ws.Spec.Backup.Keep))
	}
	failure, _, _ := unstructured.NestedString(current.Object, "status", "error", "message")
	return outcome{done: failure != "", failure: failure}, nil
}

// prune deletes the oldest snapshots of a home that are more than are kept.
func (s *Saver) prune(ctx context.Context, home *corev1.PersistentVolumeClaim, keep int) error {
	list := backup.NewSnapshotList()
	if err := s.live.List(ctx, list, client.InNamespace(home.Namespace), client.MatchingLabels(backup.SnapshotLabels(home.Name))); err != nil {
		return fmt.Errorf("listing the snapshots of home %s/%s: %w", home.Namespace, home.Name, err)
	}
	// The names end in the time.
	slices.SortFunc(list.Items, func(a, b unstructured.Unstructured) int { return strings.Compare(a.GetName(), b.GetName()) })
	for i := range max(len(list.Items)-keep, 0) {
		if err := s.Remove(ctx, &list.Items[i]); err != nil {
			return err
		}
	}
	return nil
}
