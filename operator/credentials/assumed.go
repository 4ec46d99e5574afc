package credentials

import (
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/atoll-platform/atoll/operator/target/aws/lease"
)

// again is how long an answer is given again: a program that asks without end must not use up what AWS lets the operator ask.
const again = 5 * time.Second

// LeasePath is where the lease of a kind is asked for, such as tables.
func LeasePath(kind string) string { return "/v1/leases/" + kind }

// Leases are those of a service of AWS.
type Leases interface {
	// Kind names them.
	Kind() string
	// Open is the one of a person that has all they are granted at a time; false where none is open.
	Open(ctx context.Context, slug string, at time.Time) (lease.Open, bool, error)
}

// Assumed names the lease that the person's own role is to take on. It gives no credentials: AWS gives them to nobody but that role.
type Assumed struct {
	Leases Leases
	Clock  clock.PassiveClock
	// answers by person.
	answers sync.Map
}

// Role is a lease to be taken on.
type Role struct {
	RoleARN string `json:"RoleArn"`
	// Until is when another one is to be asked for.
	Until time.Time
}

// Trace implements Given.
func (r *Role) Trace() []any { return []any{"role", r.RoleARN, "until", r.Until} }

// answer is the last one that a person was given.
type answer struct {
	// mu lets one request of a person ask AWS at a time.
	mu sync.Mutex
	at time.Time
	// role is nil where nothing was granted.
	role *Role
}

// Give implements Giver.
func (a *Assumed) Give(ctx context.Context, slug string) (Given, error) {
	stored, _ := a.answers.LoadOrStore(slug, &answer{})
	last := stored.(*answer) //nolint:forcetypeassert // nothing else is stored
	last.mu.Lock()
	defer last.mu.Unlock()
	now := a.Clock.Now().UTC()
	if now.Sub(last.at) >= again || last.role != nil && !now.Before(last.role.Until) {
		open, ok, err := a.Leases.Open(ctx, slug, now)
		if err != nil {
			return nil, err
		}
		last.at, last.role = now, nil
		if ok {
			last.role = &Role{RoleARN: open.RoleARN, Until: open.Until}
		}
	}
	if last.role == nil {
		return nil, ErrNothingGranted
	}
	return last.role, nil
}
