package objectstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target"
)

// Grants enforces grants of objects by the policy of each person's account.
type Grants struct {
	client *Client
	// mu guards applied, the policy that each account was last seen with.
	mu      sync.Mutex
	applied map[string]string
	// busy holds a lock for each account, so that two changes of one follow each other.
	busy sync.Map
}

// NewGrants returns the target. It calls nothing yet.
func NewGrants(client *Client) *Grants { return &Grants{client: client, applied: map[string]string{}} }

// Name is that of the target.
func (g *Grants) Name() v1alpha1.GrantTarget { return v1alpha1.TargetObjectStore }

// Takes says whether the dataset is one of objects.
func (g *Grants) Takes(d grant.Dataset) bool { return d.Objects != nil }

// Expiry is by the store's own clock: the window is in the policy.
func (g *Grants) Expiry() v1alpha1.ExpiryEnforcement { return v1alpha1.ExpiryEnforcementPoint }

// RevocationActsWithin is short: the store reads the policy at each request.
func (g *Grants) RevocationActsWithin() time.Duration { return time.Second }

// Fits compiles, and changes nothing.
func (g *Grants) Fits(access target.Access) error {
	for _, person := range sortedKeys(access) {
		if _, err := compileFor(person, access[person]); err != nil {
			return err
		}
	}
	return nil
}

// Sync writes the policy of each person's account where it is another one than before, and reads it back. A person's failure does
// not hold up the others.
func (g *Grants) Sync(ctx context.Context, access target.Access) error {
	var failed []error
	for _, person := range sortedKeys(access) {
		policy, err := compileFor(person, access[person])
		if err == nil {
			err = g.sync(ctx, Account(person), policy)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

func (g *Grants) sync(ctx context.Context, account, policy string) error {
	lock, _ := g.busy.LoadOrStore(account, &sync.Mutex{})
	lock.(*sync.Mutex).Lock() //nolint:forcetypeassert // nothing else is stored
	defer lock.(*sync.Mutex).Unlock()
	if have, seen := g.seen(account); seen && have == policy {
		return nil
	}
	live, err := g.client.Policies(ctx, account)
	if err != nil {
		return err
	}
	if live[GrantsPolicy] != policy {
		if err := g.client.SetPolicy(ctx, account, policy); err != nil {
			return err
		}
		if live, err = g.client.Policies(ctx, account); err != nil {
			return err
		}
	}
	if live[GrantsPolicy] != policy {
		return fmt.Errorf("account %s of the object store does not have the policy that it was given", account)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.applied[account] = policy
	return nil
}

func (g *Grants) seen(account string) (string, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	policy, seen := g.applied[account]
	return policy, seen
}

// Forget has the next Sync of an account look at the store again.
func (g *Grants) Forget(account string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.applied, account)
}

// compileFor compiles what one person is granted of objects.
func compileFor(person string, atoms []grant.Atom) (string, error) {
	objects := slices.DeleteFunc(slices.Clone(atoms), func(a grant.Atom) bool { return a.Selector.Objects == nil })
	policy, err := Compile(objects)
	if err != nil {
		return "", fmt.Errorf("what %s is granted in all: %w", person, err)
	}
	return policy, nil
}
