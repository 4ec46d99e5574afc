// Package record writes into the ledger what becomes of datasets, grants and workspaces.
package record

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/grant/granted"
	"github.com/atoll-platform/atoll/operator/ledger"
)

const (
	// again is when a ledger that did not answer is tried again.
	again = 10 * time.Second
	// workers of each kind: those who wait for the ledger are written together.
	workers = 16
)

// Ledger keeps facts.
type Ledger interface {
	// Record adds the facts that are news.
	Record(ctx context.Context, facts ...ledger.Fact) error
	// Replay is what it says of a time.
	Replay(ctx context.Context, at time.Time) (*ledger.State, error)
}

// Controller records one kind after another.
type Controller struct {
	client client.Client
	ledger Ledger
}

// NewController returns a controller that reads from the cache of the client.
func NewController(cached client.Client, l Ledger) *Controller {
	return &Controller{client: cached, ledger: l}
}

// Register makes the manager run a controller for each kind.
func (c *Controller) Register(mgr manager.Manager) error {
	for name, k := range map[string]struct {
		object client.Object
		read   func(context.Context, string) (ledger.Fact, error)
	}{
		"record-dataset":   {&v1alpha1.Dataset{}, c.dataset},
		"record-grant":     {&v1alpha1.DataGrant{}, c.grant},
		"record-workspace": {&v1alpha1.Workspace{}, c.workspace},
	} {
		err := builder.ControllerManagedBy(mgr).Named(name).For(k.object).
			WithOptions(controller.Options{MaxConcurrentReconciles: workers}).
			Complete(reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
				fact, err := k.read(ctx, req.Name)
				if err != nil || fact == nil {
					return reconcile.Result{}, err
				}
				if err := c.ledger.Record(ctx, fact); err != nil {
					// Not an error to be retried ever later: the ledger is behind until it answers.
					note(ctx, name, req.Name, err)
					return reconcile.Result{RequeueAfter: again}, nil
				}
				return reconcile.Result{}, nil
			}))
		if err != nil {
			return fmt.Errorf("registering %s: %w", name, err)
		}
	}
	if err := mgr.Add(manager.RunnableFunc(c.sweep)); err != nil {
		return fmt.Errorf("adding the look at what is gone: %w", err)
	}
	return nil
}

func (c *Controller) dataset(ctx context.Context, name string) (ledger.Fact, error) {
	ds := &v1alpha1.Dataset{}
	if gone, err := c.get(ctx, name, ds); gone || err != nil {
		return ledger.Dataset{Name: name, Gone: true}, err
	}
	return Dataset(ds), nil
}

func (c *Controller) workspace(ctx context.Context, name string) (ledger.Fact, error) {
	ws := &v1alpha1.Workspace{}
	if gone, err := c.get(ctx, name, ws); gone || err != nil {
		return ledger.Workspace{Name: name, Gone: true}, err
	}
	return Workspace(ws), nil
}

// grant is nil as long as nobody has found what becomes of the grant as it now is. Whoever finds that it gives something records so
// before it does: nothing older may be said after that.
func (c *Controller) grant(ctx context.Context, name string) (ledger.Fact, error) {
	dg := &v1alpha1.DataGrant{}
	if gone, err := c.get(ctx, name, dg); gone || err != nil {
		return ledger.Grant{Name: name, Gone: true}, err
	}
	if dg.Status.ObservedGeneration != dg.Generation {
		return nil, nil //nolint:nilnil // there is nothing to be said yet
	}
	var atoms []grant.Atom
	if granted.Admitted(dg) {
		g, err := granted.Grant(dg)
		if err != nil {
			return nil, fmt.Errorf("reading grant %s: %w", name, err)
		}
		ds := &v1alpha1.Dataset{}
		switch gone, err := c.get(ctx, g.Dataset, ds); {
		case err != nil:
			return nil, err
		case !gone:
			// What does not fit the dataset any more gives nothing.
			atoms, _ = grant.Atoms(g, granted.Dataset(ds))
		}
	}
	return Grant(dg, atoms), nil
}

func (c *Controller) get(ctx context.Context, name string, into client.Object) (gone bool, err error) {
	err = c.client.Get(ctx, client.ObjectKey{Name: name}, into)
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading %T %s: %w", into, name, err)
	}
	return false, nil
}
