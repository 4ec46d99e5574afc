package controller_test

import (
	"errors"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func remove(t testing.TB, name string) {
	t.Helper()
	ws := &v1alpha1.Workspace{}
	ws.Name = name
	if err := admin.Delete(ctx, ws); err != nil {
		t.Fatalf("deleting workspace %s: %v", name, err)
	}
}

func gone(t testing.TB, name string) {
	t.Helper()
	eventually(t, "workspace "+name+" is gone", func() error {
		ws := &v1alpha1.Workspace{}
		err := admin.Get(ctx, client.ObjectKey{Name: name}, ws)
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(err, fmt.Errorf("conditions are %+v", ws.Status.Conditions))
	})
}

func TestRetain(t *testing.T) {
	for _, policy := range []v1alpha1.DeletionPolicy{v1alpha1.DeletionRetain} {
		t.Run(string(policy), func(t *testing.T) {
			const name = "retain"
			create(t, newWorkspace(name, func(ws *v1alpha1.Workspace) { ws.Spec.DeletionPolicy = policy }), v1alpha1.ReasonReady)
			startServer(t, name, "ada", "python")
			remove(t, name)
			gone(t, name)

			ns := &corev1.Namespace{}
			if err := admin.Get(ctx, client.ObjectKey{Name: "ws-" + name}, ns); err != nil || ns.DeletionTimestamp != nil {
				t.Fatalf("the namespace is going: %v", err)
			}
			if ns.Labels["atoll.dev/retained"] != "true" || ns.Labels["pod-security.kubernetes.io/enforce"] != "restricted" {
				t.Errorf("the namespace's labels are %v", ns.Labels)
			}
			if got := names(t, &corev1.PersistentVolumeClaimList{}, ns.Name); len(got) != 3 {
				t.Errorf("homes are %v", got)
			}
			if got := names(t, networkPolicies(), ns.Name); len(got) != 5 {
				t.Errorf("network policies are %v", got)
			}
			for _, list := range []client.ObjectList{&corev1.PodList{}, &rbacv1.RoleBindingList{}, &corev1.ServiceAccountList{}, &corev1.ResourceQuotaList{}, &corev1.LimitRangeList{}} {
				if got := names(t, list, ns.Name); len(got) > 0 {
					t.Errorf("%T has %v left", list, got)
				}
			}
			eventually(t, "an event says what stays", func() error {
				list := &eventsv1.EventList{}
				if err := admin.List(ctx, list); err != nil {
					return err
				}
				for _, e := range list.Items {
					if e.Regarding.Name == name && e.Reason == "Retained" {
						return nil
					}
				}
				return errors.New("there is none")
			})

			create(t, newWorkspace(name), v1alpha1.ReasonReady)
			if err := admin.Get(ctx, client.ObjectKeyFromObject(ns), ns); err != nil {
				t.Fatal(err)
			}
			if _, retained := ns.Labels["atoll.dev/retained"]; retained {
				t.Errorf("the namespace of the new workspace has labels %v", ns.Labels)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	create(t, newWorkspace("delete", func(ws *v1alpha1.Workspace) { ws.Spec.DeletionPolicy = v1alpha1.DeletionDelete }), v1alpha1.ReasonReady)
	remove(t, "delete")
	settled(t, "delete", v1alpha1.ReasonDeleting)
	ns := &corev1.Namespace{}
	if err := admin.Get(ctx, client.ObjectKey{Name: "ws-delete"}, ns); err != nil {
		t.Fatal(err)
	}
	if ns.DeletionTimestamp == nil {
		t.Fatal("the namespace is not being deleted")
	}
	finalize(t, ns.Name)
	gone(t, "delete")
}

// finalize ends a namespace that is being deleted: no controller of namespaces runs here to empty it.
func finalize(t testing.TB, name string) {
	t.Helper()
	ns := &corev1.Namespace{}
	if err := admin.Get(ctx, client.ObjectKey{Name: name}, ns); err != nil {
		t.Fatal(err)
	}
	ns.Spec.Finalizers = nil
	if err := admin.SubResource("finalize").Update(ctx, ns); err != nil {
		t.Fatal(err)
	}
}

func TestDeleteLeavesTheNamespaceOfSomebodyElse(t *testing.T) {
	ns := &corev1.Namespace{}
	ns.Name = "ws-alien"
	if err := admin.Create(ctx, ns); err != nil {
		t.Fatal(err)
	}
	create(t, newWorkspace("alien", func(ws *v1alpha1.Workspace) { ws.Spec.DeletionPolicy = v1alpha1.DeletionDelete }), v1alpha1.ReasonNamespaceConflict)
	remove(t, "alien")
	gone(t, "alien")
	if err := admin.Get(ctx, client.ObjectKeyFromObject(ns), ns); err != nil || ns.DeletionTimestamp != nil || len(ns.Labels) > 1 {
		t.Errorf("the namespace was touched: %v, %v", err, ns)
	}
}
