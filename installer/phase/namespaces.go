package phase

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/progress"
)

// systemNamespace has what the installer keeps for itself.
var systemNamespace = component.Namespace("system")

const (
	partOfLabel     = "app.kubernetes.io/part-of"
	managedByLabel  = "app.kubernetes.io/managed-by"
	subclusterLabel = "atoll.dev/subcluster"
	partOf          = "atoll"
	managedBy       = "atoll-installer"
)

// namespaces makes the namespace of each subcluster. All of them enforce the restricted pod
// security level.
func namespaces(ctx context.Context, s *State, _ *progress.Step) (string, error) {
	var names []string
	for _, subcluster := range component.Subclusters {
		if err := ensureNamespace(ctx, s, subcluster); err != nil {
			return "", err
		}
		names = append(names, component.Namespace(subcluster))
	}
	return strings.Join(names, ", "), nil
}

func ensureNamespace(ctx context.Context, s *State, subcluster string) error {
	name := component.Namespace(subcluster)
	live, err := s.Cluster.Typed.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("reading Namespace %s: %w", name, err)
	}
	if err == nil && live.DeletionTimestamp != nil {
		return fmt.Errorf("making Namespace %s: it is still being removed; wait until it is gone (kubectl get namespace %s) and run the same command again", name, name)
	}
	labels := map[string]any{
		partOfLabel:     partOf,
		managedByLabel:  managedBy,
		subclusterLabel: subcluster,
	}
	for _, mode := range []string{"enforce", "audit", "warn"} {
		labels["pod-security.kubernetes.io/"+mode] = "restricted"
	}
	_, err = s.Cluster.Apply(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "Namespace",
		"metadata":   map[string]any{"name": name, "labels": labels},
	}}, "", false)
	return err
}
