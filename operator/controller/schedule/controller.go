// Package schedule decides when there is a run and which runs begin. What becomes of one that has begun is package
// run's to carry out.
//
// There is one run for each time at which a schedule is due: its name says which, so that a second one cannot be made,
// and the newest time that has been decided is in the schedule's status, so that none is decided again once its run is
// no longer kept. That status is read anew before anything is decided, and written under its version.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/schedule"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/index"
)

// Options of the controller.
type Options struct {
	// Bucket is where executed notebooks are kept.
	Bucket string
	// Airflow tells whether the platform has the engine of that name.
	Airflow bool
	// MaxSleep bounds the time between two looks at the clock, which may be moved.
	MaxSleep time.Duration
	// Concurrency bounds how many schedules are worked on at once.
	Concurrency int
	Clock       clock.PassiveClock
}

// Controller reconciles schedules.
type Controller struct {
	client client.Client
	live   client.Reader
	opts   Options
}

// NewController returns a controller that reads from cached, or from live where a cache may be late.
func NewController(cached client.Client, live client.Reader, opts Options) *Controller {
	return &Controller{client: cached, live: live, opts: opts}
}

// Register makes the manager run the controller.
func (c *Controller) Register(mgr manager.Manager) error {
	return builder.ControllerManagedBy(mgr).
		Named("schedule").
		For(&v1alpha1.Schedule{}).
		Watches(&v1alpha1.Run{}, handler.EnqueueRequestsFromMapFunc(scheduleOf)).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(c.inWorkspace), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Profile{}, handler.EnqueueRequestsFromMapFunc(c.ofProfile), builder.WithPredicates(specOrExistence())).
		WithOptions(controller.Options{MaxConcurrentReconciles: c.opts.Concurrency}).
		Complete(reconcile.AsReconciler(c.client, c))
}

func specOrExistence() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool { return e.ObjectOld.GetGeneration() != e.ObjectNew.GetGeneration() }}
}

func scheduleOf(_ context.Context, obj client.Object) []reconcile.Request {
	run, ok := obj.(*v1alpha1.Run)
	if !ok {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: run.Namespace, Name: run.Spec.Schedule}}}
}

func (c *Controller) inWorkspace(ctx context.Context, ws client.Object) []reconcile.Request {
	return c.requests(ctx, client.InNamespace(v1alpha1.WorkspaceNamespacePrefix+ws.GetName()))
}

func (c *Controller) ofProfile(ctx context.Context, profile client.Object) []reconcile.Request {
	return c.requests(ctx, client.MatchingFields{index.ScheduleProfile: profile.GetName()})
}

func (c *Controller) requests(ctx context.Context, of ...client.ListOption) []reconcile.Request {
	list := &v1alpha1.ScheduleList{}
	if err := c.client.List(ctx, list, append(of, client.UnsafeDisableDeepCopy)...); err != nil {
		log.FromContext(ctx).Error(err, "finding the schedules to look at again")
		return nil
	}
	all := make([]reconcile.Request, len(list.Items))
	for i := range list.Items {
		all[i].NamespacedName = client.ObjectKeyFromObject(&list.Items[i])
	}
	return all
}

// Reconcile makes the runs that are due, begins those that may, and says so in the status. It never writes spec.
func (c *Controller) Reconcile(ctx context.Context, s *v1alpha1.Schedule) (reconcile.Result, error) {
	if s.DeletionTimestamp != nil {
		return reconcile.Result{}, nil
	}
	before := s.DeepCopy()
	cron, basis, outcome := c.look(ctx, s)
	var decided *decision
	var err error
	if cron != nil && basis.workspace != nil {
		if decided, err = c.decide(ctx, s, cron); err != nil {
			return c.stale(err)
		}
	}
	if decided == nil {
		decided = &decision{before: before, schedule: s}
	}
	before, s = decided.before, decided.schedule
	runs, err := c.runs(ctx, s, decided.made)
	if err == nil {
		err = c.admit(ctx, s, cron, basis, outcome, runs)
	}
	if err == nil {
		err = c.prune(ctx, s, before.Status.LastInterval, runs)
	}
	if err != nil {
		// What was decided is so, whatever becomes of the runs.
		return c.stale(errors.Join(err, c.save(ctx, before, s)))
	}
	next := report(s, cron, runs, outcome, c.opts.Clock.Now())
	if err := c.save(ctx, before, s); err != nil {
		return c.stale(err)
	}
	after, err := condition.Retry(outcome)
	return reconcile.Result{RequeueAfter: c.sleep(next, after)}, err
}

// look finds what the schedule needs. What is wrong with it is the outcome; cron is nil where it is never due.
func (c *Controller) look(ctx context.Context, s *v1alpha1.Schedule) (*schedule.Cron, basis, error) {
	basis, err := c.basis(ctx, s)
	err = errors.Join(err, c.engine(s))
	var problems []string
	for _, p := range schedule.Check(&s.Spec) {
		field := "spec." + p.Field
		if p.Task >= 0 {
			field = fmt.Sprintf("spec.tasks[%d].%s", p.Task, p.Field)
		}
		problems = append(problems, field+": "+p.Message)
	}
	if len(problems) > 0 {
		err = &condition.Error{Reason: v1alpha1.ReasonInvalid, Terminal: true, Err: errors.New(strings.Join(problems, "; "))}
	}
	cron, parseErr := schedule.ParseCron(s.Spec.Cron, s.Spec.TimeZone)
	if parseErr != nil {
		return nil, basis, err
	}
	return cron, basis, err
}

// engine is an error where the platform does not have the schedule's engine.
func (c *Controller) engine(s *v1alpha1.Schedule) error {
	if s.Spec.Engine != v1alpha1.EngineAirflow || c.opts.Airflow {
		return nil
	}
	return &condition.Error{
		Reason: v1alpha1.ReasonEngineNotAvailable,
		Err:    errors.New("spec.engine: this platform has no Airflow; add the component airflow to platform.yaml, or set the engine to Kubernetes"),
	}
}

// save writes the status if it says something new, unless the schedule has changed meanwhile.
func (c *Controller) save(ctx context.Context, before, s *v1alpha1.Schedule) error {
	if equality.Semantic.DeepEqual(before.Status, s.Status) {
		return nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.client.Status().Patch(ctx, s, patch, client.FieldOwner(apply.FieldManager)); err != nil {
		return fmt.Errorf("updating the status of schedule %s: %w", client.ObjectKeyFromObject(s), err)
	}
	return nil
}

// stale forgives what comes of a cache that is behind: the newer version is on its way.
func (c *Controller) stale(err error) (reconcile.Result, error) {
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return reconcile.Result{RequeueAfter: c.opts.MaxSleep}, nil
	}
	return reconcile.Result{}, err
}

// sleep is the time until a run is due, or until something is to be tried again, within bounds.
func (c *Controller) sleep(next time.Time, retry time.Duration) time.Duration {
	sleep := c.opts.MaxSleep
	if !next.IsZero() {
		sleep = min(sleep, next.Sub(c.opts.Clock.Now()))
	}
	if retry > 0 {
		sleep = min(sleep, retry)
	}
	return max(sleep, time.Millisecond)
}
