// Package personrole gives each person's pods their role on AWS: a role a person, and an association for each of their ServiceAccounts.
package personrole

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
)

// Roles makes roles of people.
type Roles interface {
	// Ensure makes the role of a person where it is not there, and says its ARN.
	Ensure(ctx context.Context, user string) (arn string, err error)
}

// Associations say which pods have which role.
type Associations interface {
	Ensure(ctx context.Context, namespace, serviceAccount, roleARN string) error
	Remove(ctx context.Context, namespace, serviceAccount string) error
}

// Controller reconciles the ServiceAccounts of people.
type Controller struct {
	client       client.Reader
	roles        Roles
	associations Associations
}

// NewController returns a controller that reads ServiceAccounts from cached.
func NewController(cached client.Reader, roles Roles, associations Associations) *Controller {
	return &Controller{client: cached, roles: roles, associations: associations}
}

// Register makes the manager run the controller.
func (c *Controller) Register(mgr manager.Manager) error {
	people := predicate.NewPredicateFuncs(func(o client.Object) bool { return o.GetAnnotations()[v1alpha1.AnnotationPerson] != "" })
	return builder.ControllerManagedBy(mgr).
		Named("personrole").
		For(&corev1.ServiceAccount{}, builder.WithPredicates(people)).
		Complete(c)
}

// Reconcile gives pods of the ServiceAccount the role of the person, and takes it from them once the ServiceAccount is gone. An account
// that is not named after its person, as the operator names it, gets nothing.
func (c *Controller) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	account := &corev1.ServiceAccount{}
	err := c.client.Get(ctx, req.NamespacedName, account)
	if err != nil && !apierrors.IsNotFound(err) {
		return reconcile.Result{}, fmt.Errorf("reading ServiceAccount %s: %w", req, err)
	}
	user := account.Annotations[v1alpha1.AnnotationPerson]
	if err != nil || account.DeletionTimestamp != nil || user == "" || person.ServiceAccount(user) != req.Name {
		return reconcile.Result{}, c.associations.Remove(ctx, req.Namespace, req.Name)
	}
	arn, err := c.roles.Ensure(ctx, user)
	if err != nil {
		return reconcile.Result{}, err
	}
	return reconcile.Result{}, c.associations.Ensure(ctx, req.Namespace, req.Name, arn)
}
