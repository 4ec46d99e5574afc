// Package pki makes a cluster's certificates and the kubeconfigs that carry them.
package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

const (
	lifetime = 365 * 24 * time.Hour
	// A leaf is made again when less than this is left of it.
	renewal = 30 * 24 * time.Hour
)

// Authority signs certificates; its own lies beside them in a folder.
type Authority struct {
	folder string
	name   string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
}

// Leaf describes a certificate: a server's when it has addresses, and always a client's.
type Leaf struct {
	File   string // without suffix
	User   string
	Groups []string
	DNS    []string
	IPs    []net.IP
}

// Open reads the authority of that name in the folder, or makes it.
func Open(folder, name string) (*Authority, error) {
	authority := &Authority{folder: folder, name: name}
	cert, key, err := read(authority.Cert(), authority.path(".key"))
	if err == nil {
		authority.cert, authority.key = cert, key
		return authority, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if authority.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, fmt.Errorf("making the key of %s: %w", name, err)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotAfter:              time.Now().Add(10 * lifetime),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	authority.cert, err = sign(authority.path(""), template, template, authority.key, authority.key)
	return authority, err
}

// Cert is the file of the authority's own certificate.
func (a *Authority) Cert() string { return a.path(".crt") }

// Key is the file of the authority's own key.
func (a *Authority) Key() string { return a.path(".key") }

func (a *Authority) path(suffix string) string { return filepath.Join(a.folder, a.name+suffix) }

// Ensure makes the leaf's certificate and key unless they are there, fit and last long enough.
func (a *Authority) Ensure(leaf Leaf) error {
	file := filepath.Join(a.folder, leaf.File)
	if cert, _, err := read(file+".crt", file+".key"); err == nil && a.fits(cert, leaf) {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making the key of %s: %w", leaf.File, err)
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: leaf.User, Organization: leaf.Groups},
		NotAfter:    time.Now().Add(lifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		DNSNames:    leaf.DNS,
		IPAddresses: leaf.IPs,
	}
	if len(leaf.DNS)+len(leaf.IPs) > 0 {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	_, err = sign(file, template, a.cert, key, a.key)
	return err
}

func (a *Authority) fits(cert *x509.Certificate, leaf Leaf) bool {
	return cert.CheckSignatureFrom(a.cert) == nil &&
		time.Until(cert.NotAfter) > renewal &&
		cert.Subject.CommonName == leaf.User &&
		slices.Equal(cert.Subject.Organization, leaf.Groups) &&
		slices.Equal(cert.DNSNames, leaf.DNS) &&
		slices.EqualFunc(cert.IPAddresses, leaf.IPs, net.IP.Equal)
}

// sign writes FILE.crt and FILE.key; the key first, because the certificate tells that both are there.
func sign(file string, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("numbering certificate %s: %w", file, err)
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour) // the clock may be set back
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("signing certificate %s: %w", file, err)
	}
	encoded, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encoding the key of certificate %s: %w", file, err)
	}
	if err := run.WriteFile(file+".key", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: encoded}), 0o600); err != nil {
		return nil, err
	}
	if err := run.WriteFile(file+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func read(certFile, keyFile string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certPEM, err := os.ReadFile(certFile)
	if err != nil {
		return nil, nil, fmt.Errorf("reading certificate: %w", err)
	}
	keyPEM, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, nil, fmt.Errorf("reading key: %w", err)
	}
	certBlock, _ := pem.Decode(certPEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if certBlock == nil || keyBlock == nil {
		return nil, nil, fmt.Errorf("reading %s and %s: not PEM", certFile, keyFile)
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", certFile, err)
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", keyFile, err)
	}
	return cert, key, nil
}
