package member

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// EnsureAccounts gives each person the ServiceAccount that their servers run under, and removes those of people
// who left. The accounts have no rights and mount no token. Accounts that the hub made, for people who come by a
// group, are left alone.
func EnsureAccounts(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace) error {
	wanted := map[string]bool{}
	for _, p := range People(ws) {
		name := person.ServiceAccount(p.User)
		wanted[name] = true
		account := corev1ac.ServiceAccount(name, owned.Namespace(ws)).
			WithLabels(owned.Labels(ws)).
			WithAnnotations(map[string]string{v1alpha1.AnnotationPerson: p.User}).
			WithAutomountServiceAccountToken(false)
		if err := w.Ensure(ctx, account, &corev1.ServiceAccount{}); err != nil {
			return err
		}
	}
	return removeAccounts(ctx, w, ws, func(name string) bool { return wanted[name] })
}

// RemoveAccounts removes the accounts of everybody.
func RemoveAccounts(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace) error {
	return removeAccounts(ctx, w, ws, func(string) bool { return false })
}

func removeAccounts(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace, keep func(name string) bool) error {
	accounts := &corev1.ServiceAccountList{}
	err := w.List(ctx, accounts, client.InNamespace(owned.Namespace(ws)), client.MatchingLabelsSelector{Selector: owned.Selector()})
	if err != nil {
		return fmt.Errorf("listing the ServiceAccounts of namespace %s: %w", owned.Namespace(ws), err)
	}
	for i := range accounts.Items {
		account := &accounts.Items[i]
		if account.Annotations[v1alpha1.AnnotationPerson] == "" || keep(account.Name) {
			continue
		}
		if err := w.Remove(ctx, account); err != nil {
			return err
		}
	}
	return nil
}
