package schedule

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/schedule"
	"github.com/atoll-platform/atoll/operator/condition"
)

// told is how many runs the status tells.
const told = 20

// prune removes the oldest finished runs beyond the limit. A run whose time might be decided again is kept: while it is
// there, there cannot be another. That is one later than written, the newest decided time in the API server; what is
// decided in this turn and not written yet would be decided again if the operator ended here.
func (c *Controller) prune(ctx context.Context, s *v1alpha1.Schedule, written *metav1.Time, runs []*v1alpha1.Run) error {
	limit := int(s.Spec.HistoryLimit)
	kept := 0
	for _, r := range slices.Backward(runs) {
		if !r.Status.Phase.Finished() {
			continue
		}
		kept++
		undecided := r.Spec.Interval != nil && r.Spec.Trigger != v1alpha1.TriggerManual &&
			(written == nil || r.Spec.Interval.After(written.Time))
		if kept <= limit || undecided || pending(r) {
			continue
		}
		if err := c.client.Delete(ctx, r); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("removing the old run %s: %w", client.ObjectKeyFromObject(r), err)
		}
	}
	return nil
}

// pending tells whether somebody is still to hear of a run.
func pending(r *v1alpha1.Run) bool {
	return slices.ContainsFunc(r.Status.Notices, func(n v1alpha1.Notice) bool { return !n.Sent && n.NextAttempt != nil })
}

// report fills in the status and returns when the schedule is next due.
func report(s *v1alpha1.Schedule, cron *schedule.Cron, runs []*v1alpha1.Run, outcome error, now time.Time) time.Time {
	status := &s.Status
	status.ObservedGeneration = s.Generation
	status.Active, status.Runs = 0, nil
	for _, r := range slices.Backward(runs) {
		if !r.Status.Phase.Finished() {
			status.Active++
		}
		if r.Status.Phase == v1alpha1.RunSucceeded && (status.LastSuccess == nil || status.LastSuccess.Before(r.Status.CompletionTime)) {
			status.LastSuccess = r.Status.CompletionTime
		}
		if len(status.Runs) < told {
			status.Runs = append(status.Runs, summary(r))
		}
	}
	if s.Spec.Suspend {
		status.Suspended = true
	}
	next := nextRun(s, cron, now)
	status.NextRun = nil
	ready := condition.Ready{Reason: v1alpha1.ReasonReady, Message: "Runs are started when they are due."}
	switch {
	case s.Spec.Suspend:
		ready = condition.Ready{Reason: v1alpha1.ReasonSuspended, Message: "No runs are started while spec.suspend is true; what falls due meanwhile is left out."}
	case !next.IsZero():
		status.NextRun = stamp(next)
	case outcome == nil:
		ready = condition.Ready{Reason: v1alpha1.ReasonEnded, Message: "Nothing is due any more: spec.end has passed, or comes before the next time of spec.cron."}
	}
	condition.Set(&status.Conditions, s.Generation, ready, outcome)
	return next
}

// nextRun is when the schedule is next due; the zero time when it is not.
func nextRun(s *v1alpha1.Schedule, cron *schedule.Cron, now time.Time) time.Time {
	if cron == nil || s.Spec.Suspend {
		return time.Time{}
	}
	from := last(s)
	if from.Before(now) {
		from = now
	}
	next := cron.Next(from)
	if s.Spec.End != nil && !next.Before(s.Spec.End.Time) {
		return time.Time{}
	}
	return next
}

func summary(r *v1alpha1.Run) v1alpha1.RunSummary {
	out := v1alpha1.RunSummary{
		Name: r.Name, Interval: r.Spec.Interval, Trigger: r.Spec.Trigger, Phase: r.Status.Phase, Reason: r.Status.Reason, StartTime: r.Status.StartTime,
	}
	if out.Phase == "" {
		out.Phase = v1alpha1.RunPending
	}
	if r.Status.StartTime != nil && r.Status.CompletionTime != nil {
		out.Duration = &metav1.Duration{Duration: r.Status.CompletionTime.Sub(r.Status.StartTime.Time)}
	}
	for _, t := range r.Status.Tasks {
		out.Attempt = max(out.Attempt, t.Attempt)
		if t.Output != "" {
			out.Output = t.Output
		}
	}
	failed := slices.IndexFunc(r.Status.Tasks, func(t v1alpha1.TaskStatus) bool { return t.Phase == v1alpha1.TaskFailed })
	if failed >= 0 {
		out.Output = r.Status.Tasks[failed].Output
	}
	return out
}

func stamp(t time.Time) *metav1.Time {
	m := metav1.NewTime(t.Truncate(time.Second))
	return &m
}

func same(a, b *v1alpha1.Run) bool { return equality.Semantic.DeepEqual(a.Status, b.Status) }

func clip(text string) string {
	const limit = 4000
	runes := []rune(text)
	if len(runes) > limit {
		runes = runes[:limit]
	}
	return string(runes)
}
