// Package ghost looks for access that is live at a target and that no grant gives.
package ghost

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// live counts the policies that give more than what is granted, as of the last look.
var live = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "atoll_ghost_access", Help: "Policies at a target that give access without a grant, as of the last look.",
}, []string{"target"})

// looked is when a target was last looked at in full.
var looked = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "atoll_ghost_last_look_seconds", Help: "Time of the last complete look for access without a grant, in seconds since 1970.",
}, []string{"target"})

func init() { //nolint:gochecknoinits // the registry of metrics is one for the process
	metrics.Registry.MustRegister(live, looked)
}

// Quarantine says what is done with access that no grant gives.
type Quarantine string

// What may be done.
const (
	// Report tells of it and leaves it to people.
	Report Quarantine = "Report"
	// Remove takes away the policies of accounts; those of buckets and roles are left to people.
	Remove Quarantine = "Remove"
)

// Options of the watch.
type Options struct {
	// Every is how often it looks.
	Every      time.Duration
	Quarantine Quarantine
	Clock      clock.WithTicker
}

// Watch looks for ghosts at the object store.
type Watch struct {
	client client.Reader
	store  *objectstore.Client
	grants *objectstore.Grants
	book   *target.Book
	opts   Options
}

// NewWatch returns a watch. It reads datasets from cached.
func NewWatch(cached client.Reader, store *objectstore.Client, grants *objectstore.Grants, book *target.Book, opts Options) *Watch {
	return &Watch{client: cached, store: store, grants: grants, book: book, opts: opts}
}

// Register makes the manager run the watch, in the replica that leads.
func (w *Watch) Register(mgr manager.Manager) error {
	if err := mgr.Add(w); err != nil {
		return fmt.Errorf("adding the watch for access without a grant: %w", err)
	}
	return nil
}

// Start looks until the context ends.
func (w *Watch) Start(ctx context.Context) error {
	return w.opts.run(ctx, w.Name(), w.book, w.Look)
}

// Look looks once: it reports what it finds, and puts right the policies that are the operator's own.
func (w *Watch) Look(ctx context.Context) error {
	ghosts, err := twice(ctx, w.find, func(g objectstore.Ghost) string { return g.Account + " " + g.Policy })
	if err != nil {
		return err
	}
	w.opts.note(w.Name(), len(ghosts))
	for _, g := range ghosts {
		log.FromContext(ctx).Info("access without a grant", "target", w.Name(), "account", g.Account, "policy", g.Policy,
			"problem", g.Problem, "access", g.Atoms)
	}
	return w.repair(ctx, ghosts)
}

func (w *Watch) find(ctx context.Context) ([]objectstore.Ghost, error) {
	list := &v1alpha1.DatasetList{}
	if err := w.client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the datasets: %w", err)
	}
	var buckets []string
	for i := range list.Items {
		if o := list.Items[i].Spec.Location.ObjectPrefix; o != nil {
			buckets = append(buckets, o.Bucket)
		}
	}
	slices.Sort(buckets)
	now := w.opts.Clock.Now()
	byAccount := map[string][]grant.Atom{}
	for person, atoms := range w.book.Access(w.book.Everybody(), now) {
		byAccount[objectstore.Account(person)] = atoms
	}
	return w.store.Ghosts(ctx, byAccount, slices.Compact(buckets), now)
}

// repair writes the operator's own policies anew, and removes what others wrote where it is told to.
func (w *Watch) repair(ctx context.Context, ghosts []objectstore.Ghost) error {
	if len(ghosts) == 0 {
		return nil
	}
	people := w.book.Everybody()
	for _, g := range ghosts {
		i := slices.IndexFunc(people, func(p string) bool { return objectstore.Account(p) == g.Account })
		switch {
		case g.Policy != objectstore.GrantsPolicy && w.opts.Quarantine == Remove && g.OfAccount():
			if err := w.store.DeletePolicy(ctx, g.Account, g.Policy); err != nil {
				return err
			}
		case g.Policy != objectstore.GrantsPolicy || !objectstore.Personal(g.Account):
		case i < 0:
			w.grants.Forget(g.Account)
			if err := w.store.SetPolicy(ctx, g.Account, ""); err != nil {
				return err
			}
		default:
			w.grants.Forget(g.Account)
			err := w.book.Give(people[i:i+1], w.opts.Clock.Now(), func(access target.Access) error { return w.grants.Sync(ctx, access) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}
