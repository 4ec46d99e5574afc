package backup

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

func TestVolumeIsAsLargeAsTheSnapshotNeeds(t *testing.T) {
	home := &corev1.PersistentVolumeClaim{Spec: corev1.PersistentVolumeClaimSpec{Resources: corev1.VolumeResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1500Mi")},
	}}}
	for needs, want := range map[string]string{"0": "1500Mi", "1Gi": "1500Mi", "2Gi": "2Gi"} {
		claim := Volume(home, "restore", "save-ada-1", resource.MustParse(needs))
		if got := claim.Spec.Resources.Requests.Storage().String(); got != want {
			t.Errorf("of a snapshot that needs %s a volume of %s is made, want %s", needs, got, want)
		}
	}
}
