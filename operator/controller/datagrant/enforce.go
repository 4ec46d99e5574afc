package datagrant

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/index"
	"github.com/atoll-platform/atoll/operator/controller/record"
	"github.com/atoll-platform/atoll/operator/target"
)

// noteLimit is the longest note that Kubernetes takes in an event.
const noteLimit = 1024

// enforce makes the targets agree with the finding and writes the status. That a grant is admitted is written before a target has
// it, so that no other process takes away what it gives. Outcome is what is wrong at the targets.
func (c *Controller) enforce(ctx context.Context, dg *v1alpha1.DataGrant, f finding) (outcome, err error) {
	before := dg.DeepCopy()
	dg.Status.ObservedGeneration = dg.Generation
	dg.Status.Classification = v1alpha1.Classification(f.class)
	if f.class == "" {
		dg.Status.Classification = before.Status.Classification
	}
	if f.admitted() {
		dg.Status.Digest = grant.Digest(f.atoms)
		if !meta.IsStatusConditionTrue(before.Status.Conditions, v1alpha1.ConditionAdmitted) {
			first := dg.DeepCopy()
			first.Status.Phase = v1alpha1.GrantPending
			setAdmitted(first, f)
			condition.Set(&first.Status.Conditions, dg.Generation, condition.Ready{},
				&condition.Error{Reason: v1alpha1.ReasonProgressing, Err: errors.New("the targets are given the grant")})
			if err := c.save(ctx, before, first); err != nil {
				return nil, err
			}
			before, dg.Status, dg.ResourceVersion = first.DeepCopy(), first.Status, first.ResourceVersion
		}
		if outcome = c.record(ctx, dg, f); outcome != nil {
			dg.Status.Phase = v1alpha1.GrantPending
			condition.Set(&dg.Status.Conditions, dg.Generation, condition.Ready{}, outcome)
			c.announce(before, dg)
			return outcome, c.save(ctx, before, dg)
		}
		c.book.Release(dg.Name)
	} else {
		c.book.Remove(dg.Name)
	}
	people, _ := c.book.Of(f.grant.Subject)
	if !f.admitted() {
		people = nil
	}
	failed := c.sync(ctx, dg.Name, people)
	dg.Status.Phase = f.phase
	c.evidence(dg, f, len(people), failed)
	setAdmitted(dg, f)
	setReview(dg, f)
	outcome = f.outcome()
	if failed != nil {
		outcome = &condition.Error{Reason: v1alpha1.ReasonTargetFailed, Err: failed}
		if f.admitted() {
			dg.Status.Phase = v1alpha1.GrantPending
		}
	}
	condition.Set(&dg.Status.Conditions, dg.Generation, condition.Ready{Reason: f.reason, Message: f.message}, outcome)
	if err := c.save(ctx, before, dg); err != nil {
		return nil, err
	}
	c.announce(before, dg)
	return failed, nil
}

// record writes down what the grant gives before any target gives it. Without a ledger that answers there is no new access; what
// ends access waits for nothing.
func (c *Controller) record(ctx context.Context, dg *v1alpha1.DataGrant, f finding) error {
	if c.opts.Ledger == nil || dg.Status.Phase == v1alpha1.GrantActive {
		return nil
	}
	if err := c.opts.Ledger.Record(ctx, record.Grant(dg, f.atoms)); err != nil {
		return &condition.Error{
			Reason: v1alpha1.ReasonLedgerFailed, RetryAfter: c.opts.LedgerAgain,
			Err: fmt.Errorf("nothing is granted that the ledger has not been told of, and it does not answer: %w", err),
		}
	}
	return nil
}

// outcome is the error that stands for a finding in which the grant is not in force; nil where it is, or waits for its time.
func (f finding) outcome() error {
	if f.phase == v1alpha1.GrantActive {
		return nil
	}
	return &condition.Error{Reason: f.reason, Terminal: f.phase == v1alpha1.GrantRefused, Err: errors.New(f.message)}
}

// sync gives every target what everybody whom the grant reaches, or reached when it was last applied, is granted now.
func (c *Controller) sync(ctx context.Context, name string, people []string) error {
	concerned := slices.Concat(people, c.book.Applied(name))
	slices.Sort(concerned)
	concerned = slices.Compact(concerned)
	if len(concerned) == 0 {
		return nil
	}
	if err := c.giver.Give(ctx, concerned); err != nil {
		c.book.SetApplied(name, concerned)
		return err
	}
	c.book.SetApplied(name, people)
	return nil
}

// give gives access to every target.
func (c *Controller) give(ctx context.Context, access target.Access) error {
	var failed []error
	for _, t := range c.opts.Targets {
		if err := t.Sync(ctx, access); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", t.Name(), err))
		}
	}
	return errors.Join(failed...)
}

