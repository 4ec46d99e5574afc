// Package runstore keeps the account of the object store by which notebooks of runs are read and kept. It opens nothing else.
package runstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

const (
	// Name is that of the account, and of the Secret with its key.
	Name = "atoll-runs"

	keyAccess, keySecret = "access-key", "secret-key"
	// fresh is for how long a key that was read is used without another look.
	fresh = time.Minute
)

// Store makes buckets and accounts.
type Store interface {
	EnsureBucket(ctx context.Context, name string) error
	EnsureUser(ctx context.Context, name, policy string) error
	HasKey(ctx context.Context, user, id string) (bool, error)
	NewKey(ctx context.Context, user string) (id, secret string, err error)
}

// Account is kept in a Secret, so that all replicas sign with the same key and what they signed outlives them.
type Account struct {
	Store Store
	// Client reads and writes the Secret, uncached.
	Client            client.Client
	Namespace, Bucket string
	Clock             clock.PassiveClock

	mu    sync.Mutex
	known aws.Credentials
	read  time.Time
}

// Ensure makes the bucket and the account where they are missing, and gives the account a key where the kept one is none of
// its keys any more. One replica at a time may do so.
func (a *Account) Ensure(ctx context.Context) error {
	if err := a.Store.EnsureBucket(ctx, a.Bucket); err != nil {
		return err
	}
	if err := a.Store.EnsureUser(ctx, Name, objectstore.Runs(a.Bucket)); err != nil {
		return err
	}
	secret, err := a.secret(ctx)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return err
	}
	if id := string(secret.Data[keyAccess]); id != "" {
		if ok, err := a.Store.HasKey(ctx, Name, id); err != nil || ok {
			return err
		}
	}
	id, key, err := a.Store.NewKey(ctx, Name)
	if err != nil {
		return err
	}
	secret.Data = map[string][]byte{keyAccess: []byte(id), keySecret: []byte(key)}
	if missing {
		secret.ObjectMeta = metav1.ObjectMeta{Namespace: a.Namespace, Name: Name, Labels: map[string]string{"app.kubernetes.io/part-of": "atoll"}}
		err = a.Client.Create(ctx, secret)
	} else {
		err = a.Client.Update(ctx, secret)
	}
	if err != nil {
		return fmt.Errorf("writing Secret %s/%s: %w", a.Namespace, Name, err)
	}
	return nil
}

// Retrieve is the account's key, as AWS' signers ask for it.
func (a *Account) Retrieve(ctx context.Context) (aws.Credentials, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known.HasKeys() && a.Clock.Since(a.read) < fresh {
		return a.known, nil
	}
	secret, err := a.secret(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	a.known = aws.Credentials{AccessKeyID: string(secret.Data[keyAccess]), SecretAccessKey: string(secret.Data[keySecret])}
	a.read = a.Clock.Now()
	if !a.known.HasKeys() {
		return aws.Credentials{}, fmt.Errorf("reading Secret %s/%s: it has no %s and %s yet", a.Namespace, Name, keyAccess, keySecret)
	}
	return a.known, nil
}

func (a *Account) secret(ctx context.Context) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	if err := a.Client.Get(ctx, client.ObjectKey{Namespace: a.Namespace, Name: Name}, secret); err != nil {
		return secret, fmt.Errorf("reading Secret %s/%s: %w", a.Namespace, Name, err)
	}
	return secret, nil
}
