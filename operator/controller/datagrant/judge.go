package datagrant

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/grant/granted"
	"github.com/atoll-platform/atoll/operator/controller/index"
	"github.com/atoll-platform/atoll/operator/target"
)

// finding is what the rules say of a grant at a time.
type finding struct {
	phase           v1alpha1.GrantPhase
	reason, message string
	class           grant.Class
	// atoms are what is to be enforced; none where nothing is.
	atoms  []grant.Atom
	grant  grant.Grant
	places []target.Target
	// until is when time alone changes the finding; zero for never.
	until time.Time
	// failed says that it could not be judged, and is to be tried again.
	failed error
}

// admitted says whether targets are to enforce the grant.
func (f finding) admitted() bool { return len(f.atoms) > 0 }

func refused(f finding, reason, message string) finding {
	f.phase, f.reason, f.message = v1alpha1.GrantRefused, reason, message
	return f
}

// judge applies every rule, the cheap ones first. It changes nothing but the book, where a grant that is admitted is entered.
func (c *Controller) judge(ctx context.Context, dg *v1alpha1.DataGrant, now time.Time) finding {
	g, err := granted.Grant(dg)
	if err != nil {
		return refused(finding{}, v1alpha1.ReasonInvalid, err.Error())
	}
	f := finding{grant: g}
	if r := dg.Spec.Revocation; r != nil {
		f.phase, f.reason = v1alpha1.GrantRevoked, v1alpha1.ReasonRevoked
		f.message = fmt.Sprintf("%s ended it: %s", r.By, r.Reason)
		return f
	}
	if !now.Before(g.Window.Until) {
		f.phase, f.reason, f.message = v1alpha1.GrantExpired, v1alpha1.ReasonExpired, "The window has passed."
		return f
	}
	f.until = g.Window.Until
	catalog, err := index.Lineage(ctx, c.client, g.Dataset)
	if err != nil {
		f.failed = err
		return f
	}
	ceiling, problem, err := c.ceiling(ctx, dg.Spec.Subject)
	if err != nil || problem != "" {
		f.failed = err
		return refused(f, v1alpha1.ReasonRuleBroken, problem)
	}
	verdict := grant.Admit(g, catalog, ceiling, c.opts.Limits)
	f.class = verdict.Class
	if len(verdict.Refused) > 0 {
		return refused(f, v1alpha1.ReasonRuleBroken, strings.Join(verdict.Refused, "; "))
	}
	if f.places, problem = c.places(catalog[g.Dataset], verdict.Class); problem != "" {
		return refused(f, v1alpha1.ReasonNoTarget, problem)
	}
	if len(verdict.Wanting) > 0 {
		f.phase, f.reason = v1alpha1.GrantPending, v1alpha1.ReasonAwaitingApproval
		f.message = "It lacks " + strings.Join(verdict.Wanting, "; and ") + "."
		return f
	}
	return c.admit(ctx, f, catalog, now)
}

// admit compares the grant with all others, looks for room at the targets, and enters it.
func (c *Controller) admit(ctx context.Context, f finding, catalog grant.Catalog, now time.Time) finding {
	atoms, err := grant.Atoms(f.grant, catalog[f.grant.Dataset])
	if err != nil {
		return refused(f, v1alpha1.ReasonRuleBroken, err.Error())
	}
	c.admitting.Lock()
	defer c.admitting.Unlock()
	if !c.book.Has(f.grant.Name, atoms) {
		if err := c.conflict(ctx, f.grant, catalog); err != nil {
			var clash *clashError
			if errors.As(err, &clash) {
				return refused(f, v1alpha1.ReasonConflict, err.Error())
			}
			f.failed = err
			return f
		}
		people, _ := c.book.Of(f.grant.Subject)
		access := c.book.AccessWith(people, now, atoms)
		for _, t := range f.places {
			if err := t.Fits(access); err != nil {
				return refused(f, v1alpha1.ReasonLimitExceeded, fmt.Sprintf("%s: %s", t.Name(), err))
			}
		}
		c.book.Reserve(f.grant.Name, atoms)
	}
	f.atoms = atoms
	f.phase, f.reason, f.message = v1alpha1.GrantActive, v1alpha1.ReasonActive, "Every target enforces it."
	if now.Before(f.grant.Window.From) {
		f.phase, f.reason, f.message = v1alpha1.GrantPending, v1alpha1.ReasonScheduled, "Every target has it, and it begins by itself."
		f.until = f.grant.Window.From
	}
	return f
}

