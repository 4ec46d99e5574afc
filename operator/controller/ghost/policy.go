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
			log.FromContext(ctx).Error(err, "looking for access without a grant")
		}
	}
}

// Look looks once, reports what it finds and takes it away: all that the decision point has is the operator's own.
func (w *PolicyWatch) Look(ctx context.Context) error {
	find := func() ([]trino.Ghost, error) {
		now := w.opts.Clock.Now()
		return w.decisions.Ghosts(ctx, w.book.Access(w.book.Everybody(), now), now)
	}
	ghosts, err := find()
	if err != nil {
		return err
	}
	if len(ghosts) > 0 {
		// A grant may have changed while the decision point was read: what is there still is a ghost.
		if ghosts, err = find(); err != nil {
			return err
		}
	}
	name := string(v1alpha1.TargetTrino)
	live.WithLabelValues(name).Set(float64(len(ghosts)))
	looked.WithLabelValues(name).Set(float64(w.opts.Clock.Now().Unix()))
	var people []string
	for _, g := range ghosts {
		log.FromContext(ctx).Info("access without a grant", "target", name, "person", g.Person, "access", g.Atoms)
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
		list := &v1alpha1.DatasetList{}
		if err := cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
			return nil, fmt.Errorf("listing the datasets: %w", err)
		}
		return trino.Conflicts(list.Items), nil
	}
}
