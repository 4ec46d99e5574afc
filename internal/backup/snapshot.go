package backup

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// SnapshotVersion is the API of volume snapshots, which a storage driver brings along.
var SnapshotVersion = schema.GroupVersion{Group: "snapshot.storage.k8s.io", Version: "v1"}

// labelClaim names the home of a snapshot.
const labelClaim = "atoll.dev/claim"

// NewSnapshot is an empty VolumeSnapshot.
func NewSnapshot() *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(SnapshotVersion.WithKind("VolumeSnapshot"))
	return u
}

// NewSnapshotList is an empty list of them.
func NewSnapshotList() *unstructured.UnstructuredList {
	u := &unstructured.UnstructuredList{}
	u.SetGroupVersionKind(SnapshotVersion.WithKind("VolumeSnapshotList"))
	return u
}

// SnapshotLabels are on the snapshots of a home.
func SnapshotLabels(claim string) map[string]string {
	return map[string]string{v1alpha1.LabelBackup: "save", labelClaim: claim}
}

// Snapshot is the snapshot of a home as of a time.
func Snapshot(h Home, class string, at time.Time) *unstructured.Unstructured {
	u := NewSnapshot()
	u.SetNamespace(h.Namespace())
	u.SetName(SaveName(h.Claim, at))
	labels := SnapshotLabels(h.Claim)
	labels[v1alpha1.LabelWorkspace] = h.Workspace
	labels["app.kubernetes.io/part-of"] = "atoll"
	u.SetLabels(labels)
	u.SetAnnotations(map[string]string{v1alpha1.AnnotationBackedUp: at.UTC().Format(time.RFC3339)})
	u.Object["spec"] = map[string]any{
		"volumeSnapshotClassName": class,
		"source":                  map[string]any{"persistentVolumeClaimName": h.Claim},
	}
	return u
}

// Volume is a claim with what a snapshot of the home holds. It has the home's class, and the size that the snapshot needs:
// many kinds of storage round the size of a volume up, and none makes a smaller one of its snapshot.
func Volume(home *corev1.PersistentVolumeClaim, name, snapshot string, needs resource.Quantity) *corev1.PersistentVolumeClaim {
	size := home.Spec.Resources.Requests[corev1.ResourceStorage]
	if needs.Cmp(size) > 0 {
		size = needs
	}
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: home.Namespace, Name: name, Labels: map[string]string{v1alpha1.LabelBackup: "restore"}},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes:      home.Spec.AccessModes,
			StorageClassName: home.Spec.StorageClassName,
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
			DataSource: &corev1.TypedLocalObjectReference{
				APIGroup: ptr.To(SnapshotVersion.Group), Kind: "VolumeSnapshot", Name: snapshot,
			},
		},
	}
}

// Copy is the job that puts a path of a snapshot's volume back into the home. The id names what is put beside something.
func Copy(s Store, h Home, name, volume, id, path string) *batchv1.Job {
	job := s.job(h, name, false, "copy", id, path)
	pod := &job.Spec.Template.Spec
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "snapshot", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: volume, ReadOnly: true},
	}})
	c := &pod.Containers[0]
	c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: "snapshot", MountPath: "/snapshot", ReadOnly: true})
	// The object store has no part in it.
	c.Env = nil
	return job
}
