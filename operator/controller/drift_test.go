package controller_test

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func TestDeletedObjectsComeBack(t *testing.T) {
	create(t, newWorkspace("deleted"), v1alpha1.ReasonReady)
	for _, obj := range []client.Object{
		&corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "workspace"}},
		&corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "servers"}},
		&corev1.LimitRange{ObjectMeta: metav1.ObjectMeta{Name: "workspace"}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "person-bob"}},
		&networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: "default-deny"}},
		&networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: "notebook"}},
		&networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: "run"}},
		&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "atoll-workspace-member"}},
		&rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "atoll-hub"}},
	} {
		t.Run(fmt.Sprintf("%T %s", obj, obj.GetName()), func(t *testing.T) {
			obj.SetNamespace("ws-deleted")
			key := client.ObjectKeyFromObject(obj)
			if err := admin.Get(ctx, key, obj); err != nil {
				t.Fatal(err)
			}
			old := obj.GetUID()
			if err := admin.Delete(ctx, obj); err != nil {
				t.Fatal(err)
			}
			eventually(t, "it is back", func() error {
				if err := admin.Get(ctx, key, obj); err != nil {
					return err
				}
				if obj.GetUID() == old {
					return fmt.Errorf("it is still the old one")
				}
				return nil
			})
		})
	}
	settled(t, "deleted", v1alpha1.ReasonReady)
}

func TestDeletedNamespaceIsMadeAgain(t *testing.T) {
	create(t, newWorkspace("lost"), v1alpha1.ReasonReady)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ws-lost"}}
	if err := admin.Delete(ctx, ns); err != nil {
		t.Fatal(err)
	}
	settled(t, "lost", v1alpha1.ReasonProgressing)
	finalize(t, ns.Name)
	settled(t, "lost", v1alpha1.ReasonReady)
}

func TestEditedObjectsAreRestored(t *testing.T) {
	create(t, newWorkspace("edited"), v1alpha1.ReasonReady)
	in := metav1.ObjectMeta{Namespace: "ws-edited"}
	named := func(name string) metav1.ObjectMeta {
		m := in
		m.Name = name
		return m
	}
	for _, tt := range []struct {
		name  string
		obj   client.Object
		patch string
	}{
		{"a bound of the quota is raised", &corev1.ResourceQuota{ObjectMeta: named("workspace")}, `{"spec":{"hard":{"limits.cpu":"800"}}}`},
		{"a bound of the quota is taken away", &corev1.ResourceQuota{ObjectMeta: named("workspace")}, `{"spec":{"hard":{"limits.cpu":null}}}`},
		{"a bound is added to the quota", &corev1.ResourceQuota{ObjectMeta: named("workspace")}, `{"spec":{"hard":{"count/secrets":"1"}}}`},
		{"the defaults of containers change", &corev1.LimitRange{ObjectMeta: named("workspace")}, `{"spec":{"limits":[{"type":"Container","default":{"cpu":"99"}}]}}`},
		{"the closed door is opened", &networkingv1.NetworkPolicy{ObjectMeta: named("default-deny")}, `{"spec":{"ingress":[{}]}}`},
		{"a way out is opened", &networkingv1.NetworkPolicy{ObjectMeta: named("notebook")}, `{"spec":{"egress":[{}]}}`},
		{"the closed door closes less", &networkingv1.NetworkPolicy{ObjectMeta: named("default-deny")}, `{"spec":{"policyTypes":["Ingress"]}}`},
		{"somebody binds himself", &rbacv1.RoleBinding{ObjectMeta: named("atoll-workspace-owner")}, `{"subjects":[{"kind":"User","name":"mallory","apiGroup":"rbac.authorization.k8s.io"}]}`},
		{"a role loses its people", &rbacv1.RoleBinding{ObjectMeta: named("atoll-workspace-member")}, `{"subjects":null}`},
		{"an account mounts its token", &corev1.ServiceAccount{ObjectMeta: named("person-bob")}, `{"automountServiceAccountToken":true}`},
		{"an account changes hands", &corev1.ServiceAccount{ObjectMeta: named("person-bob")}, `{"metadata":{"annotations":{"atoll.dev/person":"mallory"}}}`},
		{"a home loses its label", &corev1.PersistentVolumeClaim{ObjectMeta: named("home-bob")}, `{"metadata":{"labels":{"atoll.dev/home":null}}}`},
		{"the namespace admits any pod", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ws-edited"}}, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`},
		{"an object is hidden from the operator", &networkingv1.NetworkPolicy{ObjectMeta: named("default-deny")}, `{"metadata":{"labels":{"app.kubernetes.io/managed-by":"mallory"}},"spec":{"policyTypes":["Ingress"]}}`},
		{"the namespace is hidden from the operator", &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ws-edited"}}, `{"metadata":{"labels":{"app.kubernetes.io/managed-by":null}}}`},
		{"the note of what was applied is lost", &corev1.LimitRange{ObjectMeta: named("workspace")}, `{"metadata":{"annotations":null}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			key := client.ObjectKeyFromObject(tt.obj)
			if err := admin.Get(ctx, key, tt.obj); err != nil {
				t.Fatal(err)
			}
			before := essence(t, tt.obj)
			if err := admin.Patch(ctx, tt.obj, client.RawPatch(types.MergePatchType, []byte(tt.patch))); err != nil {
				t.Fatal(err)
			}
			if essence(t, tt.obj) == before {
				t.Fatal("the edit changed nothing")
			}
			eventually(t, "it is as before", func() error {
				if err := admin.Get(ctx, key, tt.obj); err != nil {
					return err
				}
				if now := essence(t, tt.obj); now != before {
					return fmt.Errorf("it is\n%s\nand was\n%s", now, before)
				}
				return nil
			})
		})
	}
	settled(t, "edited", v1alpha1.ReasonReady)
}

func TestOthersMayAddToNamespaces(t *testing.T) {
	create(t, newWorkspace("shared"), v1alpha1.ReasonReady)
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ws-shared"}}
	if err := admin.Patch(ctx, ns, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"team":"blue"}}}`))); err != nil {
		t.Fatal(err)
	}
	update(t, "shared", func(ws *v1alpha1.Workspace) { ws.Spec.CostCenter = "cc-1" })
	settled(t, "shared", v1alpha1.ReasonReady)
	update(t, "shared", func(ws *v1alpha1.Workspace) { ws.Spec.CostCenter = "" })
	settled(t, "shared", v1alpha1.ReasonReady)
	if err := admin.Get(ctx, client.ObjectKeyFromObject(ns), ns); err != nil {
		t.Fatal(err)
	}
	if ns.Labels["team"] != "blue" {
		t.Errorf("a label of somebody else is gone: %v", ns.Labels)
	}
	if _, there := ns.Labels["atoll.dev/cost-center"]; there {
		t.Errorf("the operator's own label has stayed: %v", ns.Labels)
	}
}
