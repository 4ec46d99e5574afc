package run

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/schedule"
)

// disruptions is how often the cluster may take a task's pod away before the task fails.
const disruptions = 20

// findPod returns the pod of a task's present attempt, or nil.
type findPod func(*v1alpha1.TaskStatus) *corev1.Pod

// advance brings the tasks of a run to what their pods say and releases those whose time has come. It changes the
// status alone: a task that it leaves in the phase Starting without a pod is to be given one.
func advance(run *v1alpha1.Run, now time.Time, find findPod) {
	plan, status := run.Status.Plan, &run.Status
	for i := range status.Tasks {
		t := &status.Tasks[i]
		if t.Phase != v1alpha1.TaskStarting && t.Phase != v1alpha1.TaskRunning {
			continue
		}
		pod := find(t)
		if pod == nil {
			lost(plan, t, now)
			continue
		}
		settle(plan, t, observe(pod), now)
	}
	Release(run, now)
}

// Release starts what may be started, and ends the run if nothing is left to do.
func Release(run *v1alpha1.Run, now time.Time) {
	// A task that ends releases others, whatever their order.
	for range run.Status.Tasks {
		for i := range run.Status.Tasks {
			release(run, &run.Status.Tasks[i], now)
		}
	}
	conclude(run, now)
}

// release starts a task, or starts it again, or leaves it out, if it is time to.
func release(run *v1alpha1.Run, t *v1alpha1.TaskStatus, now time.Time) {
	plan, status := run.Status.Plan, &run.Status
	switch t.Phase {
	case v1alpha1.TaskWaiting:
		ready := true
		for _, name := range taskOf(plan, t.Name).DependsOn {
			dependency := statusOf(status, name)
			if dependency.Phase == v1alpha1.TaskSucceeded {
				continue
			}
			ready = false
			if dependency.Phase.Finished() {
				t.Phase, t.Reason = v1alpha1.TaskSkipped, v1alpha1.ReasonDependencyFailed
				t.Message = fmt.Sprintf("task %s, on which it depends, is %s", name, dependency.Phase)
				t.CompletionTime = at(now)
				return
			}
		}
		if ready && asked(run, t) {
			begin(t, now)
		}
	case v1alpha1.TaskRetrying:
		if due(t, now) && asked(run, t) {
			begin(t, now)
		}
	}
}

// due tells whether a task has waited long enough to be tried again.
func due(t *v1alpha1.TaskStatus, now time.Time) bool {
	return t.RetryAt == nil || !now.Before(t.RetryAt.Time)
}

// begin decides on an attempt. Its pod is made once the decision is in the cluster, so that there is one of it.
func begin(t *v1alpha1.TaskStatus, now time.Time) {
	t.Phase, t.Reason, t.Message = v1alpha1.TaskStarting, "", ""
	t.Attempt++
	t.AttemptTime = at(now)
	t.StartTime, t.CompletionTime, t.RetryAt, t.Output = nil, nil, nil, ""
}

// lost deals with an attempt that has no pod: one that is starting still waits for it, for a time.
func lost(plan *v1alpha1.RunPlan, t *v1alpha1.TaskStatus, now time.Time) {
	if t.Phase == v1alpha1.TaskRunning {
		settle(plan, t, outcome{phase: ended, reason: v1alpha1.ReasonDisrupted, message: "its pod is gone", again: true}, now)
		return
	}
	if deadline := t.AttemptTime.Add(plan.StartDeadline.Duration); now.After(deadline) {
		fail(t, orElse(t.Reason, v1alpha1.ReasonRefused), late(plan, orElse(t.Message, "its pod could not be made")), now)
	}
}

// settle takes over what an attempt's pod says.
func settle(plan *v1alpha1.RunPlan, t *v1alpha1.TaskStatus, o outcome, now time.Time) {
	if o.started != nil {
		t.StartTime = o.started
	}
	switch o.phase {
	case waiting:
		t.Reason, t.Message = o.reason, o.message
		if patience := waitFor(plan, o.reason); now.After(t.AttemptTime.Add(patience)) {
			retry(plan, t, outcome{phase: ended, reason: orElse(o.reason, v1alpha1.ReasonUnschedulable), message: late(plan, o.message)}, now)
		}
	case running:
		t.Phase, t.Reason, t.Message = v1alpha1.TaskRunning, "", ""
	case succeeded:
		t.Phase, t.Reason, t.Message = v1alpha1.TaskSucceeded, v1alpha1.ReasonSucceeded, o.message
		t.CompletionTime = at(now)
		t.Output = output(plan, t, o.kept)
	case ended:
		t.Output = output(plan, t, o.kept)
		retry(plan, t, o, now)
	}
}

