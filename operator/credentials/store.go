package credentials

import (
	"context"
	"time"

	"k8s.io/utils/clock"
)

// Path is where keys of the object store are asked for.
const Path = "/v1/credentials"

// Lease tells until when something is granted at the least: the earliest end among the windows that are open at a time. The
// error is ErrNothingGranted where none is.
type Lease interface {
	Until(ctx context.Context, account string, at time.Time) (time.Time, error)
}

// Store gives keys of the object store: those of the one account that is the person's.
type Store struct {
	Lease Lease
	Keys  *Keys
	// Account names the account of a person.
	Account func(slug string) string
	Clock   clock.PassiveClock
}

// Answer is what an SDK takes from a process that provides credentials: credential_process of AWS' configuration.
type Answer struct {
	Version         int
	AccessKeyID     string    `json:"AccessKeyId"`
	SecretAccessKey string    `json:"SecretAccessKey"`
	Expiration      time.Time `json:"Expiration"`
}

// Trace implements Given.
func (a *Answer) Trace() []any { return []any{"key", a.AccessKeyID, "until", a.Expiration} }

// Give implements Giver.
func (s *Store) Give(ctx context.Context, slug string) (Given, error) {
	account, now := s.Account(slug), s.Clock.Now().UTC()
	granted, err := s.Lease.Until(ctx, account, now)
	if err != nil {
		return nil, err
	}
	key, err := s.Keys.Current(ctx, account)
	if err != nil {
		return nil, err
	}
	return &Answer{Version: 1, AccessKeyID: key.ID, SecretAccessKey: key.Secret, Expiration: earliest(now.Add(Life), granted, key.ends())}, nil
}
