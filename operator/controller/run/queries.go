package run

import (
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

const (
	queriesFolder       = "/run/atoll-trino"
	queriesAudience     = "trino"
	queriesTokenSeconds = 3600
)

// Queries make a notebook find Trino, and a token by which Trino knows the owner. The token is of the owner's ServiceAccount
// and good for nothing else; it lies beside the certificate that Trino is known by. The hub does the same for servers
// (images/hub/glue/atoll_hub/queries.py).
type Queries struct {
	// URL of Trino; empty where the platform has none.
	URL string
	// Authority is a file with the certificate that signed Trino's. It is read for each pod, so that a new one needs no restart.
	Authority string
}

// add puts it into a pod; nothing where there is none.
func (q Queries) add(pod *corev1.Pod) error {
	if q.URL == "" {
		return nil
	}
	authority, err := os.ReadFile(q.Authority)
	if err != nil {
		return fmt.Errorf("reading the certificate of Trino's authority: %w", err)
	}
	pod.Annotations[v1alpha1.AnnotationTrinoAuthority] = string(authority)
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "trino", VolumeSource: corev1.VolumeSource{
		Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
				Audience: queriesAudience, ExpirationSeconds: ptr.To(int64(queriesTokenSeconds)), Path: "token",
			}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: []corev1.DownwardAPIVolumeFile{{
				Path:     "ca.crt",
				FieldRef: &corev1.ObjectFieldSelector{FieldPath: fmt.Sprintf("metadata.annotations['%s']", v1alpha1.AnnotationTrinoAuthority)},
			}}}},
		}},
	}})
	notebook := &pod.Spec.Containers[0]
	notebook.Env = append(notebook.Env, corev1.EnvVar{Name: "ATOLL_TRINO_URL", Value: q.URL})
	notebook.VolumeMounts = append(notebook.VolumeMounts, corev1.VolumeMount{Name: "trino", MountPath: queriesFolder, ReadOnly: true})
	return nil
}
