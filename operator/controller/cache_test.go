package controller_test

import (
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/operator/controller"
)

// What thousands of workspaces say alike is in memory once, and nothing of it is lost.
func TestTheCacheSharesWhatIsAlike(t *testing.T) {
	meta := func(workspace string) metav1.ObjectMeta {
		return metav1.ObjectMeta{
			Name: "it", Namespace: "ws-" + workspace, Labels: map[string]string{"atoll.dev/workspace": workspace},
			ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "somebody"}},
		}
	}
	policy := func(workspace, component string) *networkingv1.NetworkPolicy {
		return &networkingv1.NetworkPolicy{ObjectMeta: meta(workspace), Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"atoll.dev/component": component}},
		}}
	}
	quota := func(workspace, cpu string) *corev1.ResourceQuota {
		list := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
		return &corev1.ResourceQuota{
			ObjectMeta: meta(workspace), Spec: corev1.ResourceQuotaSpec{Hard: list}, Status: corev1.ResourceQuotaStatus{Hard: list},
		}
	}
	// kept is an object as the cache has it.
	opts := controller.Cache()
	kept := func(obj client.Object) client.Object {
		t.Helper()
		for kind, by := range opts.ByObject {
			if reflect.TypeOf(kind) != reflect.TypeOf(obj) {
				continue
			}
			before := obj.DeepCopyObject().(client.Object)
			before.SetManagedFields(nil)
			if _, err := by.Transform(obj); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(before, obj) {
				t.Errorf("it is kept as %v, and was %v", obj, before)
			}
			return obj
		}
		t.Fatalf("%T is not kept", obj)
		return nil
	}
	same := func(a, b any) bool { return reflect.ValueOf(a).UnsafePointer() == reflect.ValueOf(b).UnsafePointer() }

	fraud := kept(policy("fraud", "notebook")).(*networkingv1.NetworkPolicy)
	risk := kept(policy("risk", "notebook")).(*networkingv1.NetworkPolicy)
	runs := kept(policy("fraud", "run")).(*networkingv1.NetworkPolicy)
	if !same(fraud.Labels, runs.Labels) {
		t.Error("two objects of a workspace have labels of their own")
	}
	if same(fraud.Labels, risk.Labels) {
		t.Error("two workspaces share labels")
	}
	if !same(fraud.Spec.PodSelector.MatchLabels, risk.Spec.PodSelector.MatchLabels) {
		t.Error("two equal policies have rules of their own")
	}
	if same(fraud.Spec.PodSelector.MatchLabels, runs.Spec.PodSelector.MatchLabels) {
		t.Error("two policies share rules")
	}
	small, alike, large := kept(quota("fraud", "4")).(*corev1.ResourceQuota), kept(quota("risk", "4")).(*corev1.ResourceQuota), kept(quota("pay", "8")).(*corev1.ResourceQuota)
	if !same(small.Spec.Hard, alike.Spec.Hard) || !same(small.Status.Hard, alike.Status.Hard) {
		t.Error("two equal quotas have limits of their own")
	}
	if same(small.Spec.Hard, large.Spec.Hard) {
		t.Error("two quotas share limits")
	}
}
