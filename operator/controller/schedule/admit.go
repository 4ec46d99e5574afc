package schedule

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/schedule"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/index"
	"github.com/atoll-platform/atoll/operator/controller/run"
)

// runs lists those of a schedule, the oldest first, with those just made, which the cache may not have yet.
func (c *Controller) runs(ctx context.Context, s *v1alpha1.Schedule, made []*v1alpha1.Run) ([]*v1alpha1.Run, error) {
	list := &v1alpha1.RunList{}
	err := c.client.List(ctx, list, client.InNamespace(s.Namespace), client.MatchingFields{index.RunSchedule: s.Name})
	if err != nil {
		return nil, fmt.Errorf("listing the runs of schedule %s: %w", client.ObjectKeyFromObject(s), err)
	}
	all := slices.Clone(made)
	for i := range list.Items {
		r := &list.Items[i]
		here := slices.ContainsFunc(made, func(m *v1alpha1.Run) bool { return m.UID == r.UID })
		if r.DeletionTimestamp == nil && !here {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b *v1alpha1.Run) int {
		if order := run.Due(a).Compare(run.Due(b)); order != 0 {
			return order
		}
		return strings.Compare(a.Name, b.Name)
	})
	return all, nil
}

// admit decides which of the pending runs begin now, which wait, and which never begin. A run that is at work counts
// whatever the cache says of the others: each decision is written under its run's version, in order, and the first that
// turns out to be stale ends the round.
func (c *Controller) admit(ctx context.Context, s *v1alpha1.Schedule, cron *schedule.Cron, b basis, outcome error, runs []*v1alpha1.Run) error {
	now := c.opts.Clock.Now()
	var active []*v1alpha1.Run
	waiting := 0
	for _, r := range runs {
		if r.Status.Phase == v1alpha1.RunRunning {
			active = append(active, r)
		}
	}
	for _, r := range runs {
		if r.Status.Phase != "" && r.Status.Phase != v1alpha1.RunPending {
			continue
		}
		before := r.DeepCopy()
		switch verdict := judge(s, outcome, r, active, waiting); {
		case verdict.wait:
			waiting++
			r.Status.Phase, r.Status.Reason, r.Status.Message = v1alpha1.RunPending, verdict.reason, verdict.message
		case verdict.phase != "":
			end(s, r, verdict, now)
		default:
			if s.Spec.Overlap == v1alpha1.OverlapReplace && r.Spec.Trigger != v1alpha1.TriggerCatchUp {
				if err := c.replace(ctx, active, r, now); err != nil {
					return err
				}
				active = nil
			}
			c.begin(s, cron, b, r, now)
			active = append(active, r)
		}
		if err := c.saveRun(ctx, s, before, r); err != nil {
			return err
		}
	}
	return nil
}

// verdict is what becomes of a pending run: it begins, unless it waits or ends in a phase.
type verdict struct {
	wait            bool
	phase           v1alpha1.RunPhase
	reason, message string
}

func judge(s *v1alpha1.Schedule, outcome error, r *v1alpha1.Run, active []*v1alpha1.Run, waiting int) verdict {
	switch {
	case r.Spec.Missed == v1alpha1.MissedEarlier:
		return verdict{phase: v1alpha1.RunMissed, reason: v1alpha1.ReasonMissed, message: "its time had passed before it could be started, and so had times before it"}
	case r.Spec.Missed != "":
		return verdict{phase: v1alpha1.RunMissed, reason: v1alpha1.ReasonMissed, message: "its time had passed before it could be started"}
	case s.Spec.Suspend && r.Spec.Trigger != v1alpha1.TriggerManual:
		return verdict{phase: v1alpha1.RunCancelled, reason: v1alpha1.ReasonSuspended, message: "the schedule was suspended before it began"}
	case outcome != nil:
		var known *condition.Error
		if !errors.As(outcome, &known) {
			return verdict{wait: true, reason: v1alpha1.ReasonProgressing, message: "the cluster could not be asked; it is tried again"}
		}
		reason := known.Reason
		if known.Reason == v1alpha1.ReasonInvalid {
			reason = v1alpha1.ReasonScheduleInvalid
		}
		return verdict{phase: v1alpha1.RunFailed, reason: reason, message: "it could not be started: " + outcome.Error()}
	case s.Spec.Overlap == v1alpha1.OverlapAllow || len(active)+waiting == 0:
		return verdict{}
	case r.Spec.Trigger == v1alpha1.TriggerCatchUp:
		return verdict{wait: true, reason: v1alpha1.ReasonWaiting, message: "it waits for an earlier run to finish"}
	case s.Spec.Overlap == v1alpha1.OverlapReplace:
		return verdict{}
	case s.Spec.CatchUp.Policy == v1alpha1.CatchUpAll && r.Spec.Trigger == v1alpha1.TriggerSchedule && waiting < int(s.Spec.CatchUp.Limit):
		return verdict{wait: true, reason: v1alpha1.ReasonWaiting, message: "it waits for an earlier run to finish"}
	}
	who := "an earlier one"
	if len(active) > 0 {
		who = active[len(active)-1].Name
	}
	return verdict{phase: v1alpha1.RunSkipped, reason: v1alpha1.ReasonOverlap, message: "run " + who + " was still at work, and spec.overlap is Forbid"}
}

