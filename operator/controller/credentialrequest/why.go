package credentialrequest

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/grant/granted"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/controller/index"
	"github.com/atoll-platform/atoll/operator/credentials"
)

// where are the objects of the dataset that is asked for; nil where none is.
func (c *Controller) where(ctx context.Context, r *v1alpha1.CredentialRequest) (*grant.Objects, error) {
	name := r.Spec.Dataset
	if name == "" {
		return nil, nil
	}
	var ds v1alpha1.Dataset
	err := c.client.Get(ctx, client.ObjectKey{Name: name}, &ds)
	if apierrors.IsNotFound(err) {
		return nil, refused(v1alpha1.ReasonDatasetNotFound, fmt.Errorf("there is no dataset %s", name))
	}
	if err != nil {
		return nil, fmt.Errorf("reading dataset %s: %w", name, err)
	}
	objects := granted.Dataset(&ds).Objects
	if objects == nil {
		return nil, refused(v1alpha1.ReasonNoObjects, fmt.Errorf("dataset %s is a table, which no key of the object store opens: read it through Trino", name))
	}
	return objects, nil
}

// why turns what a lender says into what a person can do about it. Anything else than a refusal is tried again.
func (c *Controller) why(ctx context.Context, r *v1alpha1.CredentialRequest, err error) error {
	if errors.Is(err, credentials.ErrKeyGone) {
		return refused(v1alpha1.ReasonKeyGone, err)
	}
	if !errors.Is(err, credentials.ErrNothingGranted) {
		return err
	}
	who, name := string(r.Spec.Person), r.Spec.Dataset
	if name == "" {
		return refused(v1alpha1.ReasonNothingGranted, fmt.Errorf("no objects are granted to %s at the moment: ask the owner of the data for a grant", who))
	}
	var grants v1alpha1.DataGrantList
	if err := c.client.List(ctx, &grants, client.MatchingFields{index.GrantDataset: name}); err != nil {
		return fmt.Errorf("listing the grants of dataset %s: %w", name, err)
	}
	var nearest *v1alpha1.DataGrant
	for i := range grants.Items {
		g := &grants.Items[i]
		if s := g.Spec.Subject; s.Kind != v1alpha1.SubjectUser || person.Slug(s.Name) != person.Slug(who) {
			continue
		}
		if nearest == nil || rank(g) > rank(nearest) || rank(g) == rank(nearest) && g.Spec.NotAfter > nearest.Spec.NotAfter {
			nearest = g
		}
	}
	if nearest == nil {
		return refused(v1alpha1.ReasonNothingGranted, fmt.Errorf("dataset %s is not granted to %s: ask its owner for a grant", name, who))
	}
	return about(nearest, who, v1alpha1.At(c.opts.Clock.Now()))
}

// phases by how near a grant in them is to giving access.
var phases = map[v1alpha1.GrantPhase]int{
	v1alpha1.GrantActive: 4, v1alpha1.GrantPending: 3, v1alpha1.GrantRefused: 2, v1alpha1.GrantRevoked: 1, v1alpha1.GrantExpired: 0,
}

func rank(g *v1alpha1.DataGrant) int { return phases[g.Status.Phase] }

// about says what is the matter with a grant that gives nothing: what it says of itself, and where that is not why, what its status says, which
// comes later.
func about(g *v1alpha1.DataGrant, who string, now v1alpha1.Instant) error {
	what := fmt.Sprintf("dataset %s is granted to %s by %s", g.Spec.Dataset, who, g.Name)
	ready := meta.FindStatusCondition(g.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case g.Spec.Revocation != nil || g.DeletionTimestamp != nil:
		return refused(v1alpha1.ReasonRevoked, fmt.Errorf("%s, which was revoked: ask the owner of the data", what))
	case g.Spec.NotAfter <= now:
		return refused(v1alpha1.ReasonExpired, fmt.Errorf("%s, which ended at %s: ask for another grant", what, g.Spec.NotAfter))
	case ready != nil && ready.Reason == v1alpha1.ReasonScheduled:
		return refused(ready.Reason, fmt.Errorf("%s, which begins at %s: wait until then", what, g.Spec.NotBefore))
	case ready == nil || g.Status.Phase == v1alpha1.GrantActive:
		return refused(v1alpha1.ReasonNothingGranted, fmt.Errorf("%s, which is not in force at the object store yet: try again in a moment", what))
	}
	return refused(ready.Reason, fmt.Errorf("%s, which is %s: %s", what, g.Status.Phase, ready.Message))
}
