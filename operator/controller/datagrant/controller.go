// Package datagrant carries grants through their life: judged, given to the targets, ended.
package datagrant

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/grant/granted"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/index"
	"github.com/atoll-platform/atoll/operator/controller/record"
	"github.com/atoll-platform/atoll/operator/target"
)

// Finalizer holds a deleted grant until every target is rid of it.
const Finalizer = "atoll.dev/grant"

// Options of the controller.
type Options struct {
	// Targets enforce grants.
	Targets []target.Target
	// Ledger is told of a grant before any target has it; nil where there is none.
	Ledger record.Ledger
	// LedgerAgain is when a ledger that did not answer is tried again.
	LedgerAgain time.Duration
	// TrustGroupsFor is how long the groups of a person count that the identity provider does not confirm.
	TrustGroupsFor time.Duration
	// Limits bound how long grants last.
	Limits grant.Limits
	// Concurrency bounds how many grants are worked on at once.
	Concurrency int
	// Clock tells the time.
	Clock clock.PassiveClock
}

// Controller reconciles grants.
type Controller struct {
	client client.Client
	live   client.Reader
	events events.EventRecorder
	opts   Options
	book   *target.Book
	giver  *target.Giver

	// loading holds while the book is made complete, before anything is written to a target.
	loading sync.Mutex
	// admitting holds while a grant is compared with all others and entered, so that of two that conflict one sees the other.
	admitting sync.Mutex
}

// NewController returns a controller that reads from cached, or from live where a cache may be late.
func NewController(cached client.Client, live client.Reader, recorder events.EventRecorder, book *target.Book, opts Options) *Controller {
	c := &Controller{client: cached, live: live, events: recorder, opts: opts, book: book}
	c.giver = target.NewGiver(book, opts.Clock, c.give)
	return c
}

// Register makes the manager run the controller.
func (c *Controller) Register(mgr manager.Manager) error {
	var known prometheus.AlreadyRegisteredError
	if err := metrics.Registry.Register(NewCollector(c.client)); err != nil && !errors.As(err, &known) {
		return fmt.Errorf("registering the metrics of grants: %w", err)
	}
	err := builder.ControllerManagedBy(mgr).
		Named("datagrant").
		For(&v1alpha1.DataGrant{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Dataset{}, handler.EnqueueRequestsFromMapFunc(c.ofDataset), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(c.ofWorkspace), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.GroupMembership{}, c.recount(), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: c.opts.Concurrency}).
		Complete(reconcile.AsReconciler(c.client, c))
	if err != nil {
		return fmt.Errorf("registering the controller of grants: %w", err)
	}
	return c.registerGroups(mgr)
}

// Reconcile brings a grant to where it belongs at this time, at every target, and says so in its status. It never writes spec.
func (c *Controller) Reconcile(ctx context.Context, dg *v1alpha1.DataGrant) (reconcile.Result, error) {
	if err := c.load(ctx); err != nil {
		return reconcile.Result{}, err
	}
	if dg.DeletionTimestamp != nil {
		return reconcile.Result{}, c.takeDown(ctx, dg)
	}
	if err := c.hold(ctx, dg); err != nil {
		return reconcile.Result{}, err
	}
	now := c.opts.Clock.Now()
	found := c.judge(ctx, dg, now)
	if found.failed != nil {
		return reconcile.Result{}, found.failed
	}
	outcome, err := c.enforce(ctx, dg, found)
	if err != nil {
		return reconcile.Result{}, err
	}
	if outcome != nil {
		after, err := condition.Retry(outcome)
		return reconcile.Result{RequeueAfter: after}, err
	}
	return reconcile.Result{RequeueAfter: found.wake(now)}, nil
}