// end ends a run that never begins.
func end(s *v1alpha1.Schedule, r *v1alpha1.Run, v verdict, now time.Time) {
	r.Status.Phase, r.Status.Reason, r.Status.Message = v.phase, v.reason, clip(v.message)
	r.Status.Owner = s.Spec.Owner
	r.Status.CompletionTime = stamp(now)
	if v.phase == v1alpha1.RunFailed {
		r.Status.Notices = run.Notices(s.Spec.Notify)
	}
}

// begin fixes what a run keeps to, and releases its first tasks.
func (c *Controller) begin(s *v1alpha1.Schedule, cron *schedule.Cron, b basis, r *v1alpha1.Run, now time.Time) {
	due := run.Due(r)
	plan := &v1alpha1.RunPlan{
		Engine:        s.Spec.Engine,
		Generation:    s.Generation,
		Size:          s.Spec.Size,
		Interval:      metav1.NewTime(due),
		TimeZone:      s.Spec.TimeZone,
		OutputPrefix:  path.Join(c.opts.Bucket, "outputs", b.workspace.Name, s.Spec.Output.Prefix, s.Name, r.Name),
		StartDeadline: s.Spec.StartDeadline,
		Tasks:         s.Spec.Tasks,
		Notify:        s.Spec.Notify,
	}
	if t := cron.Previous(due); !t.IsZero() {
		plan.Previous = stamp(t)
	}
	if t := cron.Next(due); !t.IsZero() {
		plan.Next = stamp(t)
	}
	status := v1alpha1.RunStatus{
		Phase: v1alpha1.RunRunning, Owner: s.Spec.Owner, Profile: b.profile.Name, Image: b.profile.Spec.Image,
		StartTime: stamp(now), Plan: plan,
	}
	for _, t := range s.Spec.Tasks {
		status.Tasks = append(status.Tasks, v1alpha1.TaskStatus{Name: t.Name, Phase: v1alpha1.TaskWaiting})
	}
	r.Status = status
	run.Release(r, now)
}

// replace cancels the runs at work for a newer one.
func (c *Controller) replace(ctx context.Context, active []*v1alpha1.Run, by *v1alpha1.Run, now time.Time) error {
	for _, r := range active {
		before := r.DeepCopy()
		run.Cancel(r, v1alpha1.ReasonReplaced, "run "+by.Name+" took its place, as spec.overlap is Replace", now)
		patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
		if err := c.client.Status().Patch(ctx, r, patch, client.FieldOwner(apply.FieldManager)); err != nil {
			return fmt.Errorf("cancelling run %s: %w", client.ObjectKeyFromObject(r), err)
		}
	}
	return nil
}

// saveRun writes a decision. A run that a person made is given the schedule as its owner, so that it goes with it.
func (c *Controller) saveRun(ctx context.Context, s *v1alpha1.Schedule, before, r *v1alpha1.Run) error {
	if metav1.GetControllerOf(r) == nil {
		status := r.Status
		r.OwnerReferences = append(r.OwnerReferences, *metav1.NewControllerRef(s, v1alpha1.GroupVersion.WithKind("Schedule")))
		patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
		if err := c.client.Patch(ctx, r, patch, client.FieldOwner(apply.FieldManager)); err != nil {
			return fmt.Errorf("adopting run %s: %w", client.ObjectKeyFromObject(r), err)
		}
		before = r.DeepCopy()
		r.Status = status
	}
	if same(before, r) {
		return nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.client.Status().Patch(ctx, r, patch, client.FieldOwner(apply.FieldManager)); err != nil {
		return fmt.Errorf("updating the status of run %s: %w", client.ObjectKeyFromObject(r), err)
	}
	return nil
}
