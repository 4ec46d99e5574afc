package credentials

import (
	"context"
	"errors"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"

	"github.com/atoll-platform/atoll/internal/grant"
)

// ErrKeyGone says that a key is not one of the account's any more.
var ErrKeyGone = errors.New("the key is gone: it was taken back, or is as old as keys may get; ask for another one")

// Lender lends keys to those who give them back: they ask by an object of their own, from outside of the cluster. An account takes two keys, so
// what is lent is the newest key of the account, which pods may have as well. One that no pod has ends when the last who borrowed it
// has given it back.
type Lender struct {
	Lease PolicyLease
	Keys  *Keys
	Clock clock.PassiveClock
}

// Loan is a key, and until when it may be used.
type Loan struct {
	ID, Secret string
	Until      time.Time
}

// Lend lends a key of an account for a life at the most, and for no longer than something is granted of the objects, of any where there are none. The
// error is ErrNothingGranted where nothing is.
func (l *Lender) Lend(ctx context.Context, account string, where *grant.Objects, life time.Duration) (Loan, error) {
	now := l.Clock.Now()
	granted, err := l.Lease.UntilIn(ctx, account, where, now)
	if err != nil {
		return Loan{}, err
	}
	key, err := l.Keys.current(ctx, account, true)
	if err != nil {
		return Loan{}, err
	}
	return Loan{ID: key.ID, Secret: key.Secret, Until: earliest(now.Add(life), granted, key.ends())}, nil
}

// Extend lends a key for another life, counted from now. The error is ErrNothingGranted or ErrKeyGone where it cannot be.
func (l *Lender) Extend(ctx context.Context, account, id string, where *grant.Objects, life time.Duration) (time.Time, error) {
	now := l.Clock.Now()
	granted, err := l.Lease.UntilIn(ctx, account, where, now)
	if err != nil {
		return time.Time{}, err
	}
	key, err := l.Keys.find(ctx, account, id)
	if err != nil {
		return time.Time{}, err
	}
	if key == nil || !now.Before(key.ends()) {
		return time.Time{}, ErrKeyGone
	}
	return earliest(now.Add(life), granted, key.ends()), nil
}

// TakeBack ends a key, unless a pod has it too, and says whether it is gone. Who calls it knows that nobody else has borrowed it.
func (l *Lender) TakeBack(ctx context.Context, account, id string) (gone bool, err error) {
	return l.Keys.take(ctx, account, id)
}

func earliest(times ...time.Time) time.Time {
	first := times[0]
	for _, t := range times[1:] {
		if t.Before(first) {
			first = t
		}
	}
	return first.Truncate(time.Second).UTC()
}

// take ends a key that was lent, unless a pod has it too, and says whether it is gone. One that is gone already is no error.
func (k *Keys) take(ctx context.Context, account, id string) (gone bool, err error) {
	err = k.change(ctx, SecretName(account), func(secret *corev1.Secret) (bool, error) {
		kept, err := read(secret, account)
		if err != nil {
			return false, err
		}
		switch {
		case kept.Current.ID == id && kept.Current.Lent:
			kept.Current = Key{}
		case kept.Previous != nil && kept.Previous.ID == id && kept.Previous.Lent:
			kept.Previous = nil
		default:
			gone = kept.Current.ID != id && (kept.Previous == nil || kept.Previous.ID != id)
			return false, nil
		}
		gone = true
		return true, write(secret, account, kept)
	})
	if err != nil || !gone {
		return false, err
	}
	// Nobody is given it any more, and so it can go.
	return true, k.Accounts.RemoveKey(ctx, account, id)
}

// find is a key of an account that was handed out, nil where it is gone.
func (k *Keys) find(ctx context.Context, account, id string) (*Key, error) {
	var found *Key
	err := k.change(ctx, SecretName(account), func(secret *corev1.Secret) (bool, error) {
		kept, err := read(secret, account)
		switch {
		case err != nil:
			return false, err
		case kept.Current.ID == id:
			found = &kept.Current
		case kept.Previous != nil && kept.Previous.ID == id:
			found = kept.Previous
		}
		return false, nil
	})
	return found, err
}
