package credentials_test

import (
	"errors"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/credentials"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

func TestALeaseIsReadWhereAccessIsEnforced(t *testing.T) {
	w := newWorld(t)
	lease := credentials.PolicyLease{Accounts: w.store}
	start := w.clock.Now().UTC()
	atom := func(prefix string, from, until time.Duration) grant.Atom {
		return grant.Atom{
			Subject: grant.Subject{Kind: grant.User, Name: "ada"}, Action: grant.Read, Grant: prefix,
			Selector: grant.Selector{Objects: &grant.Objects{Bucket: "data", Prefix: prefix + "/"}},
			Window:   grant.Window{From: start.Add(from), Until: start.Add(until)},
		}
	}
	policy, err := objectstore.Compile([]grant.Atom{atom("a", 0, time.Hour), atom("b", 0, 3*time.Hour), atom("c", 2*time.Hour, 4*time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	account := objectstore.Account("ada")
	if err := w.store.SetPolicy(t.Context(), account, policy); err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Duration]time.Duration{
		-time.Second: 0, 0: time.Hour, time.Hour - time.Second: time.Hour, time.Hour: 3 * time.Hour, 2 * time.Hour: 3 * time.Hour,
		3 * time.Hour: 4 * time.Hour, 4 * time.Hour: 0,
	} {
		end, err := lease.Until(t.Context(), account, start.Add(at))
		switch {
		case want == 0 && !errors.Is(err, credentials.ErrNothingGranted):
			t.Errorf("after %s it lasts until %s, %v", at, end, err)
		case want != 0 && (err != nil || !end.Equal(start.Add(want))):
			t.Errorf("after %s it lasts until %s and not %s, %v", at, end, start.Add(want), err)
		}
	}
	if _, err := lease.Until(t.Context(), objectstore.Account("nobody"), start); !errors.Is(err, credentials.ErrNothingGranted) {
		t.Errorf("somebody without an account: %v", err)
	}
}
