// Package credentialrequest answers those who ask from outside of the cluster for credentials of a person, and takes the keys back.
package credentialrequest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/sealed"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/credentials"
)

const (
	// Finalizer holds a request until its key is taken back.
	Finalizer = "atoll.dev/credentials"
	// refusedStays is for how long a request without a key stays, to be read.
	refusedStays = 10 * time.Minute
	// again is when a request is looked at that the cache does not show as it is.
	again = time.Second
)

// Lender lends keys, see credentials.Lender.
type Lender interface {
	Lend(ctx context.Context, account string, where *grant.Objects, life time.Duration) (credentials.Loan, error)
	Extend(ctx context.Context, account, id string, where *grant.Objects, life time.Duration) (time.Time, error)
	TakeBack(ctx context.Context, account, id string) (gone bool, err error)
}

// Options of the controller.
type Options struct {
	// Lender is nil where the platform hands out no keys.
	Lender Lender
	// Account names the object store's account of a person.
	Account func(person string) string
	// Endpoint of the object store as people outside of the cluster reach it, and its region.
	Endpoint, Region string
	Clock            clock.PassiveClock
}

// Controller answers requests, one after the other: so nobody borrows a key while it is taken back.
type Controller struct {
	client client.Client
	// live reads past the cache, which may not show yet what this controller has just written.
	live client.Reader
	opts Options
}

// NewController returns a controller that reads grants and datasets from the cache of the client.
func NewController(cached client.Client, live client.Reader, opts Options) *Controller {
	return &Controller{client: cached, live: live, opts: opts}
}

// Register makes the manager run the controller.
func (c *Controller) Register(mgr manager.Manager) error {
	return builder.ControllerManagedBy(mgr).Named("credentialrequest").For(&v1alpha1.CredentialRequest{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 1}).
		Complete(reconcile.AsReconciler(c.client, c))
}

// Reconcile answers a request, answers it anew where it was renewed, and removes one that has ended.
func (c *Controller) Reconcile(ctx context.Context, r *v1alpha1.CredentialRequest) (reconcile.Result, error) {
	if r.DeletionTimestamp != nil {
		return reconcile.Result{}, c.end(ctx, r)
	}
	if r.Status.ObservedGeneration == r.Generation {
		return c.age(ctx, r)
	}
	// The cache may not show yet what was answered a moment ago, and a request is answered once.
	if err := c.live.Get(ctx, client.ObjectKeyFromObject(r), r); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if r.DeletionTimestamp != nil || r.Status.ObservedGeneration == r.Generation {
		return reconcile.Result{RequeueAfter: again}, nil
	}
	if !controllerutil.ContainsFinalizer(r, Finalizer) {
		before := r.DeepCopy()
		controllerutil.AddFinalizer(r, Finalizer)
		if err := c.client.Patch(ctx, r, client.MergeFrom(before), client.FieldOwner(apply.FieldManager)); err != nil {
			return reconcile.Result{}, client.IgnoreNotFound(err)
		}
	}
	before := r.DeepCopy()
	err := c.answer(ctx, r)
	condition.Set(&r.Status.Conditions, r.Generation,
		condition.Ready{Reason: v1alpha1.ReasonLent, Message: "The credentials are good until " + string(r.Status.Expiration) + "."}, err)
	_, failure := condition.Retry(err)
	if failure == nil {
		r.Status.ObservedGeneration = r.Generation
	}
	if err := c.client.Status().Patch(ctx, r, client.MergeFrom(before), client.FieldOwner(apply.FieldManager)); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if failure != nil {
		return reconcile.Result{}, failure
	}
	return c.age(ctx, r)
}

