package workspace

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// noteLimit is the longest note that Kubernetes takes in an event.
const noteLimit = 1024

// announce records an event when the workspace has become ready, or fails, or fails for another reason. Being at
// work is no event.
func (c *Controller) announce(before, after *v1alpha1.Workspace) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionReady)
	if is.Reason == v1alpha1.ReasonProgressing || is.Reason == v1alpha1.ReasonDeleting {
		return
	}
	if was != nil && was.Status == is.Status && was.Reason == is.Reason {
		return
	}
	kind := corev1.EventTypeWarning
	if is.Status == metav1.ConditionTrue && is.Reason == v1alpha1.ReasonReady {
		kind = corev1.EventTypeNormal
	}
	note := is.Message
	if len(note) > noteLimit {
		note = note[:noteLimit]
	}
	c.events.Eventf(after, nil, kind, is.Reason, "Reconcile", "%s", note)
}

// farewell says what a deleted workspace has left behind.
func (c *Controller) farewell(ws *v1alpha1.Workspace) {
	switch ws.Spec.DeletionPolicy {
	case v1alpha1.DeletionDelete:
		c.events.Eventf(ws, nil, corev1.EventTypeNormal, "Deleted", "Delete",
			"Namespace %s and the homes in it are deleted.", owned.Namespace(ws))
	case v1alpha1.DeletionSnapshot:
		c.events.Eventf(ws, nil, corev1.EventTypeWarning, "Retained", "Delete",
			"No snapshots can be made yet, so the homes stay in namespace %s as they are.", owned.Namespace(ws))
	default:
		c.events.Eventf(ws, nil, corev1.EventTypeNormal, "Retained", "Delete",
			"The homes stay in namespace %s; a workspace of the same name finds them again.", owned.Namespace(ws))
	}
}
