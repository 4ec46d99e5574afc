package trino

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/policy"
	"github.com/atoll-platform/atoll/operator/target"
)

// Tables tells which tables lie in conflict classes.
type Tables func(context.Context) ([]policy.Conflicting, error)

// Grants enforces grants of tables by the decision point.
type Grants struct {
	client *Client
	tables Tables

	// next is what the next push has, from everybody who waits for the one before to end.
	queue sync.Mutex
	next  *batch
	// mu keeps pushes one after the other, and guards what follows: what the decision point is known to have.
	mu      sync.Mutex
	known   bool
	people  map[string][]grant.Atom
	digests map[string]string
	sides   []policy.Conflicting
	// digest is that of all of it.
	digest string
}

// NewGrants returns the target. It calls nothing yet.
func NewGrants(client *Client, tables Tables) *Grants { return &Grants{client: client, tables: tables} }

// Name is that of the target.
func (g *Grants) Name() v1alpha1.GrantTarget { return v1alpha1.TargetTrino }

// Takes says whether the dataset is a table.
func (g *Grants) Takes(d grant.Dataset) bool { return d.Table != nil }

// Expiry is by the decision point's own clock, at each request.
func (g *Grants) Expiry() v1alpha1.ExpiryEnforcement { return v1alpha1.ExpiryEnforcementPoint }

// RevocationActsWithin is short: once a push is answered, decisions follow it.
func (g *Grants) RevocationActsWithin() time.Duration { return time.Second }

// Fits compiles, and changes nothing.
func (g *Grants) Fits(access target.Access) error {
	_, err := compileAll(access)
	return err
}

// batch is what several Syncs push together: a push costs the same for one person and for many.
type batch struct {
	access target.Access
	done   chan struct{}
	err    error
}

// Sync pushes what has changed of what people are granted, together with all who wait to push.
func (g *Grants) Sync(ctx context.Context, access target.Access) error {
	compiled, err := compileAll(access)
	if err != nil {
		return err
	}
	mine, first := g.join(compiled)
	if !first {
		<-mine.done
		return mine.err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue.Lock()
	g.next = nil
	g.queue.Unlock()
	defer close(mine.done)
	mine.err = g.push(ctx, mine.access)
	return mine.err
}

// join adds to the next push. Who comes first pushes for all.
func (g *Grants) join(compiled target.Access) (next *batch, first bool) {
	g.queue.Lock()
	defer g.queue.Unlock()
	if g.next == nil {
		g.next, first = &batch{access: target.Access{}, done: make(chan struct{})}, true
	}
	maps.Copy(g.next.access, compiled)
	return g.next, first
}

func (g *Grants) push(ctx context.Context, compiled target.Access) error {
	sides, err := g.tables(ctx)
	if err != nil {
		return err
	}
	if err := g.learn(ctx); err != nil {
		return err
	}
	push := g.difference(compiled, sides)
	_, err = g.client.Push(ctx, push)
	if errors.Is(err, errBase) {
		// It has lost what it had, or somebody else has pushed: it is given everything.
		g.tell(ctx)
		push = g.everything(compiled, sides)
		_, err = g.client.Push(ctx, push)
	}
	if err != nil {
		g.known = false // what it has now is not certain
		return err
	}
	g.note(compiled, sides, push.Digest)
	return nil
}

// Run confirms what was pushed, every so often, until the context ends. Without it the decision point would deny after a while.
func (g *Grants) Run(ctx context.Context, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := g.Sync(ctx, nil); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "confirming grants to the decision point; it is tried again", "every", every)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// tell reports what the decision point has beyond what it was given.
func (g *Grants) tell(ctx context.Context) {
	ghosts, err := g.client.Ghosts(ctx, g.people, time.Now())
	if err != nil {
		log.FromContext(ctx).Error(err, "looking for access without a grant")
		return
	}
	for _, ghost := range ghosts {
		log.FromContext(ctx).Info("access without a grant", "target", g.Name(), "person", ghost.Person, "access", ghost.Atoms)
	}
}

// learn reads what the decision point has where that is not known.
func (g *Grants) learn(ctx context.Context) error {
	if g.known {
		return nil
	}
	live, err := g.client.Live(ctx)
	if err != nil {
		return err
	}
	g.people, g.digests, g.sides = map[string][]grant.Atom{}, map[string]string{}, nil
	if live.Tables != nil {
		g.sides = *live.Tables
	}
	for name, atoms := range live.Set {
		g.people[name], g.digests[name] = atoms, grant.Digest(atoms)
	}
	g.digest = policy.Digest(g.digests, g.sides)
	g.known = true
	return nil
}

// difference is the push from what the decision point is known to have.
func (g *Grants) difference(compiled target.Access, sides []policy.Conflicting) policy.Push {
	push := policy.Push{Base: g.digest, Set: map[string][]grant.Atom{}}
	after := maps.Clone(g.digests)
	for name, atoms := range compiled {
		digest := grant.Digest(atoms)
		switch old, there := after[name]; {
		case len(atoms) == 0 && there:
			push.Remove = append(push.Remove, name)
			delete(after, name)
		case len(atoms) > 0 && old != digest:
			push.Set[name] = atoms
			after[name] = digest
		}
	}
	slices.Sort(push.Remove)
	if !slices.EqualFunc(g.sides, sides, sameSides) {
		push.Tables = &sides
	}
	push.Digest = policy.Digest(after, sides)
	return push
}

// everything is the push of all that is known, with a change.
func (g *Grants) everything(compiled target.Access, sides []policy.Conflicting) policy.Push {
	all := maps.Clone(g.people)
	digests := maps.Clone(g.digests)
	for name, atoms := range compiled {
		all[name], digests[name] = atoms, grant.Digest(atoms)
		if len(atoms) == 0 {
			delete(all, name)
			delete(digests, name)
		}
	}
	return policy.Push{Set: all, Tables: &sides, Digest: policy.Digest(digests, sides)}
}

// note remembers what was pushed, and the digest that it led to.
func (g *Grants) note(compiled target.Access, sides []policy.Conflicting, digest string) {
	g.sides, g.digest = sides, digest
	for name, atoms := range compiled {
		if len(atoms) == 0 {
			delete(g.people, name)
			delete(g.digests, name)
			continue
		}
		g.people[name], g.digests[name] = atoms, grant.Digest(atoms)
	}
}

// compileAll compiles what each of the people is granted.
func compileAll(access target.Access) (target.Access, error) {
	out := make(target.Access, len(access))
	for name, atoms := range access {
		compiled, err := Compile(name, atoms)
		if err != nil {
			return nil, err
		}
		out[name] = compiled
	}
	return out, nil
}

// Compile is what the decision point is given of what a person is granted: the atoms of tables. It is an error where it has no
// words for one.
func Compile(person string, atoms []grant.Atom) ([]grant.Atom, error) {
	tables := grant.Normal(slices.DeleteFunc(slices.Clone(atoms), func(a grant.Atom) bool { return a.Selector.Part == nil }))
	if err := policy.Check(person, tables); err != nil {
		return nil, fmt.Errorf("what %s is granted in all: %w", person, err)
	}
	return tables, nil
}

func sameSides(a, b policy.Conflicting) bool {
	return a.Table == b.Table && slices.Equal(a.Sides, b.Sides)
}
