// Package workspace turns a Workspace into its namespace and everything in it.
package workspace

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/index"
	"github.com/atoll-platform/atoll/operator/controller/workspace/deletion"
	"github.com/atoll-platform/atoll/operator/controller/workspace/home"
	"github.com/atoll-platform/atoll/operator/controller/workspace/limitrange"
	"github.com/atoll-platform/atoll/operator/controller/workspace/member"
	"github.com/atoll-platform/atoll/operator/controller/workspace/namespace"
	"github.com/atoll-platform/atoll/operator/controller/workspace/network"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
	"github.com/atoll-platform/atoll/operator/controller/workspace/quota"
	"github.com/atoll-platform/atoll/operator/controller/workspace/status"
)

// Options say what a workspace cannot know of the platform it is in.
type Options struct {
	// HubURL is where people find the hub.
	HubURL string
	// Network says where the platform's components are.
	Network network.Options
	// StorageClass is that of homes whose workspace names none; empty means the cluster's default.
	StorageClass string
	// Final saves the homes of a workspace that goes with its homes, and is nil only once that is done.
	Final func(context.Context, *v1alpha1.Workspace) error
	// Concurrency bounds how many workspaces are worked on at once.
	Concurrency int
}

// Controller reconciles workspaces.
type Controller struct {
	writer apply.Writer
	live   client.Reader
	events events.EventRecorder
	opts   Options
}

// NewController returns a controller that reads from cached, or from live where the cache leaves something out.
func NewController(cached client.Client, live client.Reader, recorder events.EventRecorder, opts Options) *Controller {
	return &Controller{writer: apply.Writer{Client: cached}, live: live, events: recorder, opts: opts}
}

// Register makes the manager run the controller.
func (c *Controller) Register(mgr manager.Manager) error {
	b := builder.ControllerManagedBy(mgr).
		Named("workspace").
		For(&v1alpha1.Workspace{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: c.opts.Concurrency})
	for _, child := range []client.Object{
		&corev1.Namespace{},
		&corev1.ResourceQuota{},
		&corev1.LimitRange{},
		&corev1.ServiceAccount{},
		&corev1.PersistentVolumeClaim{},
		&networkingv1.NetworkPolicy{},
		&rbacv1.RoleBinding{},
	} {
		b = b.Watches(child, handler.EnqueueRequestsFromMapFunc(owned.Requests))
	}
	return b.
		WatchesMetadata(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(owned.Requests), builder.WithPredicates(comesOrGoes())).
		Watches(&v1alpha1.Profile{}, handler.EnqueueRequestsFromMapFunc(c.allowing), builder.WithPredicates(comesOrGoes())).
		Complete(reconcile.AsReconciler(c.writer.Client, c))
}

// Reconcile brings the cluster to what the workspace asks for and says so in its status. It never writes spec.
func (c *Controller) Reconcile(ctx context.Context, ws *v1alpha1.Workspace) (reconcile.Result, error) {
	if ws.DeletionTimestamp != nil {
		return c.takeDown(ctx, ws)
	}
	if err := c.hold(ctx, ws); err != nil {
		return reconcile.Result{}, err
	}
	outcome := c.apply(ctx, ws)
	if err := c.report(ctx, ws, outcome); err != nil {
		return reconcile.Result{}, errors.Join(outcome, err)
	}
	after, err := condition.Retry(outcome)
	return reconcile.Result{RequeueAfter: after}, err
}

// apply applies every concern. One that fails does not hold up the others, but for the namespace, which all are in,
// and for people who cannot be told apart.
func (c *Controller) apply(ctx context.Context, ws *v1alpha1.Workspace) error {
	if err := member.Distinct(ws); err != nil {
		return err
	}
	if err := namespace.Ensure(ctx, c.writer, c.live, ws); err != nil {
		return err
	}
	return errors.Join(
		network.Ensure(ctx, c.writer, ws, c.opts.Network),
		quota.Ensure(ctx, c.writer, ws),
		limitrange.Ensure(ctx, c.writer, ws),
		member.EnsureAccounts(ctx, c.writer, ws),
		home.Ensure(ctx, c.writer, c.live, ws, c.opts.StorageClass),
		member.EnsureRoles(ctx, c.writer, ws, c.opts.Network.HubNamespace),
		status.Profiles(ctx, c.writer, ws),
	)
}

// hold puts the finalizer on the workspace, so that its deletion is the operator's to carry out.
func (c *Controller) hold(ctx context.Context, ws *v1alpha1.Workspace) error {
	before := ws.DeepCopy()
	if !controllerutil.AddFinalizer(ws, deletion.Finalizer) {
		return nil
	}
	return c.patchFinalizers(ctx, before, ws)
}

func (c *Controller) takeDown(ctx context.Context, ws *v1alpha1.Workspace) (reconcile.Result, error) {
	if !controllerutil.ContainsFinalizer(ws, deletion.Finalizer) {
		return reconcile.Result{}, nil
	}
	if outcome := deletion.Take(ctx, c.writer, c.live, ws, c.opts.Final); outcome != nil {
		if err := c.report(ctx, ws, outcome); err != nil {
			return reconcile.Result{}, errors.Join(outcome, err)
		}
		after, err := condition.Retry(outcome)
		return reconcile.Result{RequeueAfter: after}, err
	}
	before := ws.DeepCopy()
	controllerutil.RemoveFinalizer(ws, deletion.Finalizer)
	if err := c.patchFinalizers(ctx, before, ws); err != nil {
		return reconcile.Result{}, err
	}
	c.farewell(ws)
	return reconcile.Result{}, nil
}

func (c *Controller) patchFinalizers(ctx context.Context, before, after *v1alpha1.Workspace) error {
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.writer.Patch(ctx, after, patch, client.FieldOwner(apply.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("updating the finalizers of workspace %s: %w", after.Name, err)
	}
	return nil
}

// report writes the status and an event when either says something new.
func (c *Controller) report(ctx context.Context, ws *v1alpha1.Workspace, outcome error) error {
	before := ws.DeepCopy()
	if err := status.Observe(ctx, c.writer, ws, c.opts.HubURL); err != nil {
		outcome = errors.Join(outcome, err)
	}
	status.Conclude(ws, outcome)
	if !status.Changed(before, ws) {
		return nil
	}
	patch := client.MergeFrom(before)
	if err := c.writer.Status().Patch(ctx, ws, patch, client.FieldOwner(apply.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("updating the status of workspace %s: %w", ws.Name, err)
	}
	c.announce(before, ws)
	return nil
}

// allowing names the workspaces that allow a profile.
func (c *Controller) allowing(ctx context.Context, profile client.Object) []reconcile.Request {
	return index.WorkspacesAllowing(ctx, c.writer, profile.GetName())
}

// comesOrGoes lets pass what begins and ends to exist.
func comesOrGoes() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(event.UpdateEvent) bool { return false }}
}
