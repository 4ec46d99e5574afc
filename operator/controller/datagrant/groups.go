package datagrant

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/util/workqueue"
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
	"github.com/atoll-platform/atoll/internal/grant/granted"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/controller/index"
	"github.com/atoll-platform/atoll/operator/ledger"
)

// counted is how long the number of accounts in the status of a grant may be behind who is in its group. The targets are told at once;
// where many people come to a group, the grants are not looked at again for each of them.
const counted = 10 * time.Second

// registerGroups makes the manager run what brings grants to groups to the people in them.
func (c *Controller) registerGroups(mgr manager.Manager) error {
	return builder.ControllerManagedBy(mgr).
		Named("groupmembership").
		For(&v1alpha1.GroupMembership{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: c.opts.Concurrency}).
		Complete(reconcile.Func(c.reconcileGroups))
}

// reconcileGroups gives a person what the groups give that they are in, and takes what the groups gave that they have left or that
// nobody confirms any more. What gives waits for the ledger; what takes away waits for nothing.
func (c *Controller) reconcileGroups(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	if err := c.load(ctx); err != nil {
		return reconcile.Result{}, err
	}
	stated := &v1alpha1.GroupMembership{}
	if err := c.client.Get(ctx, req.NamespacedName, stated); err != nil && !apierrors.IsNotFound(err) {
		return reconcile.Result{}, fmt.Errorf("reading the groups of %s: %w", req.Name, err)
	}
	user := string(stated.Spec.UserName)
	if user == "" {
		user = c.userOf(req.Name) // The object is gone.
	}
	if person.Slug(user) != req.Name {
		log.FromContext(ctx).Info("ignored: it is not named after its person", "groupMembership", req.Name, "user", user)
		return reconcile.Result{}, nil
	}
	now := c.opts.Clock.Now()
	groups, until := granted.Groups(stated, now, c.opts.TrustGroupsFor)
	fact := ledger.Person{Name: user, Groups: groups, Gone: until.IsZero()}
	var wake time.Duration
	if !until.IsZero() {
		wake = until.Sub(now)
	}
	if c.opts.Ledger != nil {
		if err := c.opts.Ledger.Record(ctx, fact); err != nil {
			log.FromContext(ctx).Error(err, "groups that somebody has come to give nothing until the ledger answers", "user", user)
			before := c.book.Groups(user)
			groups = slices.DeleteFunc(groups, func(g string) bool { return !slices.Contains(before, g) })
			wake = c.opts.LedgerAgain
		}
	}
	c.book.SetGroups(user, groups)
	if err := c.giver.Give(ctx, []string{user}); err != nil {
		return reconcile.Result{}, fmt.Errorf("giving %s what their groups give: %w", user, err)
	}
	return reconcile.Result{RequeueAfter: wake}, nil
}

// userOf is whom an object was named after. A name that says nothing is looked for among those whose groups are known.
func (c *Controller) userOf(name string) string {
	if person.Slug(name) == name {
		return name
	}
	for _, user := range c.book.Grouped() {
		if person.Slug(user) == name {
			return user
		}
	}
	return ""
}

// recount has grants looked at again, by and by, that reach others since somebody came to a group or left it.
func (c *Controller) recount() handler.Funcs {
	type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]
	of := func(ctx context.Context, was, is client.Object, q queue) {
		for _, group := range changed(was, is) {
			all := c.requests(ctx, client.MatchingFields{index.GrantSubject: index.Subject(v1alpha1.SubjectGroup, group)})
			for _, ws := range c.book.Listing(group) {
				all = append(all, c.requests(ctx, client.MatchingFields{index.GrantSubject: index.Subject(v1alpha1.SubjectWorkspace, ws)})...)
			}
			for _, req := range all {
				q.AddAfter(req, counted)
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { of(ctx, nil, e.Object, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) { of(ctx, e.ObjectOld, e.ObjectNew, q) },
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) { of(ctx, e.Object, nil, q) },
	}
}

// changed are the groups that one of two objects names and the other does not.
func changed(was, is client.Object) []string {
	groups := func(o client.Object) []string {
		if stated, ok := o.(*v1alpha1.GroupMembership); ok {
			return stated.Spec.Groups
		}
		return nil
	}
	before, after := groups(was), groups(is)
	only := func(these, others []string) (all []string) {
		for _, g := range these {
			if !slices.Contains(others, g) {
				all = append(all, g)
			}
		}
		return all
	}
	return append(only(before, after), only(after, before)...)
}
