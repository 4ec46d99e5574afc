// Package run carries runs out: it makes a pod for each attempt of a task, follows it, and tells who is to hear of a
// run that failed. When a run begins, and what it keeps to, is package schedule's to say.
//
// Everything is decided in the run's status first, under its version, and carried out after that: a pod is made for an
// attempt that the status has, and its name is that attempt's. So there is one pod an attempt, whatever becomes of the
// operator in between.
package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// Store signs URLs for single objects.
type Store interface {
	Get(ctx context.Context, key string, lasts time.Duration) (string, error)
	Put(ctx context.Context, key string, lasts time.Duration) (string, error)
	Link(ctx context.Context, name string) string
}

// Options of the controller.
type Options struct {
	// Image is the operator's own, which prepares runs and keeps what they leave.
	Image string
	// Desk is the address at which pods ask for URLs of the object store.
	Desk string
	// PriorityClass of the pods.
	PriorityClass string
	// Placement says whether pods keep to the nodes of the subcluster job.
	Placement v1alpha1.Placement
	// DataAccess is what runs find the object store by.
	DataAccess DataAccess
	// Queries are what runs find Trino by.
	Queries Queries
	// KeepPods is for how long the pods of a finished run stay, for their logs.
	KeepPods time.Duration
	// MaxSleep bounds the time between two looks at the clock, which may be moved.
	MaxSleep time.Duration
	// Concurrency bounds how many runs are worked on at once.
	Concurrency int
	Clock       clock.PassiveClock
}

// Controller reconciles runs.
type Controller struct {
	client client.Client
	live   client.Reader
	pods   client.Reader
	store  Store
	sender Sender
	engine Engine
	opts   Options
}

// NewController returns a controller that reads from cached, or from live where a cache may be late. The store and
// the engine are nil where there are none.
func NewController(cached client.Client, live client.Reader, store Store, sender Sender, engine Engine, opts Options) *Controller {
	return &Controller{client: cached, live: live, store: store, sender: sender, engine: engine, opts: opts}
}

// Register makes the manager run the controller. Pods of runs are watched in a cache of their own: the manager's has of
// pods only the metadata of people's servers.
func (c *Controller) Register(mgr manager.Manager) error {
	pods, err := cache.New(mgr.GetConfig(), cache.Options{
		Scheme:           mgr.GetScheme(),
		Mapper:           mgr.GetRESTMapper(),
		DefaultTransform: trim,
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}: {Label: labels.SelectorFromSet(labels.Set{v1alpha1.LabelComponent: owned.ComponentRun})},
		},
	})
	if err != nil {
		return fmt.Errorf("preparing the cache of pods of runs: %w", err)
	}
	if err := mgr.Add(pods); err != nil {
		return fmt.Errorf("adding the cache of pods of runs: %w", err)
	}
	c.pods = pods
	return builder.ControllerManagedBy(mgr).
		Named("run").
		For(&v1alpha1.Run{}).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(c.atWork), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesRawSource(source.Kind(pods, &corev1.Pod{}, handler.TypedEnqueueRequestsFromMapFunc(runOf))).
		WithOptions(controller.Options{MaxConcurrentReconciles: c.opts.Concurrency}).
		Complete(reconcile.AsReconciler(c.client, c))
}

// runOf names the run of a pod.
func runOf(_ context.Context, pod *corev1.Pod) []reconcile.Request {
	name := pod.Labels[v1alpha1.LabelRun]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: pod.Namespace, Name: name}}}
}

// trim drops what nobody asks of a pod.
func trim(obj any) (any, error) {
	if pod, ok := obj.(*corev1.Pod); ok {
		pod.ManagedFields, pod.Annotations = nil, nil
		pod.Spec = corev1.PodSpec{}
	}
	return obj, nil
}

// Reconcile carries a run on. It never writes spec.
func (c *Controller) Reconcile(ctx context.Context, run *v1alpha1.Run) (reconcile.Result, error) {
	if run.DeletionTimestamp != nil {
		return reconcile.Result{}, nil
	}
	if run.Status.Phase.Finished() {
		return c.wrapUp(ctx, run)
	}
	before := run.DeepCopy()
	ended, err := c.orphaned(ctx, run)
	if err != nil {
		return reconcile.Result{}, err
	}
	if !ended {
		if run.Status.Phase != v1alpha1.RunRunning || run.Status.Plan == nil {
			return reconcile.Result{}, nil
		}
		advance(run, c.opts.Clock.Now(), c.finder(ctx, run))
		c.await(ctx, run)
	}
	if err := c.save(ctx, before, run); err != nil {
		return c.stale(err)
	}
	if run.Status.Phase.Finished() {
		// The change of status comes back as an event.
		return reconcile.Result{}, nil
	}
	if err := c.makePods(ctx, run); err != nil {
		return c.stale(err)
	}
	return reconcile.Result{RequeueAfter: c.sleep(wake(run, c.opts.Clock.Now()))}, nil
}

