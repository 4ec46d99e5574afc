package backup

import (
	"context"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/backup"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
	"github.com/atoll-platform/atoll/operator/target/objectstore"
)

// Accounts gives a workspace's namespace what opens its own copies, and nobody else's.
type Accounts interface {
	EnsureBucket(ctx context.Context, name string) error
	EnsureUser(ctx context.Context, name, policy string) error
	HasKey(ctx context.Context, user, id string) (bool, error)
	NewKey(ctx context.Context, user string) (id, secret string, err error)
}

// account makes sure that the Secret of the workspace's namespace opens its copies.
func (s *Saver) account(ctx context.Context, ws *v1alpha1.Workspace) error {
	user := "backup-" + ws.Name
	current := &corev1.Secret{}
	err := s.live.Get(ctx, client.ObjectKey{Namespace: owned.Namespace(ws), Name: backup.Secret}, current)
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("reading Secret %s/%s: %w", owned.Namespace(ws), backup.Secret, err)
	}
	key, err := os.ReadFile(s.opts.KeyFile)
	if err != nil {
		return fmt.Errorf("reading the key of backups: %w", err)
	}
	password := backup.Password(key, ws.Name)
	if id := string(current.Data[backup.KeyAccessKey]); id != "" && string(current.Data[backup.KeyPassword]) == password {
		if ok, err := s.opts.Accounts.HasKey(ctx, user, id); err == nil && ok {
			return nil
		}
	}
	bucket := s.opts.Store.Bucket(ws.Name)
	if err := s.opts.Accounts.EnsureBucket(ctx, bucket); err != nil {
		return err
	}
	if err := s.opts.Accounts.EnsureUser(ctx, user, objectstore.Bucket(bucket)); err != nil {
		return err
	}
	id, secret, err := s.opts.Accounts.NewKey(ctx, user)
	if err != nil {
		return err
	}
	desired := corev1ac.Secret(backup.Secret, owned.Namespace(ws)).
		WithLabels(owned.Labels(ws)).
		WithType(corev1.SecretTypeOpaque).
		WithData(map[string][]byte{
			backup.KeyAccessKey: []byte(id),
			backup.KeySecretKey: []byte(secret),
			backup.KeyPassword:  []byte(password),
		})
	if err := s.Apply(ctx, desired, client.FieldOwner(apply.FieldManager), client.ForceOwnership); err != nil {
		return fmt.Errorf("applying Secret %s/%s: %w", owned.Namespace(ws), backup.Secret, err)
	}
	return nil
}
