package health

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/atoll-platform/atoll/installer/cluster"
)

const revisionAnnotation = "deployment.kubernetes.io/revision"

// pods returns the pods of a workload. current narrows them to those of its newest revision: an
// old pod may well fail while the one that replaces it starts.
func pods(ctx context.Context, c *cluster.Cluster, workload *unstructured.Unstructured, current bool) ([]corev1.Pod, error) {
	match, _, _ := unstructured.NestedStringMap(workload.Object, "spec", "selector", "matchLabels")
	if len(match) == 0 {
		return nil, nil // it is no workload
	}
	if current {
		key, value, err := revision(ctx, c, workload, match)
		if err != nil {
			return nil, err
		}
		if key != "" {
			match[key] = value
		}
	}
	list, err := c.Typed.CoreV1().Pods(workload.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: labels.SelectorFromSet(match).String()})
	if err != nil {
		return nil, fmt.Errorf("listing the pods of %s: %w", cluster.Describe(workload), err)
	}
	return list.Items, nil
}

// revision returns the label that the pods of the workload's newest revision have.
func revision(ctx context.Context, c *cluster.Cluster, workload *unstructured.Unstructured, match map[string]string) (key, value string, err error) {
	switch workload.GetKind() {
	case "Deployment":
		sets, err := c.Typed.AppsV1().ReplicaSets(workload.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: labels.SelectorFromSet(match).String()})
		if err != nil {
			return "", "", fmt.Errorf("listing the replica sets of %s: %w", cluster.Describe(workload), err)
		}
		for _, rs := range sets.Items {
			if rs.Annotations[revisionAnnotation] == workload.GetAnnotations()[revisionAnnotation] {
				return "pod-template-hash", rs.Labels["pod-template-hash"], nil
			}
		}
	case "StatefulSet":
		update, _, _ := unstructured.NestedString(workload.Object, "status", "updateRevision")
		if update != "" {
			return "controller-revision-hash", update, nil
		}
	}
	return "", "", nil
}

// trouble is what keeps a pod from being ready.
type trouble struct {
	pod       corev1.Pod
	container string
	reason    string
	message   string
	restarts  int32
	// crashed tells that the log of the run before is the one that says why.
	crashed bool
}

// troubles lists what is wrong with a pod, the most telling first; none for a ready one.
func troubles(pod corev1.Pod) []trouble {
	var out []trouble
	for _, cond := range pod.Status.Conditions {
		if cond.Type == corev1.PodScheduled && cond.Status == corev1.ConditionFalse {
			out = append(out, trouble{pod: pod, reason: cond.Reason, message: cond.Message})
		}
	}
	for _, cs := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		t := trouble{pod: pod, container: cs.Name, restarts: cs.RestartCount}
		switch {
		case cs.State.Waiting != nil && cs.State.Waiting.Reason != "PodInitializing" && cs.State.Waiting.Reason != "ContainerCreating":
			t.reason, t.message = cs.State.Waiting.Reason, cs.State.Waiting.Message
			if last := cs.LastTerminationState.Terminated; last != nil {
				t.crashed = true
				t.message = fmt.Sprintf("the container ended with exit code %d (%s)", last.ExitCode, last.Reason)
			}
		case cs.State.Terminated != nil && cs.State.Terminated.ExitCode != 0:
			t.reason = cs.State.Terminated.Reason
			t.message = fmt.Sprintf("the container ended with exit code %d", cs.State.Terminated.ExitCode)
		case cs.State.Running != nil && !cs.Ready:
			t.reason, t.message = "NotReady", "the container runs, but its readiness probe does not succeed"
			t.crashed = false
		case cs.State.Waiting != nil:
			t.reason, t.message = cs.State.Waiting.Reason, "the container has not started"
		default:
			continue
		}
		out = append(out, t)
	}
	if len(out) == 0 && pod.Status.Phase == corev1.PodFailed {
		out = append(out, trouble{pod: pod, reason: pod.Status.Reason, message: pod.Status.Message})
	}
	return out
}
