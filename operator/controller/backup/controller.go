// Package backup saves every home on the schedule that its workspace states, and once more before a workspace whose
// deletion policy is Snapshot goes.
package backup

import (
	"context"
	"fmt"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/backup"
	"github.com/atoll-platform/atoll/operator/apply"
)

// Controller saves homes when they are due.
type Controller struct {
	*Saver
	events events.EventRecorder
	// opened are the workspaces that were seen to have what opens their copies.
	opened map[types.UID]bool
}

// NewController returns a controller that saves by the saver.
func NewController(saver *Saver, recorder events.EventRecorder) *Controller {
	return &Controller{Saver: saver, events: recorder, opened: map[types.UID]bool{}}
}

// Register makes the manager run the controller.
func (c *Controller) Register(mgr manager.Manager) error {
	return builder.ControllerManagedBy(mgr).
		Named("backup").
		For(&corev1.PersistentVolumeClaim{}, builder.WithPredicates(predicate.NewPredicateFuncs(isHome))).
		Watches(&batchv1.Job{}, handler.EnqueueRequestsFromMapFunc(ofJob)).
		Watches(&v1alpha1.Workspace{}, handler.EnqueueRequestsFromMapFunc(c.ofWorkspace), builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{MaxConcurrentReconciles: 1}).
		Complete(reconcile.AsReconciler(c.Client, c))
}

// Reconcile starts the backup of a home when it is due, and notes on the home how it went.
func (c *Controller) Reconcile(ctx context.Context, home *corev1.PersistentVolumeClaim) (reconcile.Result, error) {
	ws, err := c.workspace(ctx, home)
	if err != nil || ws == nil || ws.DeletionTimestamp != nil || home.DeletionTimestamp != nil || home.Status.Phase != corev1.ClaimBound {
		return reconcile.Result{}, err
	}
	now := c.opts.Clock.Now()
	latest, next := due(ws.Spec.Backup, home.Namespace+"/"+home.Name, now)
	var wait reconcile.Result
	if !next.IsZero() {
		wait.RequeueAfter = next.Sub(now)
	}
	if asked := requested(home); asked.After(latest) {
		latest = asked
	}
	if latest.Before(home.CreationTimestamp.Time) || settled(home, latest) {
		return wait, c.open(ctx, ws)
	}
	how, err := c.save(ctx, ws, home, latest)
	switch {
	case err != nil:
		return reconcile.Result{}, err
	case !how.done:
		return reconcile.Result{RequeueAfter: c.opts.Again}, nil
	}
	if err := c.note(ctx, home, latest, how.failure); err != nil {
		return reconcile.Result{}, err
	}
	if how.failure != "" {
		c.events.Eventf(ws, home, corev1.EventTypeWarning, v1alpha1.ReasonBackupFailed, "Backup",
			"the backup of home %s failed: %s", home.Name, how.failure)
	}
	return wait, nil
}

// open gives a workspace what opens its copies, before any is made: one that was made anew has those of the one before.
func (c *Controller) open(ctx context.Context, ws *v1alpha1.Workspace) error {
	if c.opened[ws.UID] {
		return nil
	}
	if err := c.account(ctx, ws); err != nil {
		return err
	}
	c.opened[ws.UID] = true
	return nil
}

// requested is the time for which someone asks for a backup, zero when nobody does.
func requested(home *corev1.PersistentVolumeClaim) time.Time {
	t, err := time.Parse(time.RFC3339, home.Annotations[v1alpha1.AnnotationBackupRequested])
	if err != nil {
		return time.Time{}
	}
	return t
}

// settled says whether the outcome of the backup of that time is known.
func settled(home *corev1.PersistentVolumeClaim, at time.Time) bool {
	for _, name := range []string{v1alpha1.AnnotationBackedUp, v1alpha1.AnnotationBackupFailed} {
		stamp, _, _ := strings.Cut(home.Annotations[name], " ")
		if t, err := time.Parse(time.RFC3339, stamp); err == nil && !t.Before(at) {
			return true
		}
	}
	return false
}

// note writes the outcome on the home, where `atoll restore` and people find it.
func (c *Controller) note(ctx context.Context, home *corev1.PersistentVolumeClaim, at time.Time, failure string) error {
	before := home.DeepCopy()
	if home.Annotations == nil {
		home.Annotations = map[string]string{}
	}
	stamp := at.UTC().Format(time.RFC3339)
	if failure == "" {
		home.Annotations[v1alpha1.AnnotationBackedUp] = stamp
		delete(home.Annotations, v1alpha1.AnnotationBackupFailed)
	} else {
		home.Annotations[v1alpha1.AnnotationBackupFailed] = stamp + " " + failure
	}
	if err := c.Patch(ctx, home, client.MergeFrom(before), client.FieldOwner(apply.FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("noting the backup on home %s/%s: %w", home.Namespace, home.Name, err)
	}
	return nil
}

// workspace is the one a home belongs to, nil when there is none.
func (c *Controller) workspace(ctx context.Context, home *corev1.PersistentVolumeClaim) (*v1alpha1.Workspace, error) {
	name, ok := strings.CutPrefix(home.Namespace, v1alpha1.WorkspaceNamespacePrefix)
	if !ok {
		return nil, nil
	}
	ws := &v1alpha1.Workspace{}
	if err := c.Get(ctx, client.ObjectKey{Name: name}, ws); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return ws, nil
}

func isHome(obj client.Object) bool {
	return obj.GetLabels()[v1alpha1.LabelHome] == "true"
}

// ofJob names the home that a job is about.
func ofJob(_ context.Context, obj client.Object) []reconcile.Request {
	job, ok := obj.(*batchv1.Job)
	if !ok || backup.Claim(job) == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: job.Namespace, Name: backup.Claim(job)}}}
}

// ofWorkspace names the homes of a workspace, whose schedule may have changed.
func (c *Controller) ofWorkspace(ctx context.Context, ws client.Object) []reconcile.Request {
	homes := &corev1.PersistentVolumeClaimList{}
	err := c.List(ctx, homes, client.InNamespace(v1alpha1.WorkspaceNamespacePrefix+ws.GetName()), client.MatchingLabels{v1alpha1.LabelHome: "true"})
	if err != nil {
		return nil
	}
	all := make([]reconcile.Request, 0, len(homes.Items))
	for i := range homes.Items {
		all = append(all, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&homes.Items[i])})
	}
	return all
}
