package ghost

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	ticker := w.opts.Clock.NewTicker(w.opts.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
		if !w.book.Complete() {
			continue // What is granted is not known yet, and everything would look like a ghost.
		}
		if err := w.Look(ctx); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "looking for access without a grant", "target", w.Name())
		}
	}
}

// Ghosts is the access that is live now and that no grant gives, in words. It changes nothing.
func (w *LeaseWatch) Ghosts(ctx context.Context) ([]v1alpha1.GhostAccess, error) {
	if !w.book.Complete() {
		return nil, errors.New("what is granted is not known yet: the operator has just started")
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
			what := ""
			if o := a.Selector.Objects; o != nil {
				what = fmt.Sprintf("s3://%s/%s", o.Bucket, o.Prefix)
			}
			if p := a.Selector.Part; p != nil {
				what = p.Table.String()
			}
			live.Access = append(live.Access, fmt.Sprintf("%s %s until %s", a.Action, what, v1alpha1.At(a.Window.Until)))
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
	ghosts, err := w.find(ctx)
	if err != nil {
		return err
	}
	if len(ghosts) > 0 {
		// What AWS says is behind what was written: only what is there twice is a ghost.
		again, err := w.find(ctx)
		if err != nil {
			return err
		}
		ghosts = slices.DeleteFunc(again, func(g lease.Ghost) bool {
			return !slices.ContainsFunc(ghosts, func(first lease.Ghost) bool { return first.Key() == g.Key() })
		})
	}
	name := string(w.Name())
	live.WithLabelValues(name).Set(float64(len(ghosts)))
	looked.WithLabelValues(name).Set(float64(w.opts.Clock.Now().Unix()))
	access := w.book.Access(w.book.Everybody(), w.opts.Clock.Now())
	var failed []error
	for _, g := range ghosts {
		log.FromContext(ctx).Info("access without a grant", "target", name, "principal", g.Principal, "where", g.Where, "problem", g.Problem,
			"access", g.Atoms)
		switch {
		case g.Own():
			failed = append(failed, w.leases.Repair(ctx, g, access))
		case w.opts.Quarantine == Remove:
			failed = append(failed, g.Remove(ctx))
		}
	}
	return errors.Join(failed...)
}
