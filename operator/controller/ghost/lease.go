package ghost

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/lease"
)

// Leases are a service of AWS that hands data out to people's leases.
type Leases interface {
	target.Target
	Ghosts(ctx context.Context, granted target.Access, now time.Time) ([]lease.Ghost, error)
	Repair(ctx context.Context, g lease.Ghost, granted target.Access) error
}

// LeaseWatch looks for ghosts in what a service of AWS hands out.
type LeaseWatch struct {
	leases Leases
	book   *target.Book
	opts   Options
}

// NewLeaseWatch returns a watch.
func NewLeaseWatch(leases Leases, book *target.Book, opts Options) *LeaseWatch {
	return &LeaseWatch{leases: leases, book: book, opts: opts}
}

// Name is the target that the watch looks at.
func (w *LeaseWatch) Name() v1alpha1.GrantTarget { return w.leases.Name() }

// Register makes the manager run the watch, in the replica that leads.
func (w *LeaseWatch) Register(mgr manager.Manager) error {
	if err := mgr.Add(w); err != nil {
		return fmt.Errorf("adding the watch of %s: %w", w.Name(), err)
	}
	return nil
}

// Start looks until the context ends.
func (w *LeaseWatch) Start(ctx context.Context) error {
	return w.opts.run(ctx, w.Name(), w.book, w.Look)
}

// Ghosts is the access that is live now and that no grant gives, in words. It changes nothing.
func (w *LeaseWatch) Ghosts(ctx context.Context) ([]v1alpha1.GhostAccess, error) {
	if err := known(w.book); err != nil {
		return nil, err
	}
	found, err := w.find(ctx)
	if err != nil {
		return nil, err
	}
	var all []v1alpha1.GhostAccess
	for _, g := range found {
		live := v1alpha1.GhostAccess{Target: w.Name(), Account: g.Principal, Policy: g.Where}
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

func (w *LeaseWatch) find(ctx context.Context) ([]lease.Ghost, error) {
	now := w.opts.Clock.Now()
	return w.leases.Ghosts(ctx, w.book.Access(w.book.Everybody(), now), now)
}

// Look looks once: it reports what it finds, writes people's leases anew, and removes what others gave where it is told to. Who may take
// a lease on, and what bounds it, are left to people.
func (w *LeaseWatch) Look(ctx context.Context) error {
	ghosts, err := twice(ctx, w.find, lease.Ghost.Key)
	if err != nil {
		return err
	}
	w.opts.note(w.Name(), len(ghosts))
	var failed []error
	for _, g := range ghosts {
		log.FromContext(ctx).Info("access without a grant", "target", w.Name(), "principal", g.Principal, "where", g.Where, "problem", g.Problem,
			"access", g.Atoms)
		switch {
		case g.Own():
			failed = append(failed, w.book.Give([]string{g.Person}, w.opts.Clock.Now(), func(access target.Access) error {
				return w.leases.Repair(ctx, g, access)
			}))
		case w.opts.Quarantine == Remove:
			failed = append(failed, g.Remove(ctx))
		}
	}
	return errors.Join(failed...)
}
