package schedule_test

import (
	"encoding/json"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/runner"
)

// The tests play the kubelet: nothing runs pods here.

// pods are those of a schedule's runs that have not ended and are not going.
func alive(t testing.TB, s *v1alpha1.Schedule) []corev1.Pod {
	t.Helper()
	var out []corev1.Pod
	for _, pod := range allPods(t, s) {
		if pod.Status.Phase == corev1.PodPending || pod.Status.Phase == corev1.PodRunning {
			out = append(out, pod)
		}
	}
	return out
}

func allPods(t testing.TB, s *v1alpha1.Schedule) []corev1.Pod {
	t.Helper()
	list := &corev1.PodList{}
	must(admin.List(ctx, list, client.InNamespace(s.Namespace), client.MatchingLabels{v1alpha1.LabelSchedule: s.Name}))
	var out []corev1.Pod
	for _, pod := range list.Items {
		if pod.DeletionTimestamp == nil {
			out = append(out, pod)
		}
	}
	return out
}

// pod waits for the pod of an attempt.
func pod(t testing.TB, s *v1alpha1.Schedule, name string) *corev1.Pod {
	t.Helper()
	out := &corev1.Pod{}
	eventually(t, "pod "+name, func() error {
		return admin.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, out)
	})
	return out
}

// begin lets a pod run.
func begin(t testing.TB, p *corev1.Pod) {
	t.Helper()
	p.Status.Phase = corev1.PodRunning
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "notebook", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Now()}},
	}}
	must(admin.Status().Update(ctx, p))
}

// end lets a pod end: with success where there is no result, or as the script in it would say.
func end(t testing.TB, p *corev1.Pod, failure *runner.Result) {
	t.Helper()
	p.Status.Phase = corev1.PodSucceeded
	state := &corev1.ContainerStateTerminated{StartedAt: metav1.Now()}
	if failure != nil {
		p.Status.Phase = corev1.PodFailed
		message, err := json.Marshal(failure)
		must(err)
		state.ExitCode, state.Message = 1, string(message)
	}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "notebook", State: corev1.ContainerState{Terminated: state}}}
	p.Status.InitContainerStatuses = []corev1.ContainerStatus{
		{Name: "prepare", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}},
		{Name: "keep", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: `{"kept":true}`}}},
	}
	must(admin.Status().Update(ctx, p))
}

// becomes waits until a run has a phase.
func becomes(t testing.TB, s *v1alpha1.Schedule, name string, phase v1alpha1.RunPhase) *v1alpha1.Run {
	t.Helper()
	r := &v1alpha1.Run{}
	eventually(t, fmt.Sprintf("run %s is %s", name, phase), func() error {
		if err := admin.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, r); err != nil {
			return err
		}
		if r.Status.Phase != phase {
			return fmt.Errorf("it is %s: %s %s; tasks %+v", r.Status.Phase, r.Status.Reason, r.Status.Message, r.Status.Tasks)
		}
		return nil
	})
	return r
}

// taskBecomes waits until a task of a run has a phase.
func taskBecomes(t testing.TB, s *v1alpha1.Schedule, name, task string, phase v1alpha1.TaskPhase) v1alpha1.TaskStatus {
	t.Helper()
	var out v1alpha1.TaskStatus
	eventually(t, fmt.Sprintf("task %s of run %s is %s", task, name, phase), func() error {
		r := &v1alpha1.Run{}
		if err := admin.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, r); err != nil {
			return err
		}
		for _, out = range r.Status.Tasks {
			if out.Name == task && out.Phase == phase {
				return nil
			}
		}
		return fmt.Errorf("the run is %s, its tasks are %+v", r.Status.Phase, r.Status.Tasks)
	})
	return out
}
