package phase

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// The parts of Trino recognise each other, also where a part of what was generated is lost; nothing is generated where nobody
// asks for it.
func (l life) trino(t *testing.T) {
	s := state(t, demo)
	s.Platform = &v1alpha1.Platform{}
	if none, err := s.trinoSecrets(t.Context()); err != nil || none != nil {
		t.Errorf("without Trino there is %v, %v", none, err)
	}
	s.Platform.Spec.Components = []v1alpha1.Component{{Name: "trino", State: v1alpha1.ComponentEnabled}}
	ensure := func() {
		t.Helper()
		list, err := s.trinoSecrets(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range list {
			if _, err := s.ensureSecret(t.Context(), w); err != nil {
				t.Fatal(err)
			}
		}
	}
	ensure()
	internal := l.secret(t, "atoll-directory", trinoInternal)
	certificate, token := l.secret(t, "atoll-directory", trinoTLS), l.secret(t, "atoll-directory", trinoPolicy)
	if len(internal["secret"]) < 32 || len(token["token"]) < 32 {
		t.Error("the generated secrets are short")
	}
	if err := l.api.CoreV1().Secrets("atoll-job").Delete(t.Context(), trinoInternal, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	ensure()
	if diff := cmp.Diff(internal, l.secret(t, "atoll-job", trinoInternal)); diff != "" {
		t.Error("workers were given another secret than the coordinator has")
	}
	if !cmp.Equal(certificate, l.secret(t, "atoll-directory", trinoTLS)) || !cmp.Equal(token, l.secret(t, "atoll-directory", trinoPolicy)) {
		t.Error("what was there was generated anew")
	}
	// A new certificate reaches those who are to trust it.
	for _, want := range []bool{true, false} {
		known := l.secret(t, "atoll-application", trinoAuthority)["ca.crt"]
		if len(known) == 0 || !bytes.Equal(known, l.secret(t, "atoll-directory", trinoTLS)["ca.crt"]) || bytes.Equal(known, certificate["ca.crt"]) != want {
			t.Errorf("the hub trusts %s, and Trino's authority is %s", known, l.secret(t, "atoll-directory", trinoTLS)["ca.crt"])
		}
		if err := l.api.CoreV1().Secrets("atoll-directory").Delete(t.Context(), trinoTLS, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		ensure()
	}
}

// TestCertificate sees a client that trusts the authority, and no other, reach the Service by its names.
func TestCertificate(t *testing.T) {
	authority, keystore := issue("trino.atoll-directory")
	pair, err := tls.X509KeyPair(keystore, keystore)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := issue("trino.atoll-directory")
	for name, tt := range map[string]struct {
		authority []byte
		name      string
		want      bool
	}{
		"short name":        {authority, "trino.atoll-directory", true},
		"full name":         {authority, "trino.atoll-directory.svc.cluster.local", true},
		"another Service":   {authority, "hub.atoll-directory", false},
		"another authority": {other, "trino.atoll-directory", false},
	} {
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(tt.authority)
		_, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: tt.name, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
		if (err == nil) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
