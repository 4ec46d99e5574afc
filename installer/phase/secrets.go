package phase

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/progress"
)

// Names of Secrets that people are told about.
const (
	peopleSecret = "keycloak-people"
	adminSecret  = "keycloak-admin"
	// objectStoreRoot is the account that manages the object store's others.
	objectStoreRoot = "objectstore-root"
	// backupKey is what the passwords of backups derive from.
	backupKey = "backup-key"
)

// secret is a Secret that must have certain keys.
type secret struct {
	namespace, name string
	keys            map[string]func() []byte
}

// secrets generates what is missing. A key that exists is never written again, and no value leaves
// this step but to the cluster.
func secrets(ctx context.Context, s *State, step *progress.Step) (string, error) {
	wanted, err := s.wantedSecrets(ctx)
	if err != nil {
		return "", err
	}
	generated, present := 0, 0
	for _, w := range wanted {
		step.Doing("Secret " + w.namespace + "/" + w.name)
		added, err := s.ensureSecret(ctx, w)
		if err != nil {
			return "", err
		}
		if added > 0 {
			generated++
			s.Result.Changed = true
			continue
		}
		present++
	}
	for _, name := range s.shared() {
		step.Doing("Secret " + name)
		changed, err := s.share(ctx, name)
		if err != nil {
			return "", err
		}
		s.Result.Changed = s.Result.Changed || changed
	}
	return fmt.Sprintf("%d generated, %d kept", generated, present), nil
}

func (s *State) wantedSecrets(ctx context.Context) ([]secret, error) {
	application, system, data := component.Namespace("application"), component.Namespace("system"), component.Namespace("data")
	list := []secret{
		{application, "hub-secrets", map[string]func() []byte{"cookie-secret": key, "proxy-auth-token": key, "crypt-key": key}},
		{data, objectStoreRoot, map[string]func() []byte{"access-key": password, "secret-key": key}},
		// It stays with the data: without it no backup can be read.
		{data, backupKey, map[string]func() []byte{"key": key}},
	}
	for _, role := range s.databaseRoles() {
		username := func() []byte { return []byte(role) }
		list = append(list, secret{data, databaseSecret(role), map[string]func() []byte{"username": username, "password": password}})
	}
	if component.Airflow(s.Platform.Spec) {
		list = append(list, airflowSecrets()...)
	}
	trino, err := s.trinoSecrets(ctx)
	if err != nil {
		return nil, err
	}
	list = append(list, trino...)
	if s.Platform.Spec.Identity.Issuer != "" {
		return list, s.requireClientSecret(ctx, application)
	}
	client, err := s.clientSecret(ctx, application, system)
	if err != nil {
		return nil, err
	}
	people := map[string]func() []byte{}
	for _, p := range s.Platform.Spec.Identity.People {
		people[p.Name] = password
	}
	oidc := map[string]func() []byte{component.OIDCSecretKey: func() []byte { return client }}
	return append(list,
		secret{application, component.OIDCSecret, oidc},
		secret{system, component.OIDCSecret, oidc},
		secret{system, adminSecret, map[string]func() []byte{"username": func() []byte { return []byte("atoll-admin") }, "password": password}},
		secret{system, peopleSecret, people},
	), nil
}

// requireClientSecret insists on the client's secret at a provider that is not the platform's own:
// only that provider can make it.
func (s *State) requireClientSecret(ctx context.Context, namespace string) error {
	value, err := s.readKey(ctx, namespace, component.OIDCSecret, component.OIDCSecretKey)
	if err != nil {
		return err
	}
	if len(value) == 0 {
		return fmt.Errorf("reading key %s of Secret %s/%s: it is not there, and only your provider %s knows the secret of its client %s; "+
			"put it there and run bootstrap again: kubectl -n %s create secret generic %s --from-file=%s=/dev/stdin",
			component.OIDCSecretKey, namespace, component.OIDCSecret, s.Platform.Spec.Identity.Issuer, s.Platform.Spec.Identity.ClientID,
			namespace, component.OIDCSecret, component.OIDCSecretKey)
	}
	return nil
}

// clientSecret is the one that hub and Keycloak share: what either has already, or a new one.
func (s *State) clientSecret(ctx context.Context, application, system string) ([]byte, error) {
	hub, err := s.readKey(ctx, application, component.OIDCSecret, component.OIDCSecretKey)
	if err != nil {
		return nil, err
	}
	keycloak, err := s.readKey(ctx, system, component.OIDCSecret, component.OIDCSecretKey)
	switch {
	case err != nil:
		return nil, err
	case len(hub) > 0 && len(keycloak) > 0 && !bytes.Equal(hub, keycloak):
		return nil, fmt.Errorf("comparing Secret %s of namespaces %s and %s: they differ, so nobody could sign in; delete the wrong one and run bootstrap again",
			component.OIDCSecret, application, system)
	case len(hub) > 0:
		return hub, nil
	case len(keycloak) > 0:
		return keycloak, nil
	}
	return key(), nil
}

func (s *State) readKey(ctx context.Context, namespace, name, key string) ([]byte, error) {
	live, err := s.Cluster.Typed.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Secret %s/%s: %w", namespace, name, err)
	}
	return live.Data[key], nil
}

// ensureSecret adds the keys that are missing and returns how many. An update carries the version
// that was read, so that a key written meanwhile is not overwritten either.
func (s *State) ensureSecret(ctx context.Context, w secret) (int, error) {
	api := s.Cluster.Typed.CoreV1().Secrets(w.namespace)
	live, err := api.Get(ctx, w.name, metav1.GetOptions{})
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return 0, fmt.Errorf("reading Secret %s/%s: %w", w.namespace, w.name, err)
	}
	if missing {
		live = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Namespace: w.namespace,
			Name:      w.name,
			Labels:    map[string]string{partOfLabel: partOf, managedByLabel: managedBy},
		}}
	}
	added := 0
	for name, generate := range w.keys {
		if len(live.Data[name]) > 0 {
			continue
		}
		if live.Data == nil {
			live.Data = map[string][]byte{}
		}
		live.Data[name] = generate()
		added++
	}
	switch {
	case missing:
		_, err = api.Create(ctx, live, metav1.CreateOptions{FieldManager: cluster.FieldManager})
		added = max(added, 1)
	case added > 0:
		_, err = api.Update(ctx, live, metav1.UpdateOptions{FieldManager: cluster.FieldManager})
	}
	if err != nil {
		return 0, fmt.Errorf("writing Secret %s/%s: %w", w.namespace, w.name, err)
	}
	return added, nil
}

// key is 32 random bytes in hexadecimal.
func key() []byte {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // it never fails: crypto/rand ends the program instead
	return []byte(hex.EncodeToString(raw))
}

// password is one that a person can type, of more than 128 random bits.
func password() []byte { return []byte(rand.Text()) }
