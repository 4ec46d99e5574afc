package member

import (
	"context"
	"fmt"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

// hubAccount is the hub's ServiceAccount.
const hubAccount = "hub"

// binding is a RoleBinding and the ClusterRole it grants. The chart of the operator ships the roles.
type binding struct {
	name     string
	role     string
	subjects []*rbacv1ac.SubjectApplyConfiguration
}

// EnsureRoles binds the roles of the people and groups, and lets the hub start servers. A role that nobody has
// is bound to nobody.
func EnsureRoles(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace, hubNamespace string) error {
	for _, b := range bindings(ws, hubNamespace) {
		if err := ensureBinding(ctx, w, ws, b); err != nil {
			return err
		}
	}
	return nil
}

// RemoveRoles takes back every right that the operator gave.
func RemoveRoles(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace) error {
	all := &rbacv1.RoleBindingList{}
	err := w.List(ctx, all, client.InNamespace(owned.Namespace(ws)), client.MatchingLabelsSelector{Selector: owned.Selector()})
	if err != nil {
		return fmt.Errorf("listing the RoleBindings of namespace %s: %w", owned.Namespace(ws), err)
	}
	for i := range all.Items {
		if err := w.Remove(ctx, &all.Items[i]); err != nil {
			return err
		}
	}
	return nil
}

func bindings(ws *v1alpha1.Workspace, hubNamespace string) []binding {
	return []binding{
		people("atoll-workspace-owner", ws, v1alpha1.RoleOwner),
		people("atoll-workspace-member", ws, v1alpha1.RoleMember),
		people("atoll-workspace-viewer", ws, v1alpha1.RoleViewer),
		{
			name: "atoll-hub",
			role: "atoll-hub-spawner",
			subjects: []*rbacv1ac.SubjectApplyConfiguration{
				rbacv1ac.Subject().WithKind(rbacv1.ServiceAccountKind).WithNamespace(hubNamespace).WithName(hubAccount),
			},
		},
	}
}

// people is the binding of a role to its members; the workspace's owner has the role Owner.
func people(name string, ws *v1alpha1.Workspace, role v1alpha1.Role) binding {
	b := binding{name: name, role: name}
	owner := v1alpha1.Member{Kind: v1alpha1.MemberUser, Name: ws.Spec.Owner}
	if role == v1alpha1.RoleOwner {
		b.subjects = append(b.subjects, subject(owner))
	}
	for _, m := range ws.Spec.Members {
		listed := m.Kind == owner.Kind && m.Name == owner.Name
		if m.Role != role || (listed && role == v1alpha1.RoleOwner) {
			continue
		}
		b.subjects = append(b.subjects, subject(m))
	}
	return b
}

func subject(m v1alpha1.Member) *rbacv1ac.SubjectApplyConfiguration {
	kind := rbacv1.UserKind
	if m.Kind == v1alpha1.MemberGroup {
		kind = rbacv1.GroupKind
	}
	return rbacv1ac.Subject().WithAPIGroup(rbacv1.GroupName).WithKind(kind).WithName(m.Name)
}

func ensureBinding(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace, b binding) error {
	current := &rbacv1.RoleBinding{}
	key := client.ObjectKey{Namespace: owned.Namespace(ws), Name: b.name}
	err := w.Get(ctx, key, current)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("reading RoleBinding %s: %w", key, err)
	}
	exists := err == nil
	// What a binding grants cannot be changed: one that grants something else has to go first.
	if exists && (len(b.subjects) == 0 || current.RoleRef.Name != b.role) {
		if err := w.Remove(ctx, current); err != nil {
			return err
		}
	}
	if len(b.subjects) == 0 {
		return nil
	}
	desired := rbacv1ac.RoleBinding(b.name, key.Namespace).
		WithLabels(owned.Labels(ws)).
		WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(b.role)).
		WithSubjects(b.subjects...)
	return w.EnsureExactly(ctx, desired, &rbacv1.RoleBinding{})
}
