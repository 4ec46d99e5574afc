package role

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/internal/person"
	"github.com/atoll-platform/atoll/operator/target"
	"github.com/atoll-platform/atoll/operator/target/aws/policy"
)

// Grants enforces grants of objects by the policies of each person's role.
type Grants struct {
	iam      *iam.Client
	opts     Options
	language policy.Language
	// mu guards known, what each role was last written with. What is read from IAM may be older than that.
	mu    sync.Mutex
	known map[string]policy.Live
	// busy holds a lock for each role, so that two changes of one follow each other.
	busy sync.Map
}

// NewGrants returns the target. It calls nothing yet. Requests that IAM throttles are repeated as the configuration says.
func NewGrants(config aws.Config, opts Options) (*Grants, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	partition, _, _ := opts.cluster()
	return &Grants{
		iam: iam.NewFromConfig(config), opts: opts, language: policy.Language{Partition: partition}, known: map[string]policy.Live{},
	}, nil
}

// Name is that of the target.
func (g *Grants) Name() v1alpha1.GrantTarget { return v1alpha1.TargetAWS }

// Takes says whether the dataset is one of objects that nothing else hands out.
func (g *Grants) Takes(d grant.Dataset) bool { return g.takes(d.Objects) }

func (g *Grants) takes(o *grant.Objects) bool {
	return o != nil && (g.opts.HandedOut == "" || o.Bucket != g.opts.HandedOut)
}

// Expiry is by AWS's own clock: the window is in the policy.
func (g *Grants) Expiry() v1alpha1.ExpiryEnforcement { return v1alpha1.ExpiryEnforcementPoint }

// RevocationActsWithin is as long as IAM may take to tell every part of AWS of a change. AWS states no bound; it is minutes at most.
func (g *Grants) RevocationActsWithin() time.Duration { return 5 * time.Minute }

// Fits compiles and packs, and changes nothing.
func (g *Grants) Fits(access target.Access) error {
	for _, user := range slices.Sorted(maps.Keys(access)) {
		if _, err := g.compile(user, access[user]); err != nil {
			return err
		}
	}
	return nil
}

// compile takes what one person is granted of objects apart, and makes sure that the role has room for it.
func (g *Grants) compile(user string, atoms []grant.Atom) ([]policy.Piece, error) {
	objects := slices.DeleteFunc(slices.Clone(atoms), func(a grant.Atom) bool { return !g.takes(a.Selector.Objects) })
	pieces, err := policy.Compile(objects)
	if err == nil {
		_, err = g.language.Pack(pieces, len(g.opts.key()))
	}
	if err != nil {
		return nil, fmt.Errorf("what %s is granted in all: %w", user, err)
	}
	return pieces, nil
}

// Sync writes those policies of each person's role that are other ones than before. A person's failure does not hold up the others.
func (g *Grants) Sync(ctx context.Context, access target.Access) error {
	var failed []error
	for _, user := range slices.Sorted(maps.Keys(access)) {
		pieces, err := g.compile(user, access[user])
		if err == nil {
			err = g.sync(ctx, user, pieces)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

func (g *Grants) sync(ctx context.Context, user string, want []policy.Piece) error {
	name := g.opts.Name(user)
	lock, _ := g.busy.LoadOrStore(name, &sync.Mutex{})
	lock.(*sync.Mutex).Lock() //nolint:forcetypeassert // nothing else is stored
	defer lock.(*sync.Mutex).Unlock()
	live, known := g.last(name)
	if !known {
		there, err := g.there(ctx, name)
		if err != nil {
			return err
		}
		if !there && len(want) == 0 {
			return nil
		}
		if err := g.ensure(ctx, name, person.ServiceAccount(user)); err != nil {
			return err
		}
		if live, err = g.live(ctx, name); err != nil {
			return err
		}
	}
	steps, err := g.language.Change(live, want, len(g.opts.key()))
	if err != nil {
		return fmt.Errorf("changing the grants of role %s: %w", name, err)
	}
	for _, step := range steps {
		before := live.Layout[step.Slot]
		err := g.write(ctx, name, step, len(before) > 0 || live.Doubtful[step.Slot])
		live.Layout[step.Slot], live.Doubtful[step.Slot] = step.Pieces, false
		if err != nil {
			// It may have been written all the same.
			live.Layout[step.Slot], live.Doubtful[step.Slot] = slices.Concat(before, step.Pieces), true
		}
		g.note(name, live)
		if err != nil {
			return err
		}
	}
	g.note(name, live)
	return nil
}

func (g *Grants) note(name string, live policy.Live) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known[name] = live
}

func (g *Grants) last(name string) (policy.Live, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	live, known := g.known[name]
	return live, known
}

// Forget has the next Sync of a person look at IAM again.
func (g *Grants) Forget(user string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.known, g.opts.Name(user))
}
