package policy

import (
	"fmt"
	"sync"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
)

// Options of a decision point.
type Options struct {
	// Folder keeps the snapshot.
	Folder string
	// StaleAfter is how long a snapshot counts that the operator does not confirm.
	StaleAfter time.Duration
	// Hold is for how long a person who touched one side of a conflict class may not touch another, where Trino does not
	// say which query asks. It is longer than Trino plans a query.
	Hold time.Duration
	// Administrators are Trino users who may define tables. They read nothing without a grant.
	Administrators []string
	// Watcher is the Trino user that reads metrics.
	Watcher string
	// Now is the clock.
	Now func() time.Time
}

// Point decides.
type Point struct {
	options Options
	store   store
	walls   *walls
	started time.Time

	// pushing keeps pushes one after the other; mu is held only while memory changes.
	pushing   sync.Mutex
	mu        sync.RWMutex
	snapshot  *snapshot
	confirmed confirmed
}

// Open makes a decision point from what is kept in the folder. A snapshot that cannot be read is an error, and a Point
// is returned all the same: it denies everything until the operator has pushed.
func Open(o Options) (*Point, error) {
	p := &Point{options: o, store: store{o.Folder}, walls: newWalls(o.Hold), started: o.Now()}
	var err error
	p.snapshot, p.confirmed, err = p.store.load()
	return p, err
}

// Status is what a decision point has.
type Status struct {
	Digest string `json:"digest"`
	// People and Atoms count who is granted something, and what.
	People int `json:"people"`
	Atoms  int `json:"atoms"`
	// Confirmed is when the operator last said so; zero when it never did.
	Confirmed time.Time `json:"confirmed"`
	// Stale says that everything is denied until the operator confirms or pushes.
	Stale bool `json:"stale"`
}

// Status says what the decision point has.
func (p *Point) Status() Status {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return Status{
		Digest: p.snapshot.digest, People: len(p.snapshot.names), Atoms: p.snapshot.atoms, Confirmed: p.confirmed.At, Stale: p.stale(p.options.Now()),
	}
}

// stale says whether the snapshot counts no longer. A confirmation from the future is none.
func (p *Point) stale(at time.Time) bool {
	age := at.Sub(p.confirmed.At)
	return p.confirmed.Digest != p.snapshot.digest || age < -time.Minute || age >= p.options.StaleAfter
}

// Push applies a change and keeps it on disk before it returns. Decisions follow it at once: what a push takes away is
// gone before the disk has it.
func (p *Point) Push(change Push) (Status, error) {
	p.pushing.Lock()
	defer p.pushing.Unlock()
	now := p.options.Now()
	p.mu.RLock()
	base := p.snapshot.digest
	p.mu.RUnlock()
	switch {
	case change.Base == "":
		return p.replace(change, now)
	case change.Base != base:
		return p.Status(), ErrBase
	}
	empty := len(change.Set)+len(change.Remove) == 0 && change.Tables == nil
	if !empty {
		if err := p.change(change); err != nil {
			return p.Status(), err
		}
	}
	if change.Digest != p.snapshot.digest {
		return p.Status(), fmt.Errorf("the snapshot has the digest %s, and the push says %s", p.snapshot.digest, change.Digest)
	}
	return p.confirm(now)
}

// change applies a push to the snapshot there is.
func (p *Point) change(change Push) error {
	p.mu.Lock()
	back := p.snapshot.undo(change)
	err := p.snapshot.apply(change)
	if err == nil && p.snapshot.digest != change.Digest {
		err = fmt.Errorf("the push leads to the digest %s, and says %s", p.snapshot.digest, change.Digest)
		if undone := p.snapshot.apply(back); undone != nil {
			err = fmt.Errorf("%w; taking it back: %w", err, undone)
		}
	}
	if err == nil {
		// What was confirmed was the snapshot before, and it is this push that confirms the one after.
		p.confirmed.Digest = p.snapshot.digest
	}
	p.mu.Unlock()
	if err != nil {
		return err
	}
	return p.store.add(p.snapshot, change)
}

// replace puts a whole snapshot in place of what there is.
func (p *Point) replace(change Push, now time.Time) (Status, error) {
	next := newSnapshot()
	if err := next.apply(change); err != nil {
		return p.Status(), err
	}
	if next.digest != change.Digest {
		return p.Status(), fmt.Errorf("the push leads to the digest %s, and says %s", next.digest, change.Digest)
	}
	p.mu.Lock()
	p.snapshot = next
	p.confirmed = confirmed{Digest: next.digest, At: now}
	p.mu.Unlock()
	if err := p.store.save(next); err != nil {
		return p.Status(), err
	}
	return p.confirm(now)
}

func (p *Point) confirm(now time.Time) (Status, error) {
	p.mu.Lock()
	p.confirmed = confirmed{Digest: p.snapshot.digest, At: now}
	c := p.confirmed
	p.mu.Unlock()
	if err := p.store.confirm(c); err != nil {
		return p.Status(), err
	}
	return p.Status(), nil
}

// Live is everything that the decision point decides by: what an importer compares with what was compiled.
func (p *Point) Live() Push {
	p.pushing.Lock()
	defer p.pushing.Unlock()
	s := p.snapshot
	tables := append([]Conflicting{}, s.tables...) // none are none, and not unknown
	live := Push{Digest: s.digest, Set: make(map[string][]grant.Atom, len(s.names)), Tables: &tables}
	for name, h := range s.people {
		live.Set[name] = h.atoms
	}
	return live
}
