package check

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	fakediscovery "k8s.io/client-go/discovery/fake"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
)

func subject(spec v1alpha1.PlatformSpec, objects ...runtime.Object) *Subject {
	return &Subject{
		Cluster:  &cluster.Cluster{Typed: fake.NewClientset(objects...)},
		Platform: &v1alpha1.Platform{Spec: spec},
	}
}

// node is one that is ready and has a CPU and a gibibyte, on a subcluster when one is named.
func node(name, subcluster string, taint bool) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{subclusterKey: subcluster}},
		Status: corev1.NodeStatus{
			Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
			Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("1Gi")},
		},
	}
	if taint {
		n.Spec.Taints = []corev1.Taint{{Key: subclusterKey, Value: subcluster, Effect: corev1.TaintEffectNoSchedule}}
	}
	return n
}

// islands are a node for each subcluster but job.
func islands(taint bool) []runtime.Object {
	var out []runtime.Object
	for _, s := range component.Subclusters {
		if s != "job" {
			out = append(out, node(s, s, taint))
		}
	}
	return out
}

func class(name string, isDefault bool) *storagev1.StorageClass {
	c := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if isDefault {
		c.Annotations = map[string]string{defaultClass: "true"}
	}
	return c
}

func workload(replicas int64, cpu string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"kind": "Deployment",
		"spec": map[string]any{
			"replicas": replicas,
			"template": map[string]any{"spec": map[string]any{"containers": []any{
				map[string]any{"name": "main", "resources": map[string]any{"requests": map[string]any{"cpu": cpu, "memory": "64Mi"}}},
			}}},
		},
	}}
}

func pod(namespace, on, cpu string, phase corev1.PodPhase) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "pod"},
		Spec: corev1.PodSpec{NodeName: on, Containers: []corev1.Container{{
			Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}},
		}}},
		Status: corev1.PodStatus{Phase: phase},
	}
}

func hook(service string) *admissionv1.ValidatingWebhookConfiguration {
	return &admissionv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "policy"},
		Webhooks: []admissionv1.ValidatingWebhook{{
			Name:          "all",
			FailurePolicy: new(admissionv1.Fail),
			ClientConfig:  admissionv1.WebhookClientConfig{Service: &admissionv1.ServiceReference{Namespace: "policy", Name: service}},
		}},
	}
}

func TestChecks(t *testing.T) {
	required := v1alpha1.PlatformSpec{Placement: v1alpha1.PlacementRequired, Availability: v1alpha1.AvailabilityHigh}
	relaxed := v1alpha1.PlatformSpec{Placement: v1alpha1.PlacementRelaxed, Availability: v1alpha1.AvailabilitySingle}
	high := v1alpha1.PlatformSpec{Placement: v1alpha1.PlacementRelaxed, Availability: v1alpha1.AvailabilityHigh}
	named := v1alpha1.PlatformSpec{StorageClassName: "fast"}
	unready := node("a", "", false)
	unready.Status.Conditions = nil
	cordoned := node("b", "", false)
	cordoned.Spec.Unschedulable = true

	tests := map[string]struct {
		run     func(context.Context, *Subject) (string, error)
		spec    v1alpha1.PlatformSpec
		objects []runtime.Object
		planned map[string][]*unstructured.Unstructured
		wantErr string // empty: it passes
	}{
		"a ready node":         {run: readyNodes, objects: []runtime.Object{unready, node("c", "", false)}},
		"no node that is":      {run: readyNodes, objects: []runtime.Object{unready, cordoned}, wantErr: "none of 2 nodes is ready and schedulable"},
		"relaxed placement":    {run: placement, spec: relaxed},
		"required placement":   {run: placement, spec: required, objects: islands(true)},
		"nodes without taints": {run: placement, spec: required, objects: islands(false), wantErr: "but not the taint: directory, system, data, application"},
		"nodes without labels": {run: placement, spec: required, objects: []runtime.Object{node("a", "system", true)}, wantErr: "no ready node has the label atoll.dev/subcluster of: directory, data, application"},
		"single on one node":   {run: availability, spec: relaxed, objects: []runtime.Object{node("a", "", false)}},
		"high on two nodes":    {run: availability, spec: high, objects: []runtime.Object{node("a", "", false), node("b", "", false)}},
		"high on one node":     {run: availability, spec: high, objects: []runtime.Object{node("a", "", false)}, wantErr: "has 1 node(s)"},
		"a default class":      {run: storageClass, objects: []runtime.Object{class("slow", false), class("usual", true)}},
		"no default class":     {run: storageClass, objects: []runtime.Object{class("slow", false)}, wantErr: "none is the default; there are: slow"},
		"no class":             {run: storageClass, wantErr: "there is no StorageClass"},
		"the named class":      {run: storageClass, spec: named, objects: []runtime.Object{class("fast", false)}},
		"another class":        {run: storageClass, spec: named, objects: []runtime.Object{class("usual", true)}, wantErr: "there is no StorageClass fast; there are: usual"},
		"enough room": {
			run: capacity, spec: relaxed, objects: []runtime.Object{node("a", "", false), pod("other", "a", "500m", corev1.PodRunning)},
			planned: map[string][]*unstructured.Unstructured{"system": {workload(1, "250m")}, "data": {workload(2, "100m")}},
		},
		"others take the room": {
			run: capacity, spec: relaxed, objects: []runtime.Object{node("a", "", false), pod("other", "a", "900m", corev1.PodRunning)},
			planned: map[string][]*unstructured.Unstructured{"system": {workload(2, "100m")}},
			wantErr: "the cluster has 100m of cpu free and needs 200m",
		},
		"the platform's own pods and ended ones take none": {
			run: capacity, spec: relaxed,
			objects: []runtime.Object{node("a", "", false), pod("atoll-system", "a", "900m", corev1.PodRunning), pod("other", "a", "900m", corev1.PodSucceeded)},
			planned: map[string][]*unstructured.Unstructured{"system": {workload(2, "400m")}},
		},
		"one subcluster without room": {
			run: capacity, spec: required, objects: islands(true),
			planned: map[string][]*unstructured.Unstructured{"system": {workload(3, "500m")}, "data": {workload(1, "500m")}},
			wantErr: "subcluster system has 1 of cpu free and needs 1500m",
		},
		"a webhook that answers": {
			run: webhooks,
			objects: []runtime.Object{hook("up"), &discoveryv1.EndpointSlice{
				ObjectMeta: metav1.ObjectMeta{Namespace: "policy", Name: "up-1", Labels: map[string]string{discoveryv1.LabelServiceName: "up"}},
				Endpoints:  []discoveryv1.Endpoint{{Conditions: discoveryv1.EndpointConditions{Ready: new(true)}}},
			}},
		},
		"a webhook that does not": {run: webhooks, objects: []runtime.Object{hook("down")}, wantErr: "nobody answers for: policy/all"},
		"network policies":        {run: networkPolicies, wantErr: "whether or not anything enforces them"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := subject(tt.spec, tt.objects...)
			s.Planned = tt.planned
			_, err := tt.run(t.Context(), s)
			if tt.wantErr == "" && err != nil {
				t.Errorf("error is %v", err)
			}
			if tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)) {
				t.Errorf("error is %v, want %q", err, tt.wantErr)
			}
		})
	}
}

