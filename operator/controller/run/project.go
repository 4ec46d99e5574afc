package run

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
)

// projectedTokenSeconds is how long a projected token is good for; the kubelet renews it before.
const projectedTokenSeconds = 3600

// file of a projected folder; its text goes by an annotation of the pod.
type file struct{ path, annotation, text string }

// project puts a folder into the notebook's container: a token of the owner's ServiceAccount that is good for one audience, and files
// beside it.
func project(pod *corev1.Pod, volume, folder, audience string, files ...file) {
	var items []corev1.DownwardAPIVolumeFile
	for _, f := range files {
		pod.Annotations[f.annotation] = f.text
		items = append(items, corev1.DownwardAPIVolumeFile{
			Path: f.path, FieldRef: &corev1.ObjectFieldSelector{FieldPath: fmt.Sprintf("metadata.annotations['%s']", f.annotation)},
		})
	}
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: volume, VolumeSource: corev1.VolumeSource{
		Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
				Audience: audience, ExpirationSeconds: ptr.To(int64(projectedTokenSeconds)), Path: "token",
			}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: items}},
		}},
	}})
	notebook := &pod.Spec.Containers[0]
	notebook.VolumeMounts = append(notebook.VolumeMounts, corev1.VolumeMount{Name: volume, MountPath: folder, ReadOnly: true})
}
