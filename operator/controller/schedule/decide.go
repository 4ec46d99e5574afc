package schedule

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/schedule"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// decision is what has fallen due: a schedule as the API server has it, and the runs that were made of it.
type decision struct {
	// before is the schedule as it was read, and schedule has the newest time that is decided now, which is not written yet.
	before, schedule *v1alpha1.Schedule
	made             []*v1alpha1.Run
}

// decide makes the runs that are due; the decision is nil where nothing is.
func (c *Controller) decide(ctx context.Context, cached *v1alpha1.Schedule, cron *schedule.Cron) (*decision, error) {
	now := c.opts.Clock.Now()
	resumed := cached.Status.Suspended && !cached.Spec.Suspend
	if cached.Spec.Suspend || (!resumed && len(schedule.Decide(cron, window(cached, now))) == 0) {
		return nil, nil
	}
	// The cache may be behind. What is decided is decided upon what is true now.
	s := &v1alpha1.Schedule{}
	if err := c.live.Get(ctx, client.ObjectKeyFromObject(cached), s); err != nil {
		return nil, fmt.Errorf("reading schedule %s: %w", client.ObjectKeyFromObject(cached), err)
	}
	if s.UID != cached.UID || s.Generation != cached.Generation || s.DeletionTimestamp != nil {
		return nil, apierrors.NewConflict(v1alpha1.GroupVersion.WithResource("schedules").GroupResource(), s.Name, nil)
	}
	d := &decision{before: s.DeepCopy(), schedule: s}
	if s.Status.Suspended {
		// What fell due meanwhile was left out on purpose.
		s.Status.Suspended = false
		s.Status.LastInterval = latest(s.Status.LastInterval, now)
		return d, nil
	}
	intervals := schedule.Decide(cron, window(s, now))
	if len(intervals) == 0 {
		return nil, nil
	}
	for _, i := range intervals {
		run, err := c.make(ctx, s, i)
		if err != nil {
			return nil, err
		}
		if run != nil {
			d.made = append(d.made, run)
		}
	}
	newest := metav1.NewTime(intervals[len(intervals)-1].Time)
	s.Status.LastInterval = &newest
	return d, nil
}

func window(s *v1alpha1.Schedule, now time.Time) schedule.Window {
	w := schedule.Window{Last: last(s), Now: now, Policy: s.Spec.CatchUp.Policy, Limit: int(s.Spec.CatchUp.Limit)}
	if s.Spec.End != nil {
		w.End = s.Spec.End.Time
	}
	return w
}

// last is the newest time that needs no decision: one that has been decided, or the schedule's beginning. A start that
// is set later on puts off what follows.
func last(s *v1alpha1.Schedule) time.Time {
	var start *time.Time
	if s.Spec.Start != nil {
		start = &s.Spec.Start.Time
	}
	begin := schedule.Begin(s.CreationTimestamp.Time, start, s.Spec.CatchUp.Policy)
	if decided := s.Status.LastInterval; decided != nil && decided.After(begin) {
		return decided.Time
	}
	return begin
}

func latest(a *metav1.Time, b time.Time) *metav1.Time {
	if a != nil && a.After(b) {
		return a
	}
	t := metav1.NewTime(b)
	return &t
}

// make makes the run of an interval; nil where it is there already.
func (c *Controller) make(ctx context.Context, s *v1alpha1.Schedule, i schedule.Interval) (*v1alpha1.Run, error) {
	due := metav1.NewTime(i.Time)
	run := &v1alpha1.Run{
		ObjectMeta: metav1.ObjectMeta{
			Namespace:       s.Namespace,
			Name:            schedule.RunName(s.Name, i.Time),
			Labels:          labels(s),
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(s, v1alpha1.GroupVersion.WithKind("Schedule"))},
		},
		Spec: v1alpha1.RunSpec{Schedule: s.Name, Trigger: i.Trigger, Interval: &due},
	}
	if i.Trigger == "" {
		run.Spec.Trigger, run.Spec.Missed = v1alpha1.TriggerSchedule, v1alpha1.MissedThis
		if i.Earlier {
			run.Spec.Missed = v1alpha1.MissedEarlier
		}
	}
	err := c.client.Create(ctx, run, client.FieldOwner(apply.FieldManager))
	switch {
	case apierrors.IsAlreadyExists(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("making run %s/%s: %w", run.Namespace, run.Name, err)
	}
	return run, nil
}

func labels(s *v1alpha1.Schedule) map[string]string {
	return map[string]string{
		v1alpha1.LabelSchedule:      s.Name,
		owned.LabelManagedBy:        owned.ManagedBy,
		"app.kubernetes.io/part-of": "atoll",
	}
}
