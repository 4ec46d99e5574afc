package credentials

import (
	"context"
	"time"

	"k8s.io/utils/clock"

	"github.com/atoll-platform/atoll/operator/target/aws/lease"
)

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
}

// Role is a lease to be taken on.
type Role struct {
	RoleARN string `json:"RoleArn"`
	// Until is when another one is to be asked for.
	Until time.Time
}

// Trace implements Given.
func (r *Role) Trace() []any { return []any{"role", r.RoleARN, "until", r.Until} }

// Give implements Giver.
func (a *Assumed) Give(ctx context.Context, slug string) (Given, error) {
	open, ok, err := a.Leases.Open(ctx, slug, a.Clock.Now().UTC())
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrNothingGranted
	}
	return &Role{RoleARN: open.RoleARN, Until: open.Until}, nil
}
