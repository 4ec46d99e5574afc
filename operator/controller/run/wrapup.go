package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// noticeAttempts is how often a notification is tried, over about a day.
const noticeAttempts = 12

// Sender sends notifications.
type Sender interface {
	// Webhook sends to the webhook of the name that the workspace may use.
	Webhook(ctx context.Context, name string, a Alert) error
	Mail(ctx context.Context, address string, a Alert) error
}

// Alert is what people are told of a run that failed.
type Alert struct {
	Workspace, Schedule, Run, Owner string
	// Task that failed; empty where the run never started.
	Task            string
	Attempt         int32
	Reason, Message string
	Due             time.Time
	// Link to the executed notebook, if it was kept.
	Link string
}

// wrapUp ends what is left of a finished run: pods that still run at once, the others after a while; and it tells
// those who are to hear of it.
func (c *Controller) wrapUp(ctx context.Context, run *v1alpha1.Run) (reconcile.Result, error) {
	again, err := c.removePods(ctx, run)
	if err != nil {
		return reconcile.Result{}, err
	}
	next, err := c.tell(ctx, run)
	if err != nil {
		return c.stale(err)
	}
	return reconcile.Result{RequeueAfter: c.sleep(sooner(again, next))}, nil
}

// sooner is the earlier of two times, of which either may be none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func (c *Controller) removePods(ctx context.Context, run *v1alpha1.Run) (again time.Time, err error) {
	pods := &corev1.PodList{}
	if err := c.pods.List(ctx, pods, client.InNamespace(run.Namespace), client.MatchingLabels{v1alpha1.LabelRun: run.Name}); err != nil {
		return time.Time{}, fmt.Errorf("listing the pods of run %s: %w", run.Name, err)
	}
	for i := range pods.Items {
		pod := &pods.Items[i]
		if pod.DeletionTimestamp != nil || !mine(pod, run) {
			continue
		}
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if until := run.Status.CompletionTime.Add(c.opts.KeepPods); ended && c.opts.Clock.Now().Before(until) {
			again = until
			continue
		}
		if err := c.client.Delete(ctx, pod); client.IgnoreNotFound(err) != nil {
			return time.Time{}, fmt.Errorf("deleting pod %s/%s: %w", pod.Namespace, pod.Name, err)
		}
	}
	return again, nil
}

// tell sends the notices that have not been sent. What was sent is noted after that: a notice may come twice where the
// operator ends in between, and never not at all.
func (c *Controller) tell(ctx context.Context, run *v1alpha1.Run) (again time.Time, err error) {
	now := c.opts.Clock.Now()
	if slices.ContainsFunc(run.Status.Notices, func(n v1alpha1.Notice) bool { return toSend(n, now) }) {
		// The cache may not know yet what has been sent.
		if err := c.current(ctx, run); err != nil {
			return time.Time{}, err
		}
	}
	before := run.DeepCopy()
	for i := range run.Status.Notices {
		n := &run.Status.Notices[i]
		if n.Sent || n.Attempts >= noticeAttempts {
			continue
		}
		if !toSend(*n, now) {
			again = sooner(again, n.NextAttempt.Time)
			continue
		}
		n.Attempts++
		n.NextAttempt = nil
		err := c.send(ctx, n.To, c.alert(ctx, run))
		if err == nil {
			n.Sent, n.Message = true, ""
			continue
		}
		n.Message = short(err.Error())
		if n.Attempts < noticeAttempts {
			n.NextAttempt = at(now.Add(noticeDelay(n.Attempts)))
			again = sooner(again, n.NextAttempt.Time)
		}
	}
	return again, c.save(ctx, before, run)
}

// toSend tells whether it is time to try a notice.
func toSend(n v1alpha1.Notice, now time.Time) bool {
	return !n.Sent && n.Attempts < noticeAttempts && (n.NextAttempt == nil || !now.Before(n.NextAttempt.Time))
}

func (c *Controller) send(ctx context.Context, to string, a Alert) error {
	channel, name, _ := strings.Cut(to, ":")
	if channel == "webhook" {
		return c.sender.Webhook(ctx, name, a)
	}
	return c.sender.Mail(ctx, name, a)
}

func (c *Controller) alert(ctx context.Context, run *v1alpha1.Run) Alert {
	a := Alert{
		Workspace: workspaceOf(run), Schedule: run.Spec.Schedule, Run: run.Name, Owner: run.Status.Owner,
		Reason: run.Status.Reason, Message: run.Status.Message, Due: Due(run),
	}
	for _, t := range run.Status.Tasks {
		if t.Phase != v1alpha1.TaskFailed {
			continue
		}
		a.Task, a.Attempt, a.Message = t.Name, t.Attempt, t.Message
		if t.Output != "" && c.store != nil {
			a.Link = c.store.Link(ctx, t.Output)
		}
		break
	}
	return a
}

// Due is the time that a run is for.
func Due(run *v1alpha1.Run) time.Time {
	if run.Spec.Interval != nil {
		return run.Spec.Interval.Time
	}
	return run.CreationTimestamp.Time
}

// noticeDelay doubles from half a minute up to four hours.
func noticeDelay(attempts int32) time.Duration {
	return min(30*time.Second<<min(attempts-1, 10), 4*time.Hour)
}

func short(text string) string {
	const limit = 1000
	runes := []rune(text)
	if len(runes) > limit {
		runes = runes[:limit]
	}
	return string(runes)
}
