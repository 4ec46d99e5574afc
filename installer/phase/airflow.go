package phase

import (
	"crypto/rand"
	"encoding/base64"

	"github.com/atoll-platform/atoll/installer/component"
)

// airflowSecrets are what Airflow signs and encrypts with, and the one account that it knows: the operator's.
func airflowSecrets() []secret {
	directory := component.Namespace("directory")
	return []secret{
		{directory, "airflow-secrets", map[string]func() []byte{"fernet-key": fernetKey, "jwt-secret": key, "api-secret": key}},
		{directory, "airflow-operator", map[string]func() []byte{"username": func() []byte { return []byte("operator") }, "password": password}},
	}
}

// fernetKey is a key as Fernet wants it: 32 random bytes in the alphabet that is safe in addresses.
func fernetKey() []byte {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // it never fails: crypto/rand ends the program instead
	return []byte(base64.URLEncoding.EncodeToString(raw))
}
