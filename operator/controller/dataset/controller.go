// Package dataset works out how sensitive data is, from its own class, its columns and what it derives from.
package dataset

import (
	"context"
	"fmt"
	"strings"
	"time"

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
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/index"
)

// counted is how long the number of grants in the status of a dataset may be behind: where many grants change, it is not written for
// each of them.
const counted = 10 * time.Second

// Options of the controller.
type Options struct {
	// Concurrency bounds how many datasets are worked on at once.
	Concurrency int
}

// Controller reconciles datasets.
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
	phase := predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		was, isGrant := e.ObjectOld.(*v1alpha1.DataGrant)
		is, alsoGrant := e.ObjectNew.(*v1alpha1.DataGrant)
		return isGrant && alsoGrant && was.Status.Phase != is.Status.Phase
	}}
	return builder.ControllerManagedBy(mgr).
		Named("dataset").
		For(&v1alpha1.Dataset{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Dataset{}, handler.EnqueueRequestsFromMapFunc(c.derived), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.DataGrant{}, recount(), builder.WithPredicates(phase)).
		WithOptions(controller.Options{MaxConcurrentReconciles: c.opts.Concurrency}).
		Complete(reconcile.AsReconciler(c.client, c))
}

// Reconcile writes what the dataset counts as to its status. It never writes spec.
func (c *Controller) Reconcile(ctx context.Context, ds *v1alpha1.Dataset) (reconcile.Result, error) {
	if ds.DeletionTimestamp != nil {
		return reconcile.Result{}, nil
	}
	before := ds.DeepCopy()
	catalog, err := index.Lineage(ctx, c.client, ds.Name)
	if err != nil {
		return reconcile.Result{}, err
	}
	class, why := catalog.EffectiveClass(ds.Name, nil)
	ds.Status.Classification, ds.Status.ClassifiedBy = v1alpha1.Classification(class), why
	ds.Status.ConflictClasses = nil
	for _, conflict := range catalog.EffectiveConflicts(ds.Name) {
		ds.Status.ConflictClasses = append(ds.Status.ConflictClasses, conflict.String())
	}
	if ds.Status.Grants, err = c.count(ctx, ds.Name); err != nil {
		return reconcile.Result{}, err
	}
	ds.Status.ObservedGeneration = ds.Generation
	ready := condition.Ready{Reason: v1alpha1.ReasonReady, Message: fmt.Sprintf("It counts as %s by %s.", class, why)}
	condition.Set(&ds.Status.Conditions, ds.Generation, ready, problem(catalog, ds.Name))
	if equality.Semantic.DeepEqual(before.Status, ds.Status) {
		return reconcile.Result{}, nil
	}
	err = c.client.Status().Patch(ctx, ds, client.MergeFrom(before), client.FieldOwner(apply.FieldManager))
	if client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("updating the status of dataset %s: %w", ds.Name, err)
	}
	return reconcile.Result{}, nil
}

// problem is what only a person can put right.
func problem(catalog grant.Catalog, name string) error {
	conflicts := catalog.EffectiveConflicts(name)
	if a, b, clash := grant.Clash(conflicts, conflicts); clash {
		return &condition.Error{
			Reason: v1alpha1.ReasonConflict, Terminal: true,
			Err: fmt.Errorf("it brings %s and %s together, which must not come together: nobody can be granted any of it", a, b),
		}
	}
	if missing := catalog.Unknown(name); len(missing) > 0 {
		return &condition.Error{
			Reason: v1alpha1.ReasonSourceNotFound,
			Err:    fmt.Errorf("it derives from %s, which does not exist, and so it counts as C4", strings.Join(missing, ", ")),
		}
	}
	return nil
}

// count counts the grants that are in force.
func (c *Controller) count(ctx context.Context, name string) (int32, error) {
	list := &v1alpha1.DataGrantList{}
	if err := c.client.List(ctx, list, client.MatchingFields{index.GrantDataset: name}, client.UnsafeDisableDeepCopy); err != nil {
		return 0, fmt.Errorf("listing the grants of dataset %s: %w", name, err)
	}
	var active int32
	for i := range list.Items {
		if list.Items[i].Status.Phase == v1alpha1.GrantActive {
			active++
		}
	}
	return active, nil
}

// derived names the datasets that derive from one.
func (c *Controller) derived(ctx context.Context, ds client.Object) []reconcile.Request {
	names, err := index.Derived(ctx, c.client, ds.GetName())
	if err != nil {
		return nil
	}
	all := make([]reconcile.Request, 0, len(names))
	for _, name := range names {
		all = append(all, request(name))
	}
	return all
}

// recount has the dataset of a grant looked at again, by and by.
func recount() handler.Funcs {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	of := func(obj client.Object, q queue) {
		if dg, ok := obj.(*v1alpha1.DataGrant); ok {
			q.AddAfter(request(dg.Spec.Dataset), counted)
		}
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { of(e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { of(e.ObjectNew, q) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { of(e.Object, q) },
	}
}

func request(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Name: name}}
}