// ceiling is the highest class that may be granted to the subject.
func (c *Controller) ceiling(ctx context.Context, s v1alpha1.GrantSubject) (class grant.Class, problem string, err error) {
	if s.Kind != v1alpha1.SubjectWorkspace {
		return grant.C4, "", nil
	}
	ws := &v1alpha1.Workspace{}
	err = c.client.Get(ctx, client.ObjectKey{Name: s.Name}, ws)
	if apierrors.IsNotFound(err) || err == nil && ws.DeletionTimestamp != nil {
		return "", fmt.Sprintf("workspace %s does not exist", s.Name), nil
	}
	if err != nil {
		return "", "", fmt.Errorf("reading workspace %s: %w", s.Name, err)
	}
	return grant.Class(ws.Spec.ClassificationCeiling), "", nil
}

// places are the targets that enforce grants of the dataset. What counts as C3 or more is not left to one that rests on the
// operator to end access.
func (c *Controller) places(d grant.Dataset, class grant.Class) (all []target.Target, problem string) {
	for _, t := range c.opts.Targets {
		if !t.Takes(d) {
			continue
		}
		if t.Expiry() == v1alpha1.ExpirySweeper && class.Above(grant.C2) {
			return nil, fmt.Sprintf("%s does not end access by itself, and the data counts as %s", t.Name(), class)
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		return nil, fmt.Sprintf("nothing on this platform enforces grants where dataset %s is", d.Name)
	}
	return all, ""
}

// clashError says that data would come together that must not.
type clashError struct{ error }

// conflict is an error where the grant would bring two sides of a matter into one person's hands, now or with what they
// held before.
func (c *Controller) conflict(ctx context.Context, g grant.Grant, lineage grant.Catalog) error {
	if len(lineage.EffectiveConflicts(g.Dataset)) == 0 {
		return nil
	}
	datasets := &v1alpha1.DatasetList{}
	if err := c.client.List(ctx, datasets, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the datasets: %w", err)
	}
	catalog := granted.Catalog(datasets.Items)
	mine := catalog.EffectiveConflicts(g.Dataset)
	var past []grant.Standing
	for i := range datasets.Items {
		ds := &datasets.Items[i]
		if _, _, clash := grant.Clash(mine, catalog.EffectiveConflicts(ds.Name)); !clash {
			continue
		}
		for _, s := range ds.Status.Holders {
			past = append(past, grant.Standing{Subject: granted.Subject(s), Dataset: ds.Name})
		}
		list := &v1alpha1.DataGrantList{}
		if err := c.client.List(ctx, list, client.MatchingFields{index.GrantDataset: ds.Name}, client.UnsafeDisableDeepCopy); err != nil {
			return fmt.Errorf("listing the grants of dataset %s: %w", ds.Name, err)
		}
		for j := range list.Items {
			other := &list.Items[j]
			// One that was just admitted is in the book before its status says so.
			if held(other) || c.book.Entered(other.Name) {
				past = append(past, grant.Standing{Subject: granted.Subject(other.Spec.Subject), Dataset: ds.Name, Grant: other.Name})
			}
		}
	}
	if err := grant.Conflicting(g, catalog, past, c.book); err != nil {
		return &clashError{err}
	}
	return nil
}

// held says whether the grant has ever been admitted.
func held(dg *v1alpha1.DataGrant) bool { return dg.Status.Digest != "" }
