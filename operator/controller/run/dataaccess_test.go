package run

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestDataAccessIsTheNotebooksAlone(t *testing.T) {
	pod := func() *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}},
			Spec:       corev1.PodSpec{InitContainers: []corev1.Container{{Name: containerKeep}}, Containers: []corev1.Container{{Name: containerNotebook}}},
		}
	}
	without := pod()
	DataAccess{}.add(without)
	if len(without.Annotations)+len(without.Spec.Volumes)+len(without.Spec.Containers[0].Env) > 0 {
		t.Errorf("where there is none it adds %v", without)
	}

	with := pod()
	DataAccess{Config: "[default]", Credentials: "print()"}.add(with)
	notebook, keep := with.Spec.Containers[0], with.Spec.InitContainers[0]
	if len(keep.VolumeMounts) > 0 || len(notebook.VolumeMounts) != 1 || !notebook.VolumeMounts[0].ReadOnly {
		t.Errorf("mounted into the notebook: %v, and into what keeps it: %v", notebook.VolumeMounts, keep.VolumeMounts)
	}
	if len(notebook.Env) != 1 || notebook.Env[0] != (corev1.EnvVar{Name: "AWS_CONFIG_FILE", Value: notebook.VolumeMounts[0].MountPath + "/config"}) {
		t.Errorf("the notebook has %v", notebook.Env)
	}
	if with.Annotations["atoll.dev/data-config"] != "[default]" || with.Annotations["atoll.dev/data-credentials"] != "print()" {
		t.Errorf("the pod says %v", with.Annotations)
	}
	sources := with.Spec.Volumes[0].Projected.Sources
	if token := sources[0].ServiceAccountToken; token == nil || token.Audience != "atoll.dev/data" {
		t.Errorf("the token is %v", token)
	}
}
