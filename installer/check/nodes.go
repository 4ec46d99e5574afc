package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/component"
)

// subclusterKey is the label and the taint of a subcluster's nodes.
const subclusterKey = "atoll.dev/subcluster"

const defaultClass = "storageclass.kubernetes.io/is-default-class"

// usable tells that a node can take pods.
func usable(n corev1.Node) bool {
	return !n.Spec.Unschedulable && slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// nodesOf returns the usable nodes that a subcluster's pods may run on.
func nodesOf(nodes []corev1.Node, subcluster string, placement v1alpha1.Placement) []corev1.Node {
	var out []corev1.Node
	for _, n := range nodes {
		if usable(n) && (placement == v1alpha1.PlacementRelaxed || n.Labels[subclusterKey] == subcluster) {
			out = append(out, n)
		}
	}
	return out
}

func readyNodes(ctx context.Context, s *Subject) (string, error) {
	nodes, err := s.readNodes(ctx)
	if err != nil {
		return "", err
	}
	count := 0
	for _, n := range nodes {
		if usable(n) {
			count++
		}
	}
	if count == 0 {
		return "", fmt.Errorf("none of %d nodes is ready and schedulable", len(nodes))
	}
	return fmt.Sprintf("%d of %d", count, len(nodes)), nil
}

func placement(ctx context.Context, s *Subject) (string, error) {
	if s.Platform.Spec.Placement == v1alpha1.PlacementRelaxed {
		return "Relaxed: any node will do", nil
	}
	nodes, err := s.readNodes(ctx)
	if err != nil {
		return "", err
	}
	var none, untainted []string
	for _, subcluster := range component.Subclusters {
		own := nodesOf(nodes, subcluster, v1alpha1.PlacementRequired)
		if len(own) == 0 && subcluster != "job" { // job may start from zero nodes
			none = append(none, subcluster)
		}
		for _, n := range own {
			if !slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == subclusterKey }) {
				untainted = append(untainted, n.Name)
			}
		}
	}
	if len(none) > 0 {
		return "", fmt.Errorf("placement is Required, and no ready node has the label %s of: %s", subclusterKey, strings.Join(none, ", "))
	}
	if len(untainted) > 0 {
		return "", fmt.Errorf("placement is Required, and these nodes have the label %s but not the taint: %s", subclusterKey, strings.Join(untainted, ", "))
	}
	return "Required: every subcluster has its nodes", nil
}

func availability(ctx context.Context, s *Subject) (string, error) {
	spec := s.Platform.Spec
	if spec.Availability == v1alpha1.AvailabilitySingle {
		return "Single", nil
	}
	nodes, err := s.readNodes(ctx)
	if err != nil {
		return "", err
	}
	if own := nodesOf(nodes, "directory", spec.Placement); len(own) < 2 {
		return "", fmt.Errorf("availability is High, but the directory subcluster has %d node(s): replicas share its fate", len(own))
	}
	return "High", nil
}

func storageClass(ctx context.Context, s *Subject) (string, error) {
	classes, err := s.Cluster.Typed.StorageV1().StorageClasses().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("listing them: %w", err)
	}
	wanted := ""
	if s.Platform != nil {
		wanted = s.Platform.Spec.StorageClassName
	}
	var names []string
	for _, c := range classes.Items {
		names = append(names, c.Name)
		if wanted == c.Name || wanted == "" && c.Annotations[defaultClass] == "true" {
			return c.Name, nil
		}
	}
	if wanted != "" {
		return "", fmt.Errorf("there is no StorageClass %s; there are: %s", wanted, strings.Join(names, ", "))
	}
	if len(names) == 0 {
		return "", errors.New("there is no StorageClass")
	}
	return "", fmt.Errorf("none is the default; there are: %s", strings.Join(names, ", "))
}
