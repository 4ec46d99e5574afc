package lease

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
	"github.com/atoll-platform/atoll/operator/target/aws/role"
)

// Service hands out data to roles. Permissions with the same value are the same.
type Service[P comparable] interface {
	// Name is that of the target.
	Name() v1alpha1.GrantTarget
	// Takes says whether it hands out data of the dataset, and Mine whether the atom is of such data.
	Takes(grant.Dataset) bool
	Mine(grant.Atom) bool
	Gate() Gate
	// Compile says in the service's words what atoms of its data allow. It is an error where it has no words for it or no room.
	Compile([]grant.Atom) ([]P, error)
	// Atoms is the other way round, without subject and window. It is an error where a permission says what no grant can.
	Atoms(P) ([]grant.Atom, error)
	// Shares says whether there is anything that both permissions allow.
	Shares(a, b P) bool
	// Give gives a role permissions, and Take takes them. What is there, or gone, already is no error. Done are those of which that is
	// certain, also where others failed.
	Give(ctx context.Context, roleARN string, permissions []P) (done []P, err error)
	Take(ctx context.Context, roleARN string, permissions []P) (done []P, err error)
	// Held lists what roles have; of one role alone where one is named. Reads may be older than writes.
	Held(ctx context.Context, roleARN string) ([]Held[P], error)
}

// Held is a permission that somebody has.
type Held[P comparable] struct {
	// Principal by its ARN, or another name of the service.
	Principal  string
	Permission P
	// Problem says why the permission could not be read; it is in the service's own words then.
	Problem string
}

// People makes the roles of people, which take leases on.
type People interface {
	// Ensure makes the role of a person where it is not there, and says its ARN.
	Ensure(ctx context.Context, user string) (arn string, err error)
}

// Grants enforces grants of data that a service hands out.
type Grants[P comparable] struct {
	Service[P]
	people People
	client client
	// mu guards known, what each person's leases were last written with. What is read from AWS may be older than that.
	mu    sync.Mutex
	known map[string]state[P]
	// busy holds a lock for each person, so that two changes follow each other.
	busy sync.Map
}

// New returns the target. It calls nothing yet.
func New[P comparable](config aws.Config, opts role.Options, people People, service Service[P]) (*Grants[P], error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	return &Grants[P]{
		Service: service, people: people, known: map[string]state[P]{},
		client: client{roles: roles{opts: opts, gate: service.Gate()}, iam: iam.NewFromConfig(config)},
	}, nil
}

// Expiry is by credentials: none is handed out that lives longer than the grant.
func (g *Grants[P]) Expiry() v1alpha1.ExpiryEnforcement { return v1alpha1.ExpiryCredential }

// RevocationActsWithin is as long as credentials live that were handed out before it, and until all of AWS has heard of it.
func (g *Grants[P]) RevocationActsWithin() time.Duration { return Life + 5*time.Minute }

// Fits plans, and changes nothing.
func (g *Grants[P]) Fits(access target.Access) error {
	for _, user := range slices.Sorted(maps.Keys(access)) {
		if _, err := g.Plan(user, access[user]); err != nil {
			return err
		}
	}
	return nil
}

// Plan lists the leases of a person.
func (g *Grants[P]) Plan(user string, atoms []grant.Atom) ([]Lease[P], error) {
	mine := slices.DeleteFunc(slices.Clone(atoms), func(a grant.Atom) bool { return !g.Mine(a) })
	leases, err := Plan(mine, g.Compile)
	if err != nil {
		return nil, fmt.Errorf("what %s is granted in all: %w", user, err)
	}
	return leases, nil
}

// ARN is that of the role of a person's lease.
func (g *Grants[P]) ARN(user string, w grant.Window) string {
	slug := person.Slug(user)
	return g.client.arn(slug, g.client.name(slug, w))
}

// Sync writes what has changed of each person's leases. A person's failure does not hold up the others.
func (g *Grants[P]) Sync(ctx context.Context, access target.Access) error {
	var failed []error
	for _, user := range slices.Sorted(maps.Keys(access)) {
		leases, err := g.Plan(user, access[user])
		if err == nil {
			err = g.sync(ctx, user, person.Slug(user), leases)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

func (g *Grants[P]) sync(ctx context.Context, user, slug string, leases []Lease[P]) error {
	lock, _ := g.busy.LoadOrStore(slug, &sync.Mutex{})
	lock.(*sync.Mutex).Lock() //nolint:forcetypeassert // nothing else is stored
	defer lock.(*sync.Mutex).Unlock()
	g.mu.Lock()
	have, known := g.known[slug]
	g.mu.Unlock()
	if !known {
		var err error
		if have, err = g.read(ctx, slug); err != nil {
			return err
		}
	}
	c := change[P]{service: g.Service, people: g.people, client: g.client, user: user, slug: slug, have: have, want: g.wanted(slug, leases)}
	err := c.run(ctx)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known[slug] = have
	return err
}

// wanted are the leases by the names of their roles.
func (g *Grants[P]) wanted(slug string, leases []Lease[P]) map[string]Lease[P] {
	all := map[string]Lease[P]{}
	for _, l := range leases {
		all[g.client.name(slug, l.Window)] = l
	}
	return all
}

// read is what a person's leases have, as far as AWS shows it.
func (g *Grants[P]) read(ctx context.Context, slug string) (state[P], error) {
	have := state[P]{}
	list, err := g.client.list(ctx, g.client.pathOf(slug))
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		name := aws.ToString(r.RoleName)
		l := &live[P]{has: map[P]bool{}}
		document, err := g.client.inline(ctx, name, gateName)
		if err != nil {
			return nil, err
		}
		l.window, l.open = g.client.gate.window(document)
		held, err := g.Held(ctx, aws.ToString(r.Arn))
		if err != nil {
			return nil, err
		}
		for _, h := range held {
			if h.Problem == "" {
				l.has[h.Permission] = true
			}
		}
		have[name] = l
	}
	return have, nil
}

// Forget has the next Sync of a person look at AWS again.
func (g *Grants[P]) Forget(user string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.known, person.Slug(user))
}
