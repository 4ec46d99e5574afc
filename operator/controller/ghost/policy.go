package ghost

import (
	"context"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/index"
	"github.com/atoll-platform/atoll/operator/policy"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/trino"
)

// confirmEvery is how often the decision point is told that its grants are current. It denies when it is not told for long.
const confirmEvery = 20 * time.Second

// PolicyWatch keeps the decision point of Trino in step, and looks for ghosts there.
type PolicyWatch struct {
	decisions *trino.Client
	grants    *trino.Grants
	book      *target.Book
	opts      Options
}

// NewPolicyWatch returns a watch.
func NewPolicyWatch(decisions *trino.Client, grants *trino.Grants, book *target.Book, opts Options) *PolicyWatch {
	return &PolicyWatch{decisions: decisions, grants: grants, book: book, opts: opts}
}

// Register makes the manager run the watch, in the replica that leads.
func (w *PolicyWatch) Register(mgr manager.Manager) error {
	// What is pushed first needs the datasets, perhaps before a controller has asked for them.
	if _, err := mgr.GetCache().GetInformer(context.Background(), &v1alpha1.Dataset{}, cache.BlockUntilSynced(false)); err != nil {
		return fmt.Errorf("watching datasets: %w", err)
	}
	if err := mgr.Add(w); err != nil {
		return fmt.Errorf("adding the watch of Trino's decision point: %w", err)
	}
	return nil
}

// Start confirms and looks until the context ends.
func (w *PolicyWatch) Start(ctx context.Context) error {
	go func() { _ = w.grants.Run(ctx, confirmEvery) }() // it ends with the context, and without an error
	return w.opts.run(ctx, w.Name(), w.book, w.Look)
}

// Name is the target that the watch looks at.
func (w *PolicyWatch) Name() v1alpha1.GrantTarget { return w.grants.Name() }

// Ghosts is the access that is live now and that no grant gives, in words. It changes nothing.
func (w *PolicyWatch) Ghosts(ctx context.Context) ([]v1alpha1.GhostAccess, error) {
	if err := known(w.book); err != nil {
		return nil, err
	}
	found, err := w.find(ctx)
	if err != nil {
		return nil, err
	}
	var all []v1alpha1.GhostAccess
	for _, g := range found {
		live := v1alpha1.GhostAccess{Target: w.Name(), Account: g.Person}
		for _, a := range g.Atoms {
			live.Access = append(live.Access, words(a))
		}
		all = append(all, live)
	}
	return all, nil
}

// find compares twice where something is found: a grant may have changed while the decision point was read.
func (w *PolicyWatch) find(ctx context.Context) ([]trino.Ghost, error) {
	look := func() ([]trino.Ghost, error) {
		now := w.opts.Clock.Now()
		return w.decisions.Ghosts(ctx, w.book.Access(w.book.Everybody(), now), now)
	}
	ghosts, err := look()
	if err != nil || len(ghosts) == 0 {
		return nil, err
	}
	return look()
}

// Look looks once, reports what it finds and takes it away: all that the decision point has is the operator's own.
func (w *PolicyWatch) Look(ctx context.Context) error {
	ghosts, err := w.find(ctx)
	if err != nil {
		return err
	}
	w.opts.note(w.Name(), len(ghosts))
	var people []string
	for _, g := range ghosts {
		log.FromContext(ctx).Info("access without a grant", "target", w.Name(), "person", g.Person, "access", g.Atoms)
		people = append(people, g.Person)
	}
	if len(people) == 0 {
		return nil
	}
	return w.book.Give(people, w.opts.Clock.Now(), func(access target.Access) error {
		for _, person := range people {
			if _, lower := access[person]; !lower {
				access[person] = nil // The decision point has it under a name that nobody is known by.
			}
		}
		return w.grants.Sync(ctx, access)
	})
}

// ConflictingTables reads from cached which tables lie in conflict classes.
func ConflictingTables(cached client.Reader) trino.Tables {
	return func(ctx context.Context) ([]policy.Conflicting, error) {
		list, err := index.Conflicting(ctx, cached)
		if err != nil {
			return nil, err
		}
		return trino.Conflicts(list), nil
	}
}
