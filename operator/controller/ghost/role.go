package ghost

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/role"
)

// RoleWatch looks for ghosts in the roles of people on AWS.
type RoleWatch struct {
	grants *role.Grants
	book   *target.Book
	opts   Options
}

// NewRoleWatch returns a watch.
func NewRoleWatch(grants *role.Grants, book *target.Book, opts Options) *RoleWatch {
	return &RoleWatch{grants: grants, book: book, opts: opts}
}

// Name is the target that the watch looks at.
func (w *RoleWatch) Name() v1alpha1.GrantTarget { return w.grants.Name() }

// Register makes the manager run the watch, in the replica that leads.
func (w *RoleWatch) Register(mgr manager.Manager) error {
	if err := mgr.Add(w); err != nil {
		return fmt.Errorf("adding the watch of the roles of people: %w", err)
	}
	return nil
}

// Start looks until the context ends.
func (w *RoleWatch) Start(ctx context.Context) error {
	return w.opts.run(ctx, w.Name(), w.book, w.Look)
}

// Ghosts is the access that is live now and that no grant gives, in words. It changes nothing.
func (w *RoleWatch) Ghosts(ctx context.Context) ([]v1alpha1.GhostAccess, error) {
	if err := known(w.book); err != nil {
		return nil, err
	}
	found, err := w.find(ctx)
	if err != nil {
		return nil, err
	}
	var all []v1alpha1.GhostAccess
	for _, g := range found {
		live := v1alpha1.GhostAccess{Target: w.Name(), Account: g.Role, Policy: g.Policy}
		if g.Problem != "" {
			live.Access = []string{g.Problem}
		}
		for _, a := range g.Atoms {
			live.Access = append(live.Access, words(a))
		}
		all = append(all, live)
	}
	return all, nil
}

func (w *RoleWatch) find(ctx context.Context) ([]role.Ghost, error) {
	now := w.opts.Clock.Now()
	return w.grants.Ghosts(ctx, w.book.Access(w.book.Everybody(), now), now)
}

// Look looks once: it reports what it finds, writes the operator's own policies anew, and removes what others wrote where it is told
// to. Who may have a role, and what bounds it, are left to people.
func (w *RoleWatch) Look(ctx context.Context) error {
	ghosts, err := twice(ctx, w.find, func(g role.Ghost) string { return g.Role + " " + g.Policy })
	if err != nil {
		return err
	}
	w.opts.note(w.Name(), len(ghosts))
	for _, g := range ghosts {
		log.FromContext(ctx).Info("access without a grant", "target", w.Name(), "role", g.Role, "policy", g.Policy,
			"problem", g.Problem, "access", g.Atoms)
		if err := w.repair(ctx, g); err != nil {
			return err
		}
	}
	return nil
}

func (w *RoleWatch) repair(ctx context.Context, g role.Ghost) error {
	switch {
	case g.Policy == "trust" || g.Policy == "boundary":
		return nil
	case g.Own() && g.Person != "":
		w.grants.Forget(g.Person)
		return w.book.Give([]string{g.Person}, w.opts.Clock.Now(), func(access target.Access) error { return w.grants.Sync(ctx, access) })
	case g.Own() || w.opts.Quarantine == Remove:
		return w.grants.Remove(ctx, g)
	}
	return nil
}
