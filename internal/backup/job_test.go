package backup

import (
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
)

func TestSaveName(t *testing.T) {
	at := time.Date(2026, 11, 20, 1, 32, 0, 0, time.UTC)
	if a, b := SaveName("home-ada", at), SaveName("home-ada", at.Add(time.Second)); a == b {
		t.Errorf("two times have one job, %s", a)
	}
	// The longest slug; a pod's name adds six characters to its job's.
	if name := SaveName("home-"+strings.Repeat("a", 40), at); len(name) > 57 {
		t.Errorf("%s has %d characters", name, len(name))
	}
}

// The kubelet gives a volume to the group of the pod that mounts it, so one that saves or restores a home is of the group of
// servers and runs.
func TestJobsAreOfTheGroupOfServers(t *testing.T) {
	home := Home{Workspace: "fraud", Claim: "home-ada"}
	for name, job := range map[string]*batchv1.Job{
		"save": Save(Store{}, home, time.Now(), 1), "list": List(Store{}, home, "l"), "restore": Restore(Store{}, home, "r", "id", "."),
		"copy": Copy(Store{}, home, "c", "volume", "id", "."),
	} {
		c := job.Spec.Template.Spec.SecurityContext
		if *c.RunAsUser != 1000 || *c.RunAsGroup != 100 || *c.FSGroup != 100 {
			t.Errorf("%s runs as %d:%d with the files' group %d", name, *c.RunAsUser, *c.RunAsGroup, *c.FSGroup)
		}
	}
}
