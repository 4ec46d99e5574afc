// Package storetest starts a real object store for tests, as the chart of data/objectstore runs it.
package storetest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/internal/kube/kubetest"
)

// Store is a running object store.
type Store struct {
	// Endpoint is that of S3, IAMEndpoint that of the accounts.
	Endpoint, IAMEndpoint string
	// Credentials is a folder with the files access-key and secret-key of the root account.
	Credentials string
}

// Start runs bin/versitygw of the repository until the test ends. A test fails where that is not built.
func Start(t *testing.T) Store {
	t.Helper()
	root, err := kubetest.Root()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(root, "bin", "versitygw")
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("the tests need the real object store: %v; run `make %s` first", err, "bin/versitygw")
	}
	dir := t.TempDir()
	folder := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	credentials := folder("credentials")
	for name, value := range map[string]string{"access-key": "root\n", "secret-key": "secret of root"} {
		if err := os.WriteFile(filepath.Join(credentials, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "ROOT_ACCESS_KEY=root", "ROOT_SECRET_KEY=secret of root",
		"VGW_IAM_STANDALONE_ACCESS=root", "VGW_IAM_STANDALONE_SECRET=secret of root")
	accounts, buckets, socket := address(t), address(t), filepath.Join(dir, "iam.sock")
	run(t, accounts, env, binary, "--port="+accounts, "iam", "--dir="+folder("iam"), "--private-ports="+socket, "--quiet",
		"--disable-oidc-thumbprint-autofetch")
	run(t, buckets, env, binary, "--port="+buckets, "--region=us-east-1", "--quiet", "--iam-standalone-endpoint="+socket,
		"posix", folder("buckets"))
	return Store{Endpoint: "http://" + buckets, IAMEndpoint: "http://" + accounts, Credentials: credentials}
}

// address is a free one of this machine.
func address(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// run starts a program that ends with the test, and returns once it listens.
func run(t *testing.T, listens string, env []string, binary string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), binary, args...)
	command.Env = env
	var out strings.Builder
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Wait() // the end of the test's context has killed it
		if t.Failed() {
			t.Logf("%v printed:\n%s", args, out.String())
		}
	})
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", listens); err == nil {
			_ = conn.Close()
			return
		}
	}
	t.Fatalf("the object store does not listen at %s", listens)
}
