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

const (
	// defaultClass is what marks a driver's class for snapshots that name none.
	defaultClass = "snapshot.storage.kubernetes.io/is-default-class"
	// mistaken is how long a snapshot may state an error: those who take it try again, and most errors pass.
	mistaken = 2 * time.Minute
	// slow is how long it may take to become ready, and is less than the shortest time between two backups.
	slow = 45 * time.Minute
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
	return ofDriver(classes.Items, storage.Provisioner), nil
}

// ofDriver is the name of a driver's class: its default one, or else the first by name; empty where it has none.
func ofDriver(classes []unstructured.Unstructured, driver string) string {
	var names, defaults []string
	for _, class := range classes {
		if of, _, _ := unstructured.NestedString(class.Object, "driver"); of != driver {
			continue
		}
		names = append(names, class.GetName())
		if class.GetAnnotations()[defaultClass] == "true" {
			defaults = append(defaults, class.GetName())
		}
	}
	switch {
	case len(defaults) > 0:
		return slices.Min(defaults)
	case len(names) > 0:
		return slices.Min(names)
	}
	return ""
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
	if isReady(current) {
		s.waits.over(current.GetUID())
		return outcome{done: true}, s.prune(ctx, home, int(ws.Spec.Backup.Keep))
	}
	failure := refusal(current, s.waits.since(current.GetUID(), s.opts.Clock.Now()))
	if failure == "" {
		return outcome{}, nil
	}
	return outcome{done: true, failure: failure}, s.prune(ctx, home, int(ws.Spec.Backup.Keep))
}

// isReady says whether a snapshot can be restored from.
func isReady(snapshot *unstructured.Unstructured) bool {
	ready, _, _ := unstructured.NestedBool(snapshot.Object, "status", "readyToUse")
	return ready
}

// refusal is why a snapshot that is not ready after a while counts as failed, empty while it is waited for.
func refusal(snapshot *unstructured.Unstructured, waited time.Duration) string {
	failure, _, _ := unstructured.NestedString(snapshot.Object, "status", "error", "message")
	switch {
	case failure != "" && waited >= mistaken:
		return failure
	case waited >= slow:
		return fmt.Sprintf("VolumeSnapshot %s is not ready after %s; does the snapshot controller of the cluster run, and the snapshotter of the volume's driver?",
			snapshot.GetName(), slow)
	}
	return ""
}

// prune deletes the oldest snapshots of a home that are more than are kept. Those that never became ready are no backups
// and take no place of one: they go when a later one is ready, and as many are kept for someone to look at.
func (s *Saver) prune(ctx context.Context, home *corev1.PersistentVolumeClaim, keep int) error {
	list := backup.NewSnapshotList()
	if err := s.live.List(ctx, list, client.InNamespace(home.Namespace), client.MatchingLabels(backup.SnapshotLabels(home.Name))); err != nil {
		return fmt.Errorf("listing the snapshots of home %s/%s: %w", home.Namespace, home.Name, err)
	}
	for _, snapshot := range surplus(list.Items, keep) {
		if err := s.Remove(ctx, &snapshot); err != nil {
			return err
		}
	}
	return nil
}

// surplus are the snapshots of one home that need not be kept.
func surplus(all []unstructured.Unstructured, keep int) []unstructured.Unstructured {
	// The names end in the time; the latest first.
	slices.SortFunc(all, func(a, b unstructured.Unstructured) int { return strings.Compare(b.GetName(), a.GetName()) })
	var gone []unstructured.Unstructured
	ready, others := 0, 0
	for _, snapshot := range all {
		if isReady(&snapshot) {
			if ready++; ready > keep {
				gone = append(gone, snapshot)
			}
		} else if others++; ready > 0 || others > keep {
			gone = append(gone, snapshot)
		}
	}
	return gone
}
