package health

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/atoll-platform/atoll/installer/cluster"
)

func deployment(conditions ...any) State {
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1",
		"kind":       "Deployment",
		"metadata":   map[string]any{"namespace": "atoll-application", "name": "hub"},
		"spec":       map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"app": "hub"}}},
		"status":     map[string]any{"conditions": conditions},
	}}
	return State{Object: obj, Reason: "Available: 0/1"}
}

func pod(status corev1.PodStatus) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "atoll-application", Name: "hub-1", Labels: map[string]string{"app": "hub"}},
		Status:     status,
	}
}

func event(about, kind, reason, message string, at int64) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: "atoll-application", Name: reason},
		InvolvedObject: corev1.ObjectReference{Name: about},
		Type:           kind,
		Reason:         reason,
		Message:        message,
		LastTimestamp:  metav1.Unix(at, 0),
	}
}

func TestExplain(t *testing.T) {
	tests := map[string]struct {
		state   State
		objects []runtime.Object
		want    []string
	}{
		"an image that is not on the node": {
			state: deployment(),
			objects: []runtime.Object{
				pod(corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
					Name:  "hub",
					State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImageNeverPull", Message: "image is not present"}},
				}}}),
				event("hub-1", corev1.EventTypeWarning, "ErrImageNeverPull", "Container image is not present with pull policy of Never", 1),
			},
			want: []string{
				"Deployment atoll-application/hub, Available: 0/1", "pod:        atoll-application/hub-1, container hub",
				"ErrImageNeverPull: image is not present", "Warning ErrImageNeverPull: Container image", "load the image onto the node",
			},
		},
		"a crash loop": {
			state: deployment(),
			objects: []runtime.Object{
				pod(corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
					Name:                 "hub",
					RestartCount:         4,
					State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
					LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}},
				}}}),
				event("hub-1", corev1.EventTypeWarning, "BackOff", "Back-off restarting failed container", 1),
				event("hub-1", corev1.EventTypeNormal, "Pulled", "Container image already present", 2),
			},
			want: []string{"CrashLoopBackOff: the container ended with exit code 3 (Error)", "Warning BackOff", "last log:   fake logs", "kubectl describe pod -n atoll-application hub-1"},
		},
		"no node has room": {
			state: deployment(),
			objects: []runtime.Object{pod(corev1.PodStatus{Conditions: []corev1.PodCondition{{
				Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes are available: 1 Insufficient cpu.",
			}}})},
			want: []string{"pod:        atoll-application/hub-1\n", "Unschedulable: 0/1 nodes are available: 1 Insufficient cpu", "add nodes"},
		},
		"a quota that refuses the pod": {
			state: deployment(map[string]any{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "pods hub-1 is forbidden: exceeded quota"}),
			want:  []string{"FailedCreate: pods hub-1 is forbidden: exceeded quota", "a quota or a policy of the namespace refuses the pod", "kubectl describe deployment -n atoll-application hub"},
		},
		"nothing known": {
			state: deployment(),
			want:  []string{"Deployment atoll-application/hub", "look closer with `kubectl describe deployment"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &cluster.Cluster{Typed: fake.NewClientset(tt.objects...)}
			f := explain(t.Context(), c, tt.state, nil)
			f.Release, f.Namespace = "hub", "atoll-application"
			for _, want := range tt.want {
				if !strings.Contains(f.Error(), want) {
					t.Errorf("the explanation does not say %q:\n%v", want, f)
				}
			}
		})
	}
}

func TestFailureTellsCertaintyFromTime(t *testing.T) {
	f := &Failure{Release: "hub", Namespace: "ns", Object: "Deployment ns/hub", Status: "Available: 0/1", Logs: []string{"one", "two"}, Next: "look"}
	if !strings.HasPrefix(f.Error(), "release ns/hub will not become ready\n") {
		t.Errorf("error is %v", f)
	}
	if !strings.Contains(f.Error(), "last log:   one\n              two\n") {
		t.Errorf("log lines do not stand below each other:\n%v", f)
	}
	f.TimedOut = true
	if !strings.HasPrefix(f.Error(), "release ns/hub did not become ready in time\n") {
		t.Errorf("error is %v", f)
	}
}
