package phase

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
)

// shared are the Secrets of the data subcluster, where they outlive the platform with the data, of which those who use
// them in the directory subcluster get a copy.
func (s *State) shared() []string {
	names := []string{objectStoreRoot, backupKey}
	for _, role := range s.databaseRoles() {
		names = append(names, databaseSecret(role))
	}
	return names
}

// share keeps the copy of a Secret like the original, and says whether it wrote.
func (s *State) share(ctx context.Context, name string) (bool, error) {
	from, to := component.Namespace("data"), component.Namespace("directory")
	original, err := s.Cluster.Typed.CoreV1().Secrets(from).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return false, fmt.Errorf("reading Secret %s/%s: %w", from, name, err)
	}
	api := s.Cluster.Typed.CoreV1().Secrets(to)
	mine, err := api.Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		_, err = api.Create(ctx, &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: to,
				Name:      name,
				Labels:    map[string]string{partOfLabel: partOf, managedByLabel: managedBy},
			},
			Data: original.Data,
		}, metav1.CreateOptions{FieldManager: cluster.FieldManager})
	case err != nil:
		return false, fmt.Errorf("reading Secret %s/%s: %w", to, name, err)
	case maps.EqualFunc(mine.Data, original.Data, func(a, b []byte) bool { return string(a) == string(b) }):
		return false, nil
	default:
		mine.Data = original.Data
		_, err = api.Update(ctx, mine, metav1.UpdateOptions{FieldManager: cluster.FieldManager})
	}
	if err != nil {
		return false, fmt.Errorf("writing Secret %s/%s: %w", to, name, err)
	}
	return true, nil
}
