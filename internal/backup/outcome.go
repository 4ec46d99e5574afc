package backup

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// annotationClaim names the home that a job is about.
const annotationClaim = "atoll.dev/claim"

// Claim is the home that a job is about, empty for other jobs.
func Claim(job *batchv1.Job) string { return job.Annotations[annotationClaim] }

// Done says whether a job has ended, and if it failed, why in the words of Kubernetes.
func Done(job *batchv1.Job) (done bool, failure string) {
	for _, c := range job.Status.Conditions {
		if c.Status != corev1.ConditionTrue {
			continue
		}
		switch c.Type {
		case batchv1.JobComplete:
			return true, ""
		case batchv1.JobFailed:
			return true, c.Reason + ": " + c.Message
		}
	}
	return false, ""
}

// Word is the last word of a job's pods: what the script said when it failed, or why no container ran.
func Word(pods []corev1.Pod) string {
	for _, pod := range pods {
		for _, c := range pod.Status.ContainerStatuses {
			if c.State.Terminated != nil && c.State.Terminated.Message != "" {
				return c.State.Terminated.Message
			}
			if c.State.Waiting != nil && c.State.Waiting.Message != "" {
				return c.State.Waiting.Reason + ": " + c.State.Waiting.Message
			}
		}
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
				return c.Reason + ": " + c.Message
			}
		}
	}
	return ""
}

// NodeOf is the node on which a running pod holds a claim, or empty.
func NodeOf(pods []corev1.Pod, claim string) string {
	for _, pod := range pods {
		if pod.Spec.NodeName == "" || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
			continue
		}
		for _, v := range pod.Spec.Volumes {
			if v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == claim {
				return pod.Spec.NodeName
			}
		}
	}
	return ""
}