// orphaned ends a run whose schedule or workspace is gone, or whose owner has lost the right to it.
func (c *Controller) orphaned(ctx context.Context, run *v1alpha1.Run) (bool, error) {
	now := c.opts.Clock.Now()
	for _, owner := range []struct {
		key             client.ObjectKey
		obj             client.Object
		reason, message string
	}{
		{
			key: client.ObjectKey{Namespace: run.Namespace, Name: run.Spec.Schedule}, obj: &v1alpha1.Schedule{},
			reason: v1alpha1.ReasonScheduleGone, message: "there is no schedule " + run.Spec.Schedule + " in this namespace",
		},
		{
			key: client.ObjectKey{Name: workspaceOf(run)}, obj: &v1alpha1.Workspace{},
			reason: v1alpha1.ReasonWorkspaceNotFound, message: "there is no workspace " + workspaceOf(run) + " any more",
		},
	} {
		err := c.client.Get(ctx, owner.key, owner.obj)
		if apierrors.IsNotFound(err) {
			err = c.live.Get(ctx, owner.key, owner.obj)
		}
		gone := apierrors.IsNotFound(err)
		if err != nil && !gone {
			return false, fmt.Errorf("reading %T %s: %w", owner.obj, owner.key, err)
		}
		if gone || owner.obj.GetDeletionTimestamp() != nil {
			Cancel(run, owner.reason, owner.message, now)
			return true, nil
		}
		ws, isWorkspace := owner.obj.(*v1alpha1.Workspace)
		if isWorkspace && run.Status.Owner != "" && !MayRun(ws, run.Status.Owner) {
			Cancel(run, v1alpha1.ReasonOwnerNotMember, run.Status.Owner+" may not run notebooks in workspace "+ws.Name+" any more", now)
			return true, nil
		}
	}
	return false, nil
}

// MayRun tells whether the workspace lists a person as one who may run notebooks. Groups are the identity provider's to
// know, so that a member of one cannot be told from anybody else here.
func MayRun(ws *v1alpha1.Workspace, user string) bool {
	return ws.Spec.Owner == user || slices.ContainsFunc(ws.Spec.Members, func(m v1alpha1.Member) bool {
		return m.Kind == v1alpha1.MemberUser && m.Name == user && m.Role != v1alpha1.RoleViewer
	})
}

// atWork names the runs of a workspace that have not ended.
func (c *Controller) atWork(ctx context.Context, ws client.Object) []reconcile.Request {
	list := &v1alpha1.RunList{}
	in := client.InNamespace(v1alpha1.WorkspaceNamespacePrefix + ws.GetName())
	if err := c.client.List(ctx, list, in, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "finding the runs to look at again", "workspace", ws.GetName())
		return nil
	}
	var all []reconcile.Request
	for i := range list.Items {
		if !list.Items[i].Status.Phase.Finished() {
			all = append(all, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return all
}

// finder finds pods in the cache, and asks the API server before it says that the pod of a task at work is gone.
func (c *Controller) finder(ctx context.Context, run *v1alpha1.Run) findPod {
	return func(t *v1alpha1.TaskStatus) *corev1.Pod {
		pod := &corev1.Pod{}
		key := client.ObjectKey{Namespace: run.Namespace, Name: PodName(run.Name, t.Name, t.Attempt)}
		err := c.pods.Get(ctx, key, pod)
		if err != nil && t.Phase == v1alpha1.TaskRunning {
			err = c.live.Get(ctx, key, pod)
		}
		if err != nil || !mine(pod, run) {
			return nil
		}
		return pod
	}
}

func mine(pod *corev1.Pod, run *v1alpha1.Run) bool {
	for _, owner := range pod.OwnerReferences {
		if owner.UID == run.UID {
			return true
		}
	}
	return false
}

// save writes what was decided, unless the run has changed meanwhile.
func (c *Controller) save(ctx context.Context, before, run *v1alpha1.Run) error {
	if !changed(before, run) {
		return nil
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.client.Status().Patch(ctx, run, patch, client.FieldOwner(apply.FieldManager)); err != nil {
		return fmt.Errorf("updating the status of run %s: %w", client.ObjectKeyFromObject(run), err)
	}
	return nil
}

// errStale says that the cache was behind; the newer version is on its way.
var errStale = errors.New("the run has changed meanwhile")

// stale forgives what comes of a cache that is behind: the newer version is on its way.
func (c *Controller) stale(err error) (reconcile.Result, error) {
	if errors.Is(err, errStale) || apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return reconcile.Result{RequeueAfter: c.opts.MaxSleep}, nil
	}
	return reconcile.Result{}, err
}

// sleep is the time until a moment, within bounds; nothing where there is no such moment.
func (c *Controller) sleep(until time.Time) time.Duration {
	if until.IsZero() {
		return 0
	}
	return max(min(until.Sub(c.opts.Clock.Now()), c.opts.MaxSleep), time.Millisecond)
}
