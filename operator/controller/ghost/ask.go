package ghost

import (
	"context"
	"errors"
	"fmt"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// Name is the target that the watch looks at.
func (w *Watch) Name() v1alpha1.GrantTarget { return v1alpha1.TargetObjectStore }

// Ghosts is the access that is live now and that no grant gives, in words. It changes nothing.
func (w *Watch) Ghosts(ctx context.Context) ([]v1alpha1.GhostAccess, error) {
	if !w.book.Complete() {
		return nil, errors.New("what is granted is not known yet: the operator has just started")
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
			if o := a.Selector.Objects; o != nil {
				live.Access = append(live.Access, fmt.Sprintf("%s s3://%s/%s until %s", a.Action, o.Bucket, o.Prefix, v1alpha1.At(a.Window.Until)))
			}
		}
		all = append(all, live)
	}
	return all, nil
}