func TestKubernetesVersion(t *testing.T) {
	for git, want := range map[string]bool{"v1.29.9": false, "v1.30.0": true, "v1.36.3-eks-1a2b3c": true} {
		client := fake.NewClientset()
		client.Discovery().(*fakediscovery.FakeDiscovery).FakedServerVersion = &version.Info{GitVersion: git}
		_, err := kubernetesVersion(t.Context(), &Subject{Cluster: &cluster.Cluster{Typed: client}})
		if (err == nil) != want {
			t.Errorf("%s: error is %v", git, err)
		}
	}
}

func TestRun(t *testing.T) {
	fine := func(context.Context, *Subject) (string, error) { return "seen", nil }
	broken := func(context.Context, *Subject) (string, error) { return "", errors.New("broken") }
	got := Run(t.Context(), &Subject{}, []Check{
		{Name: "fine", Severity: Fatal, Hint: "unused", Run: fine},
		{Name: "warning", Severity: Warning, Hint: "look", Run: broken},
		{Name: "fatal", Severity: Fatal, Hint: "mend", Run: broken},
		{Name: "of a platform", Platform: true, Severity: Fatal, Run: broken},
		{Name: reachable, Severity: Fatal, Hint: "start it", Run: broken},
		{Name: "after", Severity: Fatal, Run: broken},
	})
	want := []Result{
		{Name: "fine", Severity: Fatal, Outcome: Passed, Detail: "seen"},
		{Name: "warning", Severity: Warning, Outcome: Warned, Detail: "broken", Hint: "look"},
		{Name: "fatal", Severity: Fatal, Outcome: Failed, Detail: "broken", Hint: "mend"},
		{Name: "of a platform", Severity: Fatal, Outcome: Skipped, Detail: "no platform.yaml was given"},
		{Name: reachable, Severity: Fatal, Outcome: Failed, Detail: "broken", Hint: "start it"},
		{Name: "after", Severity: Fatal, Outcome: Skipped, Detail: "the cluster does not answer"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results differ (-want +got):\n%s", diff)
	}
	if err := Err(got); err == nil || !strings.Contains(err.Error(), "2 check(s) failed") || !strings.Contains(err.Error(), "next: mend") {
		t.Errorf("error is %v", err)
	}
	if err := Err(got[:2]); err != nil {
		t.Errorf("a warning counts as a failure: %v", err)
	}
}

func TestEveryCheckTellsWhatToDo(t *testing.T) {
	for _, c := range All {
		if c.Hint == "" || c.Category == "" || c.Severity == "" {
			t.Errorf("check %q has no hint, category or severity", c.Name)
		}
	}
}
