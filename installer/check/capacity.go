package check

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/component"
)

var counted = []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory}

// capacity compares what the platform's pods will ask for with what its nodes have left beside
// other people's pods. Where placement is Required it does so by subcluster.
func capacity(ctx context.Context, s *Subject) (string, error) {
	nodes, err := s.readNodes(ctx)
	if err != nil {
		return "", err
	}
	taken, err := takenByOthers(ctx, s)
	if err != nil {
		return "", err
	}
	groups := map[string][]string{"the cluster": component.Subclusters}
	if s.Platform.Spec.Placement == v1alpha1.PlacementRequired {
		groups = map[string][]string{}
		for _, subcluster := range component.Subclusters {
			groups["subcluster "+subcluster] = []string{subcluster}
		}
	}
	var short, fits []string
	for name, subclusters := range groups {
		wanted, free := corev1.ResourceList{}, corev1.ResourceList{}
		for _, subcluster := range subclusters {
			for _, obj := range s.Planned[subcluster] {
				add(wanted, requests(obj))
			}
		}
		for _, n := range nodesOf(nodes, subclusters[0], s.Platform.Spec.Placement) {
			add(free, n.Status.Allocatable)
			subtract(free, taken[n.Name])
		}
		for _, r := range counted {
			want, have := wanted[r], free[r]
			if want.Cmp(have) > 0 {
				short = append(short, fmt.Sprintf("%s has %s of %s free and needs %s", name, have.String(), r, want.String()))
			}
		}
		fits = append(fits, fmt.Sprintf("%s CPU, %s memory", wanted.Cpu().String(), wanted.Memory().String()))
	}
	if len(short) > 0 {
		return "", fmt.Errorf("%s", strings.Join(short, "; "))
	}
	if len(fits) == 1 {
		return "needs " + fits[0], nil
	}
	return "every subcluster fits its nodes", nil
}

// takenByOthers sums, by node, what pods outside the platform's namespaces ask for.
func takenByOthers(ctx context.Context, s *Subject) (map[string]corev1.ResourceList, error) {
	pods, err := s.Cluster.Typed.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing pods: %w", err)
	}
	own := map[string]bool{}
	for _, subcluster := range component.Subclusters {
		own[component.Namespace(subcluster)] = true
	}
	out := map[string]corev1.ResourceList{}
	for _, pod := range pods.Items {
		done := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if own[pod.Namespace] || done || pod.Spec.NodeName == "" {
			continue
		}
		if out[pod.Spec.NodeName] == nil {
			out[pod.Spec.NodeName] = corev1.ResourceList{}
		}
		add(out[pod.Spec.NodeName], podRequests(pod.Spec))
	}
	return out, nil
}

// requests is what all replicas of a workload ask for.
func requests(obj *unstructured.Unstructured) corev1.ResourceList {
	template, found, _ := unstructured.NestedMap(obj.Object, "spec", "template", "spec")
	if !found {
		return nil
	}
	var spec corev1.PodSpec
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(template, &spec); err != nil {
		return nil
	}
	replicas, found, _ := unstructured.NestedInt64(obj.Object, "spec", "replicas")
	if !found {
		replicas = 1
	}
	out := corev1.ResourceList{}
	for range replicas {
		add(out, podRequests(spec))
	}
	return out
}

func podRequests(spec corev1.PodSpec) corev1.ResourceList {
	out := corev1.ResourceList{}
	for _, c := range spec.Containers {
		add(out, c.Resources.Requests)
	}
	return out
}

func add(sum, more corev1.ResourceList) {
	change(sum, more, func(q *resource.Quantity, by resource.Quantity) { q.Add(by) })
}

func subtract(sum, less corev1.ResourceList) {
	change(sum, less, func(q *resource.Quantity, by resource.Quantity) { q.Sub(by) })
}

func change(sum, by corev1.ResourceList, do func(*resource.Quantity, resource.Quantity)) {
	for _, r := range counted {
		if amount, ok := by[r]; ok {
			total := sum[r].DeepCopy()
			do(&total, amount)
			sum[r] = total
		}
	}
}
