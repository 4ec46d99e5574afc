package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// Secrets is how many Secrets hold the keys of all people: each is read and written by its name alone.
	Secrets = 16
	// A key is handed out for fresh, and is good for Life after that.
	fresh = time.Hour
	// claimed is how long an operator may take to replace a key.
	claimed = 15 * time.Second
)

// Accounts are those of the object store, of which each has two keys at most.
type Accounts interface {
	// KeyIDs lists the keys of an account.
	KeyIDs(ctx context.Context, account string) ([]string, error)
	AddKey(ctx context.Context, account string) (id, secret string, err error)
	// RemoveKey takes a key away; one that is gone already is no error.
	RemoveKey(ctx context.Context, account, id string) error
}

// Key of an account.
type Key struct {
	ID     string    `json:"id"`
	Secret string    `json:"secret"`
	Made   time.Time `json:"made"`
	// Lent says that no pod has it: only those who give it back, see Lender.
	Lent bool `json:"lent,omitempty"`
}

func (k Key) ends() time.Time { return k.Made.Add(fresh + Life) }

// pair are the keys of an account: the one that is handed out, and the one before, which pods may still use.
type pair struct {
	Current  Key  `json:"current"`
	Previous *Key `json:"previous,omitempty"`
	// Claimed is the time until which one operator alone may replace them.
	Claimed time.Time `json:"claimed,omitzero"`
}

// errClaimed says that another operator is replacing a key.
var errClaimed = errors.New("another operator is making a key for the account")

// Keys keeps the keys of people's accounts: an account takes two, so all pods of a person share the newest. It is kept in Secrets,
// so that a new operator does not take away what pods hold.
type Keys struct {
	Accounts Accounts
	// Client reads and writes the Secrets, uncached.
	Client    client.Client
	Namespace string
	Clock     clock.PassiveClock
}

// SecretName is that of the Secret with an account's keys, one of Secrets.
func SecretName(account string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(account)) // it never fails
	return nameOf(h.Sum32() % Secrets)
}

func nameOf(shard uint32) string { return fmt.Sprintf("person-keys-%d", shard) }

// Current is the key to hand out to a pod, which is good for Life and more. It makes one where there is none, and once an hour.
func (k *Keys) Current(ctx context.Context, account string) (Key, error) {
	return k.current(ctx, account, false)
}

// current is the key to hand out, lent to somebody who gives it back or not.
func (k *Keys) current(ctx context.Context, account string, lent bool) (Key, error) {
	var key Key
	busy := func(err error) bool { return errors.Is(err, errClaimed) }
	err := retry.OnError(wait.Backoff{Steps: 60, Duration: claimed / 50}, busy, func() error {
		kept, live, claim, err := k.claim(ctx, account, lent)
		if err != nil || !claim {
			key = kept.Current
			return err
		}
		next, err := k.replace(ctx, account, kept, live)
		if err != nil {
			return err
		}
		next.Current.Lent = lent
		key = next.Current
		return k.change(ctx, SecretName(account), func(secret *corev1.Secret) (bool, error) {
			return true, write(secret, account, next)
		})
	})
	return key, err
}

// claim returns the keys of an account as they are kept, and those that it has. Where the current one is not to be handed out any more it also takes
// the right to replace it, which no two operators have at once.
func (k *Keys) claim(ctx context.Context, account string, lent bool) (kept pair, live []string, claim bool, err error) {
	err = k.change(ctx, SecretName(account), func(secret *corev1.Secret) (bool, error) {
		if kept, err = read(secret, account); err != nil {
			return false, err
		}
		// Asked after the Secret was read, so that what another operator made since is no surprise.
		if live, err = k.Accounts.KeyIDs(ctx, account); err != nil {
			return false, err
		}
		now := k.Clock.Now()
		claim = !slices.Contains(live, kept.Current.ID) || !now.Before(kept.Current.Made.Add(fresh))
		if !claim && kept.Current.Lent && !lent {
			kept.Current.Lent = false
			return true, write(secret, account, kept)
		}
		if !claim {
			return false, nil
		}
		if now.Before(kept.Claimed) {
			return false, errClaimed
		}
		taken := kept
		taken.Claimed = now.Add(claimed)
		return true, write(secret, account, taken)
	})
	return kept, live, claim, err
}

