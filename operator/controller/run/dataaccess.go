package run

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/credentials"
)

const dataFolder = "/run/atoll-data"

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
	project(pod, "data-access", dataFolder, credentials.Audience,
		file{"config", v1alpha1.AnnotationDataConfig, d.Config},
		file{"credentials.py", v1alpha1.AnnotationDataProgram, d.Credentials},
	)
	notebook := &pod.Spec.Containers[0]
	notebook.Env = append(notebook.Env, corev1.EnvVar{Name: "AWS_CONFIG_FILE", Value: dataFolder + "/config"})
}
