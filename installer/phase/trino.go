package phase

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/installer/component"
)

const (
	trinoTLS      = "trino-tls"
	trinoInternal = "trino-internal"
	trinoPolicy   = "trino-policy"
	// trinoAuthority is the hub's copy of the certificate that signed Trino's.
	trinoAuthority = "trino-authority"
	// certificateLife is how long Trino's certificate is good for. Who deletes its Secret gets a new one at the next bootstrap.
	certificateLife = 5 * 365 * 24 * time.Hour
)

// trinoSecrets are what coordinator, workers, decision point and operator recognise each other by; none where the platform
// does without Trino.
func (s *State) trinoSecrets(ctx context.Context) ([]secret, error) {
	if !component.Trino(s.Platform.Spec) {
		return nil, nil
	}
	directory, job := component.Namespace("directory"), component.Namespace("job")
	internal, err := s.readKey(ctx, directory, trinoInternal, "secret")
	if err != nil {
		return nil, err
	}
	if len(internal) == 0 {
		internal = key()
	}
	same := map[string]func() []byte{"secret": func() []byte { return internal }}
	issued := sync.OnceValues(func() (authority, keystore []byte) {
		return issue("trino." + directory)
	})
	authority, err := s.trinoAuthority(ctx, func() []byte { authority, _ := issued(); return authority })
	if err != nil {
		return nil, err
	}
	return []secret{
		{directory, trinoInternal, same},
		{job, trinoInternal, same},
		{directory, trinoPolicy, map[string]func() []byte{"token": key}},
		{directory, trinoTLS, map[string]func() []byte{
			"ca.crt":       func() []byte { return authority },
			"keystore.pem": func() []byte { _, keystore := issued(); return keystore },
		}},
		{component.Namespace("application"), trinoAuthority, map[string]func() []byte{"ca.crt": func() []byte { return authority }}},
	}, nil
}

// trinoAuthority is the certificate that people's pods know Trino by: the one there is, or a new one. The hub's copy of another is
// removed, so that it is made anew.
func (s *State) trinoAuthority(ctx context.Context, issue func() []byte) ([]byte, error) {
	application := component.Namespace("application")
	authority, err := s.readKey(ctx, component.Namespace("directory"), trinoTLS, "ca.crt")
	if err != nil {
		return nil, err
	}
	if len(authority) == 0 {
		authority = issue()
	}
	known, err := s.readKey(ctx, application, trinoAuthority, "ca.crt")
	if err != nil || len(known) == 0 || bytes.Equal(known, authority) {
		return authority, err
	}
	err = s.Cluster.Typed.CoreV1().Secrets(application).Delete(ctx, trinoAuthority, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("removing the Secret %s/%s, whose certificate is an old one: %w", application, trinoAuthority, err)
	}
	return authority, nil
}

// issue makes a certificate for a Service, with its key, and that of an authority which signs nothing else: its own key is
// forgotten.
func issue(service string) (authority, keystore []byte) {
	now := time.Now()
	root := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: service + " authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		IsCA: true, MaxPathLenZero: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: service}, DNSNames: []string{service, service + ".svc", service + ".svc.cluster.local"},
		NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	rootKey, leafKey := newKey(), newKey()
	rootDER := must(x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey))
	leafDER := must(x509.CreateCertificate(rand.Reader, leaf, root, &leafKey.PublicKey, rootKey))
	keyDER := must(x509.MarshalPKCS8PrivateKey(leafKey))
	var store bytes.Buffer
	store.Write(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	store.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafDER}))
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER}), store.Bytes()
}

func newKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

func serial() *big.Int { return must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))) }

// must is for what fails only when this program is wrong.
func must[T any](v T, err error) T {
	if err != nil {
		panic(fmt.Sprintf("making a certificate: %v", err))
	}
	return v
}
