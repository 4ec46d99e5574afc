// Package profile validates profiles beyond what the API can and counts who uses them.
package profile

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/index"
)

// settle gathers the changes of a short time into one count: many workspaces and servers may come at once.
const settle = time.Second

// Options of the controller.
type Options struct {
	// Concurrency bounds how many profiles are worked on at once.
	Concurrency int
}

// Controller reconciles profiles.
type Controller struct {
	client client.Client
	opts   Options
}

// NewController returns a controller that reads from the cache of the client.
func NewController(cached client.Client, opts Options) *Controller {
	return &Controller{client: cached, opts: opts}
}

// Register makes the manager run the controller.
func (c *Controller) Register(mgr manager.Manager) error {
	return builder.ControllerManagedBy(mgr).
		Named("profile").
		For(&v1alpha1.Profile{}).
		Watches(&v1alpha1.Workspace{}, later(allowed), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesMetadata(&corev1.Pod{}, later(run), builder.WithPredicates(predicate.LabelChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: c.opts.Concurrency}).
		Complete(reconcile.AsReconciler(c.client, c))
}

// Reconcile validates the profile and counts its users. It never writes spec.
func (c *Controller) Reconcile(ctx context.Context, p *v1alpha1.Profile) (reconcile.Result, error) {
	if p.DeletionTimestamp != nil {
		return reconcile.Result{}, nil
	}
	before := p.DeepCopy()
	workspaces, err := index.CountWorkspaces(ctx, c.client, p.Name)
	if err != nil {
		return reconcile.Result{}, err
	}
	servers, err := index.CountServers(ctx, c.client, p.Name)
	if err != nil {
		return reconcile.Result{}, err
	}
	p.Status.Workspaces, p.Status.Servers = int32(workspaces), int32(servers)
	p.Status.ObservedGeneration = p.Generation
	ready := condition.Ready{Reason: v1alpha1.ReasonReady, Message: "Servers and schedules can be started from the profile."}
	condition.Set(&p.Status.Conditions, p.Generation, ready, validate(&p.Spec))
	if equality.Semantic.DeepEqual(before.Status, p.Status) {
		return reconcile.Result{}, nil
	}
	err = c.client.Status().Patch(ctx, p, client.MergeFrom(before), client.FieldOwner(apply.FieldManager))
	if client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("updating the status of profile %s: %w", p.Name, err)
	}
	return reconcile.Result{}, nil
}

// allowed names the profiles that a workspace allows.
func allowed(obj client.Object) []string {
	if ws, ok := obj.(*v1alpha1.Workspace); ok {
		return ws.Spec.Profiles
	}
	return nil
}

// run names the profile that a pod runs.
func run(obj client.Object) []string {
	if name := obj.GetLabels()[v1alpha1.LabelProfile]; name != "" {
		return []string{name}
	}
	return nil
}

// later has the profiles of an object counted again once changes have settled. An update concerns the profiles
// of before as well.
func later(profiles func(client.Object) []string) handler.EventHandler {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	enqueue := func(q queue, objs ...client.Object) {
		for _, obj := range objs {
			for _, name := range profiles(obj) {
				q.AddAfter(reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}, settle)
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { enqueue(q, e.Object) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { enqueue(q, e.ObjectOld, e.ObjectNew) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { enqueue(q, e.Object) },
	}
}
