package pki

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEnsure(t *testing.T) {
	folder := t.TempDir()
	authority, err := Open(folder, "ca")
	if err != nil {
		t.Fatal(err)
	}
	leaf := Leaf{File: "server", User: "server", Groups: []string{"servers"}, DNS: []string{"here"}, IPs: []net.IP{net.IPv4(127, 0, 0, 1)}}
	first := ensure(t, authority, leaf)

	roots := x509.NewCertPool()
	roots.AddCert(authority.cert)
	if _, err := first.Verify(x509.VerifyOptions{Roots: roots, DNSName: "here", KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err != nil {
		t.Errorf("a client refuses the server: %v", err)
	}
	if err := first.VerifyHostname("127.0.0.1"); err != nil {
		t.Error(err)
	}

	// As the next command does: from the files.
	again, err := Open(folder, "ca")
	if err != nil {
		t.Fatal(err)
	}
	if !ensure(t, again, leaf).Equal(first) {
		t.Error("a certificate that fits was made anew")
	}
	leaf.IPs = append(leaf.IPs, net.IPv4(172, 31, 1, 2))
	if ensure(t, again, leaf).Equal(first) {
		t.Error("a certificate that does not fit was kept")
	}
}

func TestClientsAreNoServers(t *testing.T) {
	authority, err := Open(t.TempDir(), "ca")
	if err != nil {
		t.Fatal(err)
	}
	client := ensure(t, authority, Leaf{File: "client", User: "client"})
	roots := x509.NewCertPool()
	roots.AddCert(authority.cert)
	if _, err := client.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err == nil {
		t.Error("a client's certificate serves")
	}
}

func TestKubeconfig(t *testing.T) {
	folder := t.TempDir()
	authority, err := Open(folder, "ca")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "kubeconfig")
	write := func() os.FileInfo {
		t.Helper()
		if err := authority.WriteKubeconfig(path, "atoll-demo", "https://172.31.1.2:6443", Leaf{File: "admin", User: "admin"}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	first := write()
	if first.Mode().Perm() != 0o600 {
		t.Errorf("the kubeconfig has mode %o", first.Mode().Perm())
	}
	if !os.SameFile(first, write()) {
		t.Error("an equal kubeconfig was written again")
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"current-context: atoll-demo", "server: https://172.31.1.2:6443"} {
		if !strings.Contains(string(content), want) {
			t.Errorf("the kubeconfig lacks %q", want)
		}
	}
}

func ensure(t *testing.T, authority *Authority, leaf Leaf) *x509.Certificate {
	t.Helper()
	if err := authority.Ensure(leaf); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(authority.folder, leaf.File)
	pair, err := tls.LoadX509KeyPair(file+".crt", file+".key")
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf
}
