// Package accessquery answers questions about access, each an object of its own, and removes them after a while.
package accessquery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/ledger"
)

// Reasons of the condition Ready.
const (
	// ReasonAnswered says that the answer is whole.
	ReasonAnswered = "Answered"
	// ReasonNotEvaluable says that part of the answer is not known: see status.notEvaluable.
	ReasonNotEvaluable = "NotEvaluable"
	// ReasonTampered says that the ledger is not as it was written.
	ReasonTampered = "Tampered"
	// ReasonInvalid says that the question has no answer.
	ReasonInvalid = v1alpha1.ReasonInvalid
	// ReasonFailed says that it could not be answered, and is not tried again.
	ReasonFailed = v1alpha1.ReasonFailed
	// ReasonNoLedger says that the platform keeps none.
	ReasonNoLedger = "NoLedger"
)

// patience bounds the work on one answer.
const patience = 2 * time.Minute

// Ledger is what questions are answered from.
type Ledger interface {
	// Replay is the state at a time.
	Replay(ctx context.Context, at time.Time) (*ledger.State, error)
	// Verify is an error that is a *ledger.Tampered where a row is not as it was written.
	Verify(ctx context.Context) (ledger.Head, error)
}

// Target can tell what is live there and granted by nobody.
type Target interface {
	Name() v1alpha1.GrantTarget
	Ghosts(ctx context.Context) ([]v1alpha1.GhostAccess, error)
}

// Options of the controller.
type Options struct {
	// Ledger is nil where the platform keeps none.
	Ledger Ledger
	// Targets that are asked for ghosts.
	Targets []Target
	// Keep is for how long an answer stays.
	Keep  time.Duration
	Clock clock.PassiveClock
}

// Controller answers questions.
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
	return builder.ControllerManagedBy(mgr).Named("accessquery").For(&v1alpha1.AccessQuery{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 2}).
		Complete(reconcile.AsReconciler(c.client, c))
}

// Reconcile answers a question that has no answer yet, and removes one that is old.
func (c *Controller) Reconcile(ctx context.Context, q *v1alpha1.AccessQuery) (reconcile.Result, error) {
	if q.DeletionTimestamp != nil {
		return reconcile.Result{}, nil
	}
	if left := q.CreationTimestamp.Add(c.opts.Keep).Sub(c.opts.Clock.Now()); q.Status.ObservedGeneration > 0 {
		if left > 0 {
			return reconcile.Result{RequeueAfter: left}, nil
		}
		if err := c.client.Delete(ctx, q); client.IgnoreNotFound(err) != nil {
			return reconcile.Result{}, fmt.Errorf("removing the old question %s: %w", q.Name, err)
		}
		return reconcile.Result{}, nil
	}
	before := q.DeepCopy()
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	status, ready, err := c.answer(within, q.Spec)
	q.Status = status
	q.Status.ObservedGeneration = q.Generation
	condition.Set(&q.Status.Conditions, q.Generation, ready, err)
	err = c.client.Status().Patch(ctx, q, client.MergeFrom(before), client.FieldOwner(apply.FieldManager))
	if client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, fmt.Errorf("answering the question %s: %w", q.Name, err)
	}
	return reconcile.Result{RequeueAfter: c.opts.Keep}, nil
}