// retry tries a task again if it may be, or lets it fail. Being disrupted is not the task's fault and costs no retry.
func retry(plan *v1alpha1.RunPlan, t *v1alpha1.TaskStatus, o outcome, now time.Time) {
	retries := taskOf(plan, t.Name).Retries
	if !o.again {
		t.Failures++
	}
	if disrupted := t.Attempt - t.Failures; t.Failures > retries.Limit || (o.again && disrupted > disruptions) {
		fail(t, o.reason, o.message, now)
		return
	}
	delay := schedule.Delay(retries, max(t.Failures, 1))
	t.Phase, t.Reason, t.Message = v1alpha1.TaskRetrying, o.reason, clip(o.message)
	t.CompletionTime, t.RetryAt = at(now), at(now.Add(delay))
}

func fail(t *v1alpha1.TaskStatus, reason, message string, now time.Time) {
	t.Phase, t.Reason, t.Message = v1alpha1.TaskFailed, reason, clip(message)
	t.CompletionTime, t.RetryAt = at(now), nil
}

// conclude ends the run once all its tasks have.
func conclude(run *v1alpha1.Run, now time.Time) {
	status := &run.Status
	first := -1
	for i, t := range status.Tasks {
		if !t.Phase.Finished() {
			return
		}
		if first < 0 && t.Phase == v1alpha1.TaskFailed {
			first = i
		}
	}
	status.CompletionTime = at(now)
	if first < 0 {
		status.Phase, status.Reason, status.Message = v1alpha1.RunSucceeded, v1alpha1.ReasonSucceeded, ""
		return
	}
	t := status.Tasks[first]
	status.Phase, status.Reason = v1alpha1.RunFailed, t.Reason
	status.Message = clip(fmt.Sprintf("task %s, attempt %d: %s", t.Name, t.Attempt, t.Message))
	status.Notices = Notices(status.Plan.Notify)
}

// Cancel ends a run for a reason outside of it.
func Cancel(run *v1alpha1.Run, reason, message string, now time.Time) {
	status := &run.Status
	status.Phase, status.Reason, status.Message = v1alpha1.RunCancelled, reason, message
	status.CompletionTime = at(now)
	for i := range status.Tasks {
		if t := &status.Tasks[i]; !t.Phase.Finished() {
			t.Phase, t.Reason, t.Message, t.CompletionTime = v1alpha1.TaskCancelled, reason, "", at(now)
		}
	}
}

// Notices lists who is to hear of a run that failed.
func Notices(n v1alpha1.Notify) []v1alpha1.Notice {
	var all []v1alpha1.Notice
	for _, name := range n.Webhooks {
		all = append(all, v1alpha1.Notice{To: "webhook:" + name})
	}
	for _, address := range n.Mail {
		all = append(all, v1alpha1.Notice{To: "mail:" + address})
	}
	return all
}

// wake is when the run is to be looked at again although nothing in the cluster changes; zero for never.
func wake(run *v1alpha1.Run, now time.Time) time.Time {
	var soonest time.Time
	for _, t := range run.Status.Tasks {
		switch {
		case awaits(run, &t, now):
			soonest = sooner(soonest, now.Add(enginePause))
		case t.Phase == v1alpha1.TaskRetrying && t.RetryAt != nil:
			soonest = sooner(soonest, t.RetryAt.Time)
		case t.Phase == v1alpha1.TaskStarting && t.AttemptTime != nil:
			soonest = sooner(soonest, t.AttemptTime.Add(waitFor(run.Status.Plan, t.Reason)).Add(time.Second))
		}
	}
	return soonest
}

// waitFor is how long a task may wait for what the reason says.
func waitFor(plan *v1alpha1.RunPlan, reason string) time.Duration {
	if reason == v1alpha1.ReasonImageNotPulled {
		return min(imagePatience, plan.StartDeadline.Duration)
	}
	return plan.StartDeadline.Duration
}

func late(plan *v1alpha1.RunPlan, message string) string {
	return fmt.Sprintf("it could not be started within %s: %s", plan.StartDeadline.Duration, message)
}

func taskOf(plan *v1alpha1.RunPlan, name string) v1alpha1.Task {
	i := slices.IndexFunc(plan.Tasks, func(t v1alpha1.Task) bool { return t.Name == name })
	if i < 0 {
		return v1alpha1.Task{Name: name}
	}
	return plan.Tasks[i]
}

func statusOf(status *v1alpha1.RunStatus, name string) v1alpha1.TaskStatus {
	i := slices.IndexFunc(status.Tasks, func(t v1alpha1.TaskStatus) bool { return t.Name == name })
	if i < 0 {
		return v1alpha1.TaskStatus{Name: name, Phase: v1alpha1.TaskSkipped}
	}
	return status.Tasks[i]
}

func at(t time.Time) *metav1.Time {
	m := metav1.NewTime(t.Truncate(time.Second))
	return &m
}

// messageLimit is what the API allows of a message, in characters that may take four bytes each.
const messageLimit = 4000

func clip(text string) string {
	runes := []rune(text)
	if len(runes) <= messageLimit {
		return text
	}
	return string(runes[:messageLimit])
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