// replace makes a new key, after those are gone that nobody has any more.
func (k *Keys) replace(ctx context.Context, account string, kept pair, live []string) (pair, error) {
	now := k.Clock.Now()
	var next pair
	good := func(key Key) bool { return slices.Contains(live, key.ID) && now.Before(key.ends()) }
	switch {
	case good(kept.Current):
		next.Previous = &Key{ID: kept.Current.ID, Made: kept.Current.Made, Lent: kept.Current.Lent}
	case kept.Previous != nil && good(*kept.Previous):
		// The one after it was lent and has been given back.
		next.Previous = kept.Previous
	}
	for _, id := range live {
		if next.Previous != nil && id == next.Previous.ID {
			continue
		}
		if err := k.Accounts.RemoveKey(ctx, account, id); err != nil {
			return pair{}, err
		}
	}
	id, secret, err := k.Accounts.AddKey(ctx, account)
	if err != nil {
		return pair{}, err
	}
	next.Current = Key{ID: id, Secret: secret, Made: now.UTC()}
	return next, nil
}

// Sweep takes away the keys that nobody may use any more.
func (k *Keys) Sweep(ctx context.Context) error {
	var problems []error
	for shard := range uint32(Secrets) {
		problems = append(problems, k.sweep(ctx, nameOf(shard)))
	}
	return errors.Join(problems...)
}

func (k *Keys) sweep(ctx context.Context, name string) error {
	return k.change(ctx, name, func(secret *corev1.Secret) (bool, error) {
		changed := false
		for account := range secret.Data {
			kept, err := read(secret, account)
			if err != nil {
				return false, err
			}
			now := k.Clock.Now()
			if now.Before(kept.Claimed) {
				continue
			}
			spent := func(key Key) bool { return !now.Before(key.ends()) }
			if old := kept.Previous; old != nil && spent(*old) {
				if err := k.Accounts.RemoveKey(ctx, account, old.ID); err != nil {
					return false, err
				}
				kept.Previous, changed = nil, true
			}
			if spent(kept.Current) {
				// There is none where an operator ended between its claim and its key.
				if id := kept.Current.ID; id != "" {
					if err := k.Accounts.RemoveKey(ctx, account, id); err != nil {
						return false, err
					}
					changed = true
				}
				kept.Current = Key{}
			}
			if kept.Current.ID == "" && kept.Previous == nil {
				delete(secret.Data, account)
				changed = true
				continue
			}
			if err := write(secret, account, kept); err != nil {
				return false, err
			}
		}
		return changed, nil
	})
}

// change reads a Secret, lets edit change it, and writes it back if edit says so. Where another operator was faster it begins again.
func (k *Keys) change(ctx context.Context, name string, edit func(*corev1.Secret) (changed bool, err error)) error {
	lost := func(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }
	return retry.OnError(retry.DefaultBackoff, lost, func() error {
		secret := &corev1.Secret{}
		err := k.Client.Get(ctx, client.ObjectKey{Namespace: k.Namespace, Name: name}, secret)
		missing := apierrors.IsNotFound(err)
		if err != nil && !missing {
			return fmt.Errorf("reading Secret %s/%s: %w", k.Namespace, name, err)
		}
		if secret.Data == nil {
			secret.Data = map[string][]byte{}
		}
		changed, err := edit(secret)
		if err != nil || !changed {
			return err
		}
		if missing {
			secret.ObjectMeta = metav1.ObjectMeta{Namespace: k.Namespace, Name: name, Labels: map[string]string{"app.kubernetes.io/part-of": "atoll"}}
			err = k.Client.Create(ctx, secret)
		} else {
			err = k.Client.Update(ctx, secret)
		}
		if err != nil {
			return fmt.Errorf("writing Secret %s/%s: %w", k.Namespace, name, err)
		}
		return nil
	})
}

// read returns what is kept of an account, nothing where it is not there.
func read(secret *corev1.Secret, account string) (pair, error) {
	var p pair
	raw, ok := secret.Data[account]
	if !ok {
		return p, nil
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return p, fmt.Errorf("reading the keys of %s in Secret %s/%s: %w", account, secret.Namespace, secret.Name, err)
	}
	return p, nil
}

func write(secret *corev1.Secret, account string, p pair) error {
	raw, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encoding the keys of %s: %w", account, err)
	}
	secret.Data[account] = raw
	return nil
}
