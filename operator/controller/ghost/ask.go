package ghost

import (
	"context"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// Name is the target that the watch looks at.
func (w *Watch) Name() v1alpha1.GrantTarget { return v1alpha1.TargetObjectStore }

// Ghosts is the access that is live now and that no grant gives, in words. It changes nothing.
func (w *Watch) Ghosts(ctx context.Context) ([]v1alpha1.GhostAccess, error) {
	if err := known(w.book); err != nil {
		return nil, err
	}
	found, err := w.find(ctx)
	if err != nil {
		return nil, err
	}
	var all []v1alpha1.GhostAccess
	for _, g := range found {
		live := v1alpha1.GhostAccess{Target: w.Name(), Account: g.Account, Policy: g.Policy}
		if g.Problem != "" {
			live.Access = []string{"cannot be read: " + g.Problem}
		}
		for _, a := range g.Atoms {
			live.Access = append(live.Access, words(a))
		}
		all = append(all, live)
	}
	return all, nil
}
