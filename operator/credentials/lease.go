package credentials

import (
	"context"
	"fmt"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// Policies are those of the object store's accounts.
type Policies interface {
	// Policies are all policies of an account by name; none where there is no such account.
	Policies(ctx context.Context, account string) (map[string]string, error)
}

// PolicyLease reads what is granted where it is enforced: in the policies of the person's account. So what nobody compiled yet
// gives no credentials, and what was taken away gives none any more, whatever the operator believes.
type PolicyLease struct {
	Accounts Policies
}

// Until implements Lease.
func (l PolicyLease) Until(ctx context.Context, account string, at time.Time) (time.Time, error) {
	policies, err := l.Accounts.Policies(ctx, account)
	if err != nil {
		return time.Time{}, err
	}
	var first time.Time
	for name, policy := range policies {
		atoms, err := objectstore.Import(policy, grant.Subject{})
		if err != nil {
			return time.Time{}, fmt.Errorf("reading policy %s of account %s: %w", name, account, err)
		}
		for _, a := range atoms {
			if a.Window.Holds(at) && (first.IsZero() || a.Window.Until.Before(first)) {
				first = a.Window.Until
			}
		}
	}
	if first.IsZero() {
		return time.Time{}, ErrNothingGranted
	}
	return first, nil
}