// answer never fails but by a condition: who asks waits for an answer, not for retries.
func (c *Controller) answer(ctx context.Context, q v1alpha1.AccessQuerySpec) (v1alpha1.AccessQueryStatus, condition.Ready, error) {
	switch q.Question {
	case v1alpha1.QuestionGhosts:
		return c.ghosts(ctx)
	case v1alpha1.QuestionVerify:
		return c.verify(ctx)
	}
	now := c.opts.Clock.Now().UTC().Truncate(time.Second)
	at := now
	if q.At != "" {
		var err error
		if at, err = q.At.Time(); err != nil {
			return v1alpha1.AccessQueryStatus{}, condition.Ready{}, terminal(ReasonInvalid, fmt.Errorf("spec.at: %w", err))
		}
	}
	if at.After(now) {
		return v1alpha1.AccessQueryStatus{}, condition.Ready{}, terminal(ReasonInvalid,
			fmt.Errorf("spec.at: %s is in the future, and what is granted until then is not known: ask about a time up to %s", q.At, v1alpha1.At(now)))
	}
	if c.opts.Ledger == nil {
		return v1alpha1.AccessQueryStatus{}, condition.Ready{}, noLedger()
	}
	state, err := c.opts.Ledger.Replay(ctx, at)
	if err != nil {
		status, err := outcome(err)
		return status, condition.Ready{}, err
	}
	status, err := state.Answer(q)
	if err != nil {
		status.Access = nil
		return status, condition.Ready{}, terminal(ReasonInvalid, err)
	}
	if n := len(status.NotEvaluable); n > 0 {
		return status, condition.Ready{Reason: ReasonNotEvaluable, Message: fmt.Sprintf("%d parts of the answer are not known: see status.notEvaluable.", n)}, nil
	}
	return status, condition.Ready{Reason: ReasonAnswered, Message: "The answer is whole."}, nil
}

func (c *Controller) verify(ctx context.Context) (v1alpha1.AccessQueryStatus, condition.Ready, error) {
	if c.opts.Ledger == nil {
		return v1alpha1.AccessQueryStatus{}, condition.Ready{}, noLedger()
	}
	head, err := c.opts.Ledger.Verify(ctx)
	if err != nil {
		status, err := outcome(err)
		return status, condition.Ready{}, err
	}
	return v1alpha1.AccessQueryStatus{At: v1alpha1.At(c.opts.Clock.Now()), Ledger: &v1alpha1.LedgerHead{Seq: head.Seq, Hash: head.Hash}},
		condition.Ready{Reason: ReasonAnswered, Message: fmt.Sprintf("All %d rows are as they were written.", head.Seq)}, nil
}

// ghosts asks every target. One that cannot be asked makes the answer one that is not known, whatever the others say.
func (c *Controller) ghosts(ctx context.Context) (v1alpha1.AccessQueryStatus, condition.Ready, error) {
	status := v1alpha1.AccessQueryStatus{At: v1alpha1.At(c.opts.Clock.Now())}
	if len(c.opts.Targets) == 0 {
		return status, condition.Ready{}, terminal("NoTarget", errors.New("no place where grants are enforced can be asked: see the operator's flags"))
	}
	ready := condition.Ready{Reason: ReasonAnswered, Message: "Every target was asked."}
	for _, t := range c.opts.Targets {
		asked := v1alpha1.AskedTarget{Name: t.Name()}
		found, err := t.Ghosts(ctx)
		if err != nil {
			asked.Error = err.Error()
			status.NotEvaluable = append(status.NotEvaluable, v1alpha1.NotEvaluable{About: "target " + string(t.Name()), Why: err.Error()})
			ready = condition.Ready{Reason: ReasonNotEvaluable, Message: "Not every target could be asked: see status.targets."}
		}
		asked.Ghosts = int32(len(found))
		status.Targets, status.Ghosts = append(status.Targets, asked), append(status.Ghosts, found...)
	}
	return status, ready, nil
}

// outcome is the answer where the ledger could not be read.
func outcome(err error) (v1alpha1.AccessQueryStatus, error) {
	var tampered *ledger.Tampered
	if errors.As(err, &tampered) {
		return v1alpha1.AccessQueryStatus{Tampered: tampered.Seq}, terminal(ReasonTampered, err)
	}
	return v1alpha1.AccessQueryStatus{}, terminal(ReasonFailed, fmt.Errorf("the ledger cannot be read: %w", err))
}

func noLedger() error {
	return terminal(ReasonNoLedger, errors.New("the platform keeps no ledger: set ledger.host in the values of component operator"))
}

func terminal(reason string, err error) error {
	return &condition.Error{Reason: reason, Terminal: true, Err: err}
}