// evidence says of each target whether it has the grant.
func (c *Controller) evidence(dg *v1alpha1.DataGrant, f finding, people int, failed error) {
	was := dg.Status.Targets
	dg.Status.Targets = nil
	for _, t := range c.opts.Targets {
		i := slices.IndexFunc(was, func(s v1alpha1.GrantTargetStatus) bool { return s.Name == t.Name() })
		uses := slices.Contains(f.places, t) && f.admitted()
		if i < 0 && !uses {
			continue
		}
		s := v1alpha1.GrantTargetStatus{
			Name: t.Name(), Expiry: t.Expiry(), RevocationActsWithin: metav1.Duration{Duration: t.RevocationActsWithin()},
			State: v1alpha1.TargetRemoved,
		}
		if uses {
			s.State, s.Digest, s.Accounts = v1alpha1.TargetApplied, dg.Status.Digest, int32(people)
			if people == 0 {
				s.Message = "Nobody whom it reaches is known yet."
			}
		}
		if failed != nil {
			s.State, s.Message = v1alpha1.TargetFailed, shorten(failed.Error())
		}
		dg.Status.Targets = append(dg.Status.Targets, s)
	}
}

func setAdmitted(dg *v1alpha1.DataGrant, f finding) {
	c := metav1.Condition{
		Type: v1alpha1.ConditionAdmitted, Status: metav1.ConditionFalse, Reason: f.reason, Message: shorten(f.message),
		ObservedGeneration: dg.Generation,
	}
	if f.admitted() {
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, "Admitted", "It breaks no rule and has its approvals."
	}
	meta.SetStatusCondition(&dg.Status.Conditions, c)
}

// setReview opens a review where the glass has been broken, and closes it once somebody has reviewed it.
func setReview(dg *v1alpha1.DataGrant, f finding) {
	if dg.Spec.Procedure != v1alpha1.ProcedureBreakGlass || !f.admitted() && dg.Status.Digest == "" {
		return
	}
	c := metav1.Condition{
		Type: v1alpha1.ConditionReviewOpen, Status: metav1.ConditionTrue, Reason: "GlassBroken", ObservedGeneration: dg.Generation,
		Message: fmt.Sprintf("%s broke the glass: somebody else reviews it and adds their name as spec.reviewedBy.", dg.Spec.RequestedBy),
	}
	if dg.Spec.ReviewedBy != "" {
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, "Reviewed", fmt.Sprintf("%s reviewed it.", dg.Spec.ReviewedBy)
	}
	meta.SetStatusCondition(&dg.Status.Conditions, c)
}

// save writes the status where it says something new.
func (c *Controller) save(ctx context.Context, before, after *v1alpha1.DataGrant) error {
	if equality.Semantic.DeepEqual(before.Status, after.Status) {
		return nil
	}
	err := c.client.Status().Patch(ctx, after, client.MergeFrom(before), client.FieldOwner(apply.FieldManager))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("updating the status of grant %s: %w", after.Name, err)
	}
	return nil
}

// announce records an event when a grant has come to another phase or reason.
func (c *Controller) announce(before, after *v1alpha1.DataGrant) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReady)
	if meta.IsStatusConditionTrue(after.Status.Conditions, v1alpha1.ConditionReviewOpen) &&
		!meta.IsStatusConditionTrue(before.Status.Conditions, v1alpha1.ConditionReviewOpen) {
		c.events.Eventf(after, nil, corev1.EventTypeWarning, "GlassBroken", "Grant", "%s broke the glass for %s until %s: %s",
			after.Spec.RequestedBy, after.Spec.Dataset, after.Spec.NotAfter, shorten(after.Spec.Purpose))
	}
	if was != nil && was.Reason == is.Reason && before.Status.Phase == after.Status.Phase {
		return
	}
	kind := corev1.EventTypeNormal
	if after.Status.Phase == v1alpha1.GrantRefused || is.Reason == v1alpha1.ReasonTargetFailed {
		kind = corev1.EventTypeWarning
	}
	c.events.Eventf(after, nil, kind, is.Reason, "Grant", "%s", shorten(is.Message))
}

// remember notes on the dataset who held a grant of it, where it lies in a conflict class: the object that said so goes.
func (c *Controller) remember(ctx context.Context, dg *v1alpha1.DataGrant) error {
	if !held(dg) {
		return nil
	}
	catalog, err := index.Lineage(ctx, c.client, dg.Spec.Dataset)
	if err != nil {
		return err
	}
	if len(catalog.EffectiveConflicts(dg.Spec.Dataset)) == 0 {
		return nil
	}
	ds := &v1alpha1.Dataset{}
	if err := c.live.Get(ctx, client.ObjectKey{Name: dg.Spec.Dataset}, ds); err != nil {
		return client.IgnoreNotFound(err)
	}
	if slices.Contains(ds.Status.Holders, dg.Spec.Subject) {
		return nil
	}
	before := ds.DeepCopy()
	ds.Status.Holders = append(ds.Status.Holders, dg.Spec.Subject)
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := c.client.Status().Patch(ctx, ds, patch, client.FieldOwner(apply.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("noting on dataset %s that %s %s held a grant of it: %w", ds.Name, dg.Spec.Subject.Kind, dg.Spec.Subject.Name, err)
	}
	return nil
}

func shorten(text string) string {
	if len(text) > noteLimit {
		return text[:noteLimit-4] + " ..."
	}
	return text
}
