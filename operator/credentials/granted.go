package credentials

import (
	"context"
	"fmt"
	"strings"
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
	return l.UntilIn(ctx, account, nil, at)
}

// UntilIn is Until of what is granted of some objects, of any where there are none.
func (l PolicyLease) UntilIn(ctx context.Context, account string, where *grant.Objects, at time.Time) (time.Time, error) {
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
			if meets(a.Selector.Objects, where) && a.Window.Holds(at) && (first.IsZero() || a.Window.Until.Before(first)) {
				first = a.Window.Until
			}
		}
	}
	if first.IsZero() {
		return time.Time{}, ErrNothingGranted
	}
	return first, nil
}

// meets says whether some objects are among others.
func meets(a, b *grant.Objects) bool {
	if a == nil || b == nil {
		return b == nil
	}
	return (a.Bucket == b.Bucket || a.Bucket == "*") && (strings.HasPrefix(a.Prefix, b.Prefix) || strings.HasPrefix(b.Prefix, a.Prefix))
}
