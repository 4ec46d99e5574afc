package run

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/credentials"
)

const (
	dataFolder       = "/run/atoll-data"
	dataTokenSeconds = 3600
)

// DataAccess makes a notebook find the object store, and credentials for it that are the owner's. The files are projected into
// the pod from its own annotations, beside a token of the owner's ServiceAccount that is good for nothing else. The hub does
// the same for servers (images/hub/glue/atoll_hub/dataaccess.py).
type DataAccess struct {
	// Config is the configuration of AWS' SDKs, Credentials the program they call for credentials.
	Config, Credentials string
}

// add puts it into a pod; nothing where there is none.
func (d DataAccess) add(pod *corev1.Pod) {
	if d.Config == "" {
		return
	}
	var files []corev1.DownwardAPIVolumeFile
	for _, f := range []struct{ path, annotation, text string }{
		{"config", v1alpha1.AnnotationDataConfig, d.Config},
		{"credentials.py", v1alpha1.AnnotationDataProgram, d.Credentials},
	} {
		pod.Annotations[f.annotation] = f.text
		files = append(files, corev1.DownwardAPIVolumeFile{
			Path: f.path, FieldRef: &corev1.ObjectFieldSelector{FieldPath: fmt.Sprintf("metadata.annotations['%s']", f.annotation)},
		})
	}
	pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: "data-access", VolumeSource: corev1.VolumeSource{
		Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
			{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
				Audience: credentials.Audience, ExpirationSeconds: ptr.To(int64(dataTokenSeconds)), Path: "token",
			}},
			{DownwardAPI: &corev1.DownwardAPIProjection{Items: files}},
		}},
	}})
	notebook := &pod.Spec.Containers[0]
	notebook.Env = append(notebook.Env, corev1.EnvVar{Name: "AWS_CONFIG_FILE", Value: dataFolder + "/config"})
	notebook.VolumeMounts = append(notebook.VolumeMounts, corev1.VolumeMount{Name: "data-access", MountPath: dataFolder, ReadOnly: true})
}
