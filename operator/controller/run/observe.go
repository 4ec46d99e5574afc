package run

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/runner"
)

// imagePatience is how long an image that cannot be pulled is waited for: the kubelet tries several times.
const imagePatience = 5 * time.Minute

// stage is how far a pod is.
type stage int

const (
	waiting stage = iota
	running
	succeeded
	ended
)

// outcome is what a pod says of its attempt.
type outcome struct {
	phase           stage
	reason, message string
	// again tells that the cluster is to blame, and the attempt does not count.
	again bool
	// kept tells that the executed notebook is in the object store.
	kept    bool
	started *metav1.Time
}

// observe reads an attempt's pod.
func observe(pod *corev1.Pod) outcome {
	o := outcome{kept: kept(pod)}
	main := containerStatus(pod.Status.ContainerStatuses, containerNotebook)
	if main != nil {
		o.started = startOf(main.State)
	}
	switch pod.Status.Phase {
	case corev1.PodSucceeded:
		o.phase = succeeded
		return o
	case corev1.PodFailed:
		o.phase = ended
		o.reason, o.message, o.again = failure(pod, main)
		return o
	}
	if main != nil && main.State.Running != nil {
		o.phase = running
		return o
	}
	if main != nil && main.State.Terminated != nil {
		// The executed notebook is being kept.
		o.phase = running
		return o
	}
	o.reason, o.message = whyWaiting(pod)
	return o
}

// failure says why a pod failed, and whether the cluster is to blame.
func failure(pod *corev1.Pod, main *corev1.ContainerStatus) (reason, message string, again bool) {
	disrupted := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue
	})
	switch {
	case disrupted >= 0:
		return v1alpha1.ReasonDisrupted, "the cluster took its pod away: " + pod.Status.Conditions[disrupted].Message, true
	case pod.Status.Reason == "Evicted" || pod.Status.Reason == "NodeLost" || pod.Status.Reason == "Terminated" || pod.Status.Reason == "NodeShutdown":
		return v1alpha1.ReasonDisrupted, "the cluster took its pod away: " + pod.Status.Message, true
	case pod.Status.Reason == "DeadlineExceeded":
		return v1alpha1.ReasonTimedOut, "it took longer than its timeout, and its pod was stopped", false
	}
	if prepare := containerStatus(pod.Status.InitContainerStatuses, containerPrepare); prepare != nil && prepare.State.Terminated != nil && prepare.State.Terminated.ExitCode != 0 {
		said := result(prepare.State.Terminated)
		return orElse(said.Reason, v1alpha1.ReasonNotebookNotFetched), orElse(said.Message, exit(prepare.State.Terminated)), false
	}
	if main == nil || main.State.Terminated == nil {
		return v1alpha1.ReasonNotebookFailed, orElse(pod.Status.Message, "its pod failed and did not say why"), false
	}
	end := main.State.Terminated
	if end.Reason == "OOMKilled" {
		return v1alpha1.ReasonOutOfMemory, "it used more memory than its size has; choose a larger size, or load less at a time", false
	}
	said := result(end)
	return orElse(said.Reason, v1alpha1.ReasonNotebookFailed), orElse(said.Message, exit(end)), said.Reason == v1alpha1.ReasonDisrupted
}

// whyWaiting says what a pod that does not run yet waits for; nothing while it merely begins.
func whyWaiting(pod *corev1.Pod) (reason, message string) {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return v1alpha1.ReasonUnschedulable, "no node can take its pod: " + c.Message
		}
	}
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if c.State.Waiting == nil {
			continue
		}
		switch c.State.Waiting.Reason {
		case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull":
			return v1alpha1.ReasonImageNotPulled, fmt.Sprintf("image %s cannot be pulled: %s", c.Image, c.State.Waiting.Message)
		case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
			return v1alpha1.ReasonRefused, fmt.Sprintf("container %s cannot be started: %s", c.Name, c.State.Waiting.Message)
		}
	}
	return "", ""
}

// kept tells whether the container beside the notebook has put it into the object store.
func kept(pod *corev1.Pod) bool {
	keep := containerStatus(pod.Status.InitContainerStatuses, containerKeep)
	return keep != nil && keep.State.Terminated != nil && result(keep.State.Terminated).Kept
}

// result is what a container said at its end.
func result(end *corev1.ContainerStateTerminated) runner.Result {
	var said runner.Result
	if json.Unmarshal([]byte(end.Message), &said) != nil {
		return runner.Result{Message: strings.TrimSpace(end.Message)}
	}
	return said
}

func exit(end *corev1.ContainerStateTerminated) string {
	return fmt.Sprintf("its container ended with status %d (%s)", end.ExitCode, end.Reason)
}

func startOf(state corev1.ContainerState) *metav1.Time {
	switch {
	case state.Running != nil:
		return &state.Running.StartedAt
	case state.Terminated != nil && !state.Terminated.StartedAt.IsZero():
		return &state.Terminated.StartedAt
	}
	return nil
}

func containerStatus(all []corev1.ContainerStatus, name string) *corev1.ContainerStatus {
	i := slices.IndexFunc(all, func(c corev1.ContainerStatus) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &all[i]
}
