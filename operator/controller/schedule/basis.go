package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/condition"
	"github.com/atoll-platform/atoll/operator/controller/run"
)

// basis is what the runs of a schedule stand on.
type basis struct {
	workspace *v1alpha1.Workspace
	profile   *v1alpha1.Profile
}

// basis finds the workspace and the profile, and says what of them does not let the schedule run.
func (c *Controller) basis(ctx context.Context, s *v1alpha1.Schedule) (basis, error) {
	var b basis
	name, ok := strings.CutPrefix(s.Namespace, v1alpha1.WorkspaceNamespacePrefix)
	if !ok {
		return b, &condition.Error{
			Reason: v1alpha1.ReasonWorkspaceNotFound, Terminal: true,
			Err: fmt.Errorf("metadata.namespace: %s is not the namespace of a workspace; a schedule is in %s<workspace>", s.Namespace, v1alpha1.WorkspaceNamespacePrefix),
		}
	}
	ws := &v1alpha1.Workspace{}
	err := c.client.Get(ctx, client.ObjectKey{Name: name}, ws)
	if apierrors.IsNotFound(err) || (err == nil && ws.DeletionTimestamp != nil) {
		return b, &condition.Error{
			Reason: v1alpha1.ReasonWorkspaceNotFound,
			Err:    fmt.Errorf("there is no workspace %s, in whose namespace the schedule is: nothing is due until there is", name),
		}
	}
	if err != nil {
		return b, fmt.Errorf("reading workspace %s: %w", name, err)
	}
	b.workspace = ws
	profile := &v1alpha1.Profile{}
	err = c.client.Get(ctx, client.ObjectKey{Name: s.Spec.Profile}, profile)
	switch {
	case apierrors.IsNotFound(err):
		return b, &condition.Error{
			Reason: v1alpha1.ReasonProfileNotFound,
			Err:    fmt.Errorf("spec.profile: there is no profile %s; create it, or choose one of %s", s.Spec.Profile, strings.Join(ws.Spec.Profiles, ", ")),
		}
	case err != nil:
		return b, fmt.Errorf("reading profile %s: %w", s.Spec.Profile, err)
	}
	b.profile = profile
	return b, errors.Join(allowed(ws, s), sizes(profile, s), owner(ws, s))
}

func allowed(ws *v1alpha1.Workspace, s *v1alpha1.Schedule) error {
	if slices.Contains(ws.Spec.Profiles, s.Spec.Profile) {
		return nil
	}
	return &condition.Error{
		Reason: v1alpha1.ReasonProfileNotAllowed,
		Err: fmt.Errorf("spec.profile: workspace %s does not allow profile %s; it allows %s", ws.Name, s.Spec.Profile,
			strings.Join(ws.Spec.Profiles, ", ")),
	}
}

func sizes(profile *v1alpha1.Profile, s *v1alpha1.Schedule) error {
	found := []error{size(profile, s.Spec.Size, "spec.size")}
	for i, t := range s.Spec.Tasks {
		if t.Size != "" {
			found = append(found, size(profile, t.Size, fmt.Sprintf("spec.tasks[%d].size", i)))
		}
	}
	return errors.Join(found...)
}

func size(profile *v1alpha1.Profile, name, field string) error {
	if _, err := run.FindSize(profile, name); err != nil {
		return &condition.Error{Reason: v1alpha1.ReasonSizeNotFound, Err: fmt.Errorf("%s: %w", field, err)}
	}
	return nil
}

// owner is an error unless the workspace lists the owner as one who may run notebooks.
func owner(ws *v1alpha1.Workspace, s *v1alpha1.Schedule) error {
	if run.MayRun(ws, s.Spec.Owner) {
		return nil
	}
	return &condition.Error{
		Reason: v1alpha1.ReasonOwnerNotMember,
		Err: fmt.Errorf("spec.owner: %s may not run notebooks in workspace %s; list the person by name among spec.members of the "+
			"workspace, with the role Owner or Member: who comes by a group only is not known to the cluster", s.Spec.Owner, ws.Name),
	}
}
