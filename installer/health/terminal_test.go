package health

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

func pulling(reason string) trouble {
	t := trouble{container: "main", reason: reason}
	t.pod.UID = types.UID("pod")
	return t
}

func TestTrackerIsPatient(t *testing.T) {
	tests := map[string]struct {
		reasons []string // as seen, ten seconds apart
		restart int32
		want    int // the look at which it is final; 0 for never
	}{
		"an image that may not be pulled":    {reasons: []string{"ErrImageNeverPull"}, want: 1},
		"a name that is no image":            {reasons: []string{"InvalidImageName"}, want: 1},
		"a Secret that comes a moment later": {reasons: []string{"CreateContainerConfigError", "ContainerCreating"}},
		"a Secret that does not come":        {reasons: []string{"CreateContainerConfigError", "CreateContainerConfigError"}, want: 2},
		"an image that cannot be pulled":     {reasons: []string{"ErrImagePull", "ImagePullBackOff", "ErrImagePull"}, want: 3},
		"a pull that works at last":          {reasons: []string{"ErrImagePull", "ImagePullBackOff", "ContainerCreating", "ErrImagePull"}},
		"one crash":                          {reasons: []string{"CrashLoopBackOff", "CrashLoopBackOff"}, restart: 1},
		"crashes again and again":            {reasons: []string{"CrashLoopBackOff"}, restart: crashes, want: 1},
		"no room yet":                        {reasons: []string{"Unschedulable", "Unschedulable", "Unschedulable"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(0, 0)
			tracker := newTracker()
			tracker.now = func() time.Time { return now }
			got := 0
			for i, reason := range tt.reasons {
				item := pulling(reason)
				item.restarts = tt.restart
				if _, final := tracker.final([]trouble{item}); final && got == 0 {
					got = i + 1
				}
				now = now.Add(10 * time.Second)
			}
			if got != tt.want {
				t.Errorf("final at look %d, want %d", got, tt.want)
			}
		})
	}
}

func TestTroubles(t *testing.T) {
	waiting := func(reason string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "why"}}
	}
	tests := map[string]struct {
		status corev1.PodStatus
		want   []string
	}{
		"ready": {status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Ready: true, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}}},
		"running, not ready": {
			status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}},
			want:   []string{"NotReady"},
		},
		"waiting": {
			status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{State: waiting("ImagePullBackOff")}}},
			want:   []string{"ImagePullBackOff"},
		},
		"an init container first": {
			status: corev1.PodStatus{
				InitContainerStatuses: []corev1.ContainerStatus{{State: waiting("CrashLoopBackOff")}},
				ContainerStatuses:     []corev1.ContainerStatus{{State: waiting("PodInitializing")}},
			},
			want: []string{"CrashLoopBackOff", "PodInitializing"},
		},
		"no node": {
			status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable"}}},
			want:   []string{"Unschedulable"},
		},
		"evicted": {
			status: corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted"},
			want:   []string{"Evicted"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := troubles(corev1.Pod{Status: tt.status})
			if len(got) != len(tt.want) {
				t.Fatalf("troubles are %v, want %v", got, tt.want)
			}
			for i := range got {
				if got[i].reason != tt.want[i] {
					t.Errorf("trouble %d is %s, want %s", i, got[i].reason, tt.want[i])
				}
			}
		})
	}
}
