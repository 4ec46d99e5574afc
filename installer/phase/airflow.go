package phase

import (
	"crypto/rand"
	"encoding/base64"

	"github.com/atoll-platform/atoll/installer/component"
)

// airflowSecrets are what Airflow signs and encrypts with, and the accounts that it knows: the operator's, and one that
// may look.
func airflowSecrets() []secret {
	directory := component.Namespace("directory")
	account := func(name string) map[string]func() []byte {
		return map[string]func() []byte{"username": func() []byte { return []byte(name) }, "password": password}
	}
	return []secret{
		{directory, "airflow-secrets", map[string]func() []byte{"fernet-key": fernetKey, "jwt-secret": key, "api-secret": key}},
		{directory, "airflow-operator", account("operator")},
		{directory, "airflow-viewer", account("viewer")},
	}
}

// fernetKey is a key as Fernet wants it: 32 random bytes in the alphabet that is safe in addresses.
func fernetKey() []byte {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // it never fails: crypto/rand ends the program instead
	return []byte(base64.URLEncoding.EncodeToString(raw))
}
