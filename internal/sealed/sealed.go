// Package sealed has a secret pass through the Kubernetes API readable by nobody but the one who asked for it: it is encrypted by HPKE
// (RFC 9180) to a key pair that is made for one request and never leaves the memory of who asks.
package sealed

import (
	"crypto/ecdh"
	"crypto/hpke"
	"encoding/base64"
	"fmt"
)

// purpose binds what is sealed to this use of it.
const purpose = "atoll.dev/credentials/v1"

// Key opens what was sealed to its public half.
type Key struct{ private hpke.PrivateKey }

// NewKey makes one.
func NewKey() (*Key, error) {
	private, err := kem().GenerateKey()
	if err != nil {
		return nil, fmt.Errorf("making a key pair: %w", err)
	}
	return &Key{private}, nil
}

// Public is the half to show, in base64.
func (k *Key) Public() string {
	return base64.StdEncoding.EncodeToString(k.private.PublicKey().Bytes())
}

// Open reads what Seal wrote for the same object and the same name of the secret.
func (k *Key) Open(object, name, text string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("opening a sealed secret: %w", err)
	}
	secret, err := hpke.Open(k.private, hpke.HKDFSHA256(), hpke.AES256GCM(), about(object, name), raw)
	if err != nil {
		return "", fmt.Errorf("opening a sealed secret: %w", err)
	}
	return string(secret), nil
}

// Seal encrypts a secret to a public key. It opens for the object of this UID and the name of the secret alone, so it cannot be moved.
func Seal(public, object, name, secret string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(public)
	if err != nil {
		return "", fmt.Errorf("reading a public key: %w", err)
	}
	to, err := kem().NewPublicKey(raw)
	if err != nil {
		return "", fmt.Errorf("reading a public key: %w", err)
	}
	text, err := hpke.Seal(to, hpke.HKDFSHA256(), hpke.AES256GCM(), about(object, name), []byte(secret))
	if err != nil {
		return "", fmt.Errorf("sealing a secret: %w", err)
	}
	return base64.StdEncoding.EncodeToString(text), nil
}

func kem() hpke.KEM { return hpke.DHKEM(ecdh.X25519()) }

func about(object, name string) []byte { return []byte(purpose + "\x00" + object + "\x00" + name) }
