// Package owned knows how the objects of a workspace are named and labelled.
package owned

import (
	"context"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/backup"
)

const (
	// LabelManagedBy marks what the operator has made.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// ManagedBy is the operator's value of it.
	ManagedBy = "atoll-operator"
	// ComponentNotebook is the component of the pods in which people work.
	ComponentNotebook = "notebook"
	// ComponentRun is the component of the pods of runs.
	ComponentRun = "run"
)

// Namespace is the name of a workspace's namespace.
func Namespace(ws *v1alpha1.Workspace) string {
	return v1alpha1.WorkspaceNamespacePrefix + ws.Name
}

// Labels are on every object of a workspace that the operator makes.
func Labels(ws *v1alpha1.Workspace) map[string]string {
	return map[string]string{
		v1alpha1.LabelWorkspace:     ws.Name,
		LabelManagedBy:              ManagedBy,
		"app.kubernetes.io/part-of": "atoll",
	}
}

// Selector selects what the operator has made.
func Selector() labels.Selector {
	return labels.SelectorFromSet(labels.Set{LabelManagedBy: ManagedBy})
}

// Servers selects the pods in which people work.
func Servers() labels.Selector {
	return labels.SelectorFromSet(labels.Set{v1alpha1.LabelComponent: ComponentNotebook})
}

// Working selects the pods that may change homes: servers, runs, and whatever else is no backup.
func Working() labels.Selector {
	backups, err := labels.NewRequirement(v1alpha1.LabelComponent, selection.NotIn, []string{backup.Component})
	if err != nil {
		panic(err) // The label and its value are constants.
	}
	return labels.NewSelector().Add(*backups)
}

// Requests names the workspace of an object by the object's namespace, which no edit can change.
func Requests(_ context.Context, obj client.Object) []reconcile.Request {
	namespace := obj.GetNamespace()
	if _, itself := obj.(*corev1.Namespace); itself {
		namespace = obj.GetName()
	}
	name, ok := strings.CutPrefix(namespace, v1alpha1.WorkspaceNamespacePrefix)
	if !ok {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: name}}}
}
