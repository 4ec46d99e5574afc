package run

import (
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestQueriesAreTheNotebooksAlone(t *testing.T) {
	pod := func() *corev1.Pod {
		return &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}},
			Spec:       corev1.PodSpec{InitContainers: []corev1.Container{{Name: containerKeep}}, Containers: []corev1.Container{{Name: containerNotebook}}},
		}
	}
	without := pod()
	if err := (Queries{}).add(without); err != nil || len(without.Annotations)+len(without.Spec.Volumes)+len(without.Spec.Containers[0].Env) > 0 {
		t.Errorf("where there is no Trino it adds %v, %v", without, err)
	}

	queries := Queries{URL: "https://trino.atoll-directory:8443", Authority: filepath.Join(t.TempDir(), "ca.crt")}
	if err := queries.add(pod()); err == nil {
		t.Error("a certificate that is not there is no error")
	}
	if err := os.WriteFile(queries.Authority, []byte("certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	with := pod()
	if err := queries.add(with); err != nil {
		t.Fatal(err)
	}
	notebook, keep := with.Spec.Containers[0], with.Spec.InitContainers[0]
	if len(keep.VolumeMounts) > 0 || len(notebook.VolumeMounts) != 1 || !notebook.VolumeMounts[0].ReadOnly || notebook.VolumeMounts[0].MountPath != "/run/atoll-trino" {
		t.Errorf("mounted into the notebook: %v, and into what keeps it: %v", notebook.VolumeMounts, keep.VolumeMounts)
	}
	if len(notebook.Env) != 1 || notebook.Env[0] != (corev1.EnvVar{Name: "ATOLL_TRINO_URL", Value: queries.URL}) {
		t.Errorf("the notebook has %v", notebook.Env)
	}
	sources := with.Spec.Volumes[0].Projected.Sources
	if token := sources[0].ServiceAccountToken; token == nil || token.Audience != "trino" || *token.ExpirationSeconds > 3600 {
		t.Errorf("the token is %v", token)
	}
	if with.Annotations["atoll.dev/trino-authority"] != "certificate" || sources[1].DownwardAPI.Items[0].FieldRef.FieldPath != "metadata.annotations['atoll.dev/trino-authority']" {
		t.Errorf("the certificate is %v", with.Annotations)
	}
}