// answer lends a key, or lends the one that was lent for longer. What it was refused is the error, of which the request says why.
func (c *Controller) answer(ctx context.Context, r *v1alpha1.CredentialRequest) error {
	if c.opts.Lender == nil {
		return refused(v1alpha1.ReasonNoKeys, errors.New("this platform hands out no keys of its object store: on AWS, people's servers and runs have their "+
			"roles by EKS Pod Identity, and what runs outside of the cluster has a role of its own"))
	}
	where, err := c.where(ctx, r)
	if err != nil {
		return err
	}
	account, life := c.opts.Account(string(r.Spec.Person)), time.Duration(r.Spec.ExpirationSeconds)*time.Second
	says := log.FromContext(ctx).WithValues("person", r.Spec.Person, "requestedBy", r.Spec.RequestedBy, "request", r.Name, "uid", r.UID)
	if id := r.Status.AccessKeyID; id != "" {
		until, err := c.opts.Lender.Extend(ctx, account, id, where, life)
		if err != nil {
			return c.why(ctx, r, err)
		}
		r.Status.Expiration = v1alpha1.At(until)
		says.Info("credentials given for longer", "key", id, "until", until)
		return nil
	}
	loan, err := c.opts.Lender.Lend(ctx, account, where, life)
	if err != nil {
		return c.why(ctx, r, err)
	}
	text, err := sealed.Seal(r.Spec.PublicKey, string(r.UID), loan.ID, loan.Secret)
	// Written down in any case, so that the key is taken back with the request.
	r.Status.AccessKeyID, r.Status.Expiration = loan.ID, v1alpha1.At(loan.Until)
	if err != nil {
		return refused(v1alpha1.ReasonInvalid, fmt.Errorf("spec.publicKey: %w", err))
	}
	r.Status.SealedSecretAccessKey, r.Status.Endpoint, r.Status.Region = text, c.opts.Endpoint, c.opts.Region
	says.Info("credentials given", "key", loan.ID, "until", loan.Until)
	return nil
}

// age removes a request whose time is over.
func (c *Controller) age(ctx context.Context, r *v1alpha1.CredentialRequest) (reconcile.Result, error) {
	until := r.CreationTimestamp.Add(refusedStays)
	if r.Status.AccessKeyID != "" {
		var err error
		if until, err = r.Status.Expiration.Time(); err != nil {
			return reconcile.Result{}, fmt.Errorf("reading when the credentials of request %s end: %w", r.Name, err)
		}
	}
	if left := until.Sub(c.opts.Clock.Now()); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	if err := c.client.Delete(ctx, r); client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("removing the request %s, which has ended: %w", r.Name, err)
	}
	return reconcile.Result{}, nil
}

// end takes the key of a request back, and lets the request go.
func (c *Controller) end(ctx context.Context, r *v1alpha1.CredentialRequest) error {
	if !controllerutil.ContainsFinalizer(r, Finalizer) {
		return nil
	}
	if id := r.Status.AccessKeyID; id != "" && c.opts.Lender != nil {
		others, err := c.borrowers(ctx, r)
		if err != nil {
			return err
		}
		gone := false
		if others == 0 {
			if gone, err = c.opts.Lender.TakeBack(ctx, c.opts.Account(string(r.Spec.Person)), id); err != nil {
				return fmt.Errorf("taking back the key of request %s: %w", r.Name, err)
			}
		}
		log.FromContext(ctx).Info("credentials given back", "person", r.Spec.Person, "requestedBy", r.Spec.RequestedBy, "request", r.Name, "uid", r.UID,
			"key", id, "gone", gone)
	}
	before := r.DeepCopy()
	controllerutil.RemoveFinalizer(r, Finalizer)
	return client.IgnoreNotFound(c.client.Patch(ctx, r, client.MergeFrom(before), client.FieldOwner(apply.FieldManager)))
}

// borrowers counts the other requests that have the same key.
func (c *Controller) borrowers(ctx context.Context, r *v1alpha1.CredentialRequest) (int, error) {
	var all v1alpha1.CredentialRequestList
	if err := c.live.List(ctx, &all); err != nil {
		return 0, fmt.Errorf("listing the requests for credentials: %w", err)
	}
	others := 0
	for i := range all.Items {
		o := &all.Items[i]
		if o.UID != r.UID && o.DeletionTimestamp == nil && o.Status.AccessKeyID == r.Status.AccessKeyID {
			others++
		}
	}
	return others, nil
}

func refused(reason string, err error) error {
	return &condition.Error{Reason: reason, Terminal: true, Err: err}
}