// load enters into the book what has been admitted before this process began, and who works where.
func (c *Controller) load(ctx context.Context) error {
	c.loading.Lock()
	defer c.loading.Unlock()
	if c.book.Complete() {
		return nil
	}
	workspaces := &v1alpha1.WorkspaceList{}
	if err := c.client.List(ctx, workspaces, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the workspaces that grants may be for: %w", err)
	}
	for i := range workspaces.Items {
		c.note(&workspaces.Items[i])
	}
	stated := &v1alpha1.GroupMembershipList{}
	if err := c.client.List(ctx, stated, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the groups that people are in: %w", err)
	}
	for i := range stated.Items {
		if groups, until := granted.Groups(&stated.Items[i], c.opts.Clock.Now(), c.opts.TrustGroupsFor); !until.IsZero() {
			c.book.SetGroups(string(stated.Items[i].Spec.UserName), groups)
		}
	}
	datasets := &v1alpha1.DatasetList{}
	if err := c.live.List(ctx, datasets); err != nil {
		return fmt.Errorf("listing the datasets that grants are of: %w", err)
	}
	catalog := granted.Catalog(datasets.Items)
	grants := &v1alpha1.DataGrantList{}
	if err := c.live.List(ctx, grants); err != nil {
		return fmt.Errorf("listing the grants that are in force: %w", err)
	}
	for i := range grants.Items {
		dg := &grants.Items[i]
		if !granted.Admitted(dg) {
			continue
		}
		g, err := granted.Grant(dg)
		if err != nil {
			continue // It is judged anew, and refused, when its turn comes.
		}
		if atoms, err := grant.Atoms(g, catalog[g.Dataset]); err == nil {
			// Without evidence it was perhaps not recorded either, and is given when its turn comes.
			if c.book.Reserve(g.Name, atoms); len(dg.Status.Targets) > 0 {
				c.book.Release(g.Name)
			}
			people, _ := c.book.Of(g.Subject)
			c.book.SetApplied(g.Name, people)
		}
	}
	c.book.SetComplete()
	return nil
}

// hold puts the finalizer on the grant, so that its deletion is the operator's to carry out.
func (c *Controller) hold(ctx context.Context, dg *v1alpha1.DataGrant) error {
	before := dg.DeepCopy()
	if !controllerutil.AddFinalizer(dg, Finalizer) {
		return nil
	}
	return c.patchFinalizers(ctx, before, dg)
}

// takeDown ends the access and lets the object go. Who held data that lies in a conflict class is written down before.
func (c *Controller) takeDown(ctx context.Context, dg *v1alpha1.DataGrant) error {
	if !controllerutil.ContainsFinalizer(dg, Finalizer) {
		return nil
	}
	c.book.Remove(dg.Name)
	if err := c.sync(ctx, dg.Name, nil); err != nil {
		return fmt.Errorf("ending the access by grant %s, which is deleted: %w", dg.Name, err)
	}
	if err := c.remember(ctx, dg); err != nil {
		return err
	}
	before := dg.DeepCopy()
	controllerutil.RemoveFinalizer(dg, Finalizer)
	if err := c.patchFinalizers(ctx, before, dg); err != nil {
		return err
	}
	c.events.Eventf(dg, nil, "Normal", "Removed", "Delete", "No target has the grant any more.")
	return nil
}

func (c *Controller) patchFinalizers(ctx context.Context, before, after *v1alpha1.DataGrant) error {
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.client.Patch(ctx, after, patch, client.FieldOwner(apply.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("updating the finalizers of grant %s: %w", after.Name, err)
	}
	return nil
}

// ofDataset names the grants of a dataset and of all that derive from it.
func (c *Controller) ofDataset(ctx context.Context, dataset client.Object) []reconcile.Request {
	names, err := index.Derived(ctx, c.client, dataset.GetName())
	if err != nil {
		return nil // The list is of the cache, which has just told of this dataset.
	}
	var all []reconcile.Request
	for _, name := range names {
		all = append(all, c.requests(ctx, client.MatchingFields{index.GrantDataset: name})...)
	}
	return all
}

// ofWorkspace names the grants that reach people by a workspace, after it has been noted who they are.
func (c *Controller) ofWorkspace(ctx context.Context, obj client.Object) []reconcile.Request {
	ws, ok := obj.(*v1alpha1.Workspace)
	if !ok {
		return nil
	}
	c.note(ws)
	return c.requests(ctx, client.MatchingFields{index.GrantSubject: index.Subject(v1alpha1.SubjectWorkspace, ws.Name)})
}

// note enters who works in a workspace.
func (c *Controller) note(ws *v1alpha1.Workspace) {
	if ws.DeletionTimestamp != nil {
		c.book.Workspace(ws.Name, nil, nil)
		return
	}
	people, groups := granted.Members(ws)
	c.book.Workspace(ws.Name, people, groups)
}

func (c *Controller) requests(ctx context.Context, by client.ListOption) []reconcile.Request {
	list := &v1alpha1.DataGrantList{}
	if err := c.client.List(ctx, list, by, client.UnsafeDisableDeepCopy); err != nil {
		return nil
	}
	all := make([]reconcile.Request, 0, len(list.Items))
	for i := range list.Items {
		all = append(all, reconcile.Request{NamespacedName: types.NamespacedName{Name: list.Items[i].Name}})
	}
	return all
}

// wake is how long the outcome holds; zero where time changes nothing.
func (f finding) wake(now time.Time) time.Duration {
	if f.until.IsZero() {
		return 0
	}
	return max(f.until.Sub(now), time.Millisecond)
}
