package provider_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/atoll-platform/atoll/internal/kube/kubetest"
	"github.com/atoll-platform/atoll/provider/internal/provider"
)

// server is one real API server for all tests of the package.
var server *kubetest.Server

// cli is the path of terraform or tofu.
var cli string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "atoll-provider-test")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := prepare(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if server, err = kubetest.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		return 1
	}
	return code
}

// prepare finds the command line and sets what it and the testing library read of the environment,
// so that a plain `go test` runs everything and nothing of the machine's own configuration counts.
func prepare(dir string) error {
	root, err := kubetest.Root()
	if err != nil {
		return err
	}
	cli = os.Getenv("TF_ACC_TERRAFORM_PATH")
	for _, candidate := range []string{"terraform", filepath.Join(root, "bin", "tofu"), "tofu"} {
		if cli != "" {
			break
		}
		if found, err := exec.LookPath(candidate); err == nil {
			cli = found
		}
	}
	if cli == "" {
		return errors.New("the tests need terraform or tofu: put one on the PATH, or run `make tofu`")
	}
	config := filepath.Join(dir, "terraform.rc")
	if err := os.WriteFile(config, nil, 0o600); err != nil {
		return fmt.Errorf("writing an empty configuration of the command line: %w", err)
	}
	for name, value := range map[string]string{
		"TF_ACC":                "1",
		"TF_ACC_TERRAFORM_PATH": cli,
		"TF_CLI_CONFIG_FILE":    config,
		"CHECKPOINT_DISABLE":    "1",
		"KUBECONFIG":            "",
		"KUBE_CONFIG_PATH":      "",
		"KUBE_CTX":              "",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	if isTofu() {
		return errors.Join(os.Setenv("TF_ACC_PROVIDER_HOST", "registry.opentofu.org"), os.Setenv("TF_ACC_PROVIDER_NAMESPACE", "hashicorp"))
	}
	return nil
}

func isTofu() bool { return strings.HasPrefix(filepath.Base(cli), "tofu") }

// factories serve the provider to terraform-plugin-testing from within the test.
var factories = map[string]func() (tfprotov6.ProviderServer, error){
	"atoll": func() (tfprotov6.ProviderServer, error) { return provider.Server("test")(), nil },
}

// configured puts a provider block for the test's server before a configuration.
func configured(config string) string {
	return fmt.Sprintf("provider \"atoll\" {\n  host = %q\n}\n%s", server.URL, config)
}

// module is a folder with a configuration that the command line runs in, against a provider that is
// served from within the test. Nothing is installed or downloaded.
type module struct {
	dir string
	env []string
}

func newModule(t testing.TB, dir string) *module {
	t.Helper()
	return serve(t, dir, provider.Server("test"))
}

// serve is newModule with any provider in place of the real one.
func serve(t testing.TB, dir string, server func() tfprotov6.ProviderServer) *module {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	reattach, closed := make(chan *plugin.ReattachConfig), make(chan struct{})
	failed := make(chan error, 1)
	go func() {
		failed <- tf6server.Serve(provider.Address, server,
			tf6server.WithDebug(ctx, reattach, closed), tf6server.WithoutLogStderrOverride(), tf6server.WithGoPluginLogger(hclog.NewNullLogger()), tf6server.WithLoggingSink(sink{t}))
	}()
	t.Cleanup(func() {
		cancel()
		<-closed
	})
	var config *plugin.ReattachConfig
	select {
	case config = <-reattach:
	case err := <-failed:
		t.Fatalf("serving the provider: %v", err)
	case <-time.After(time.Minute):
		t.Fatal("the provider does not serve")
	}
	addr := map[string]string{"Network": config.Addr.Network(), "String": config.Addr.String()}
	entry := map[string]any{"Protocol": "grpc", "ProtocolVersion": 6, "Pid": os.Getpid(), "Test": true, "Addr": addr}
	providers, err := json.Marshal(map[string]any{
		provider.Address: entry,
		"registry.opentofu.org/atoll-platform/atoll": entry,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &module{dir: dir, env: append(os.Environ(), "TF_REATTACH_PROVIDERS="+string(providers), "TF_IN_AUTOMATION=1")}
}

// sink takes the logs of a provider that serves a test or a benchmark.
type sink struct{ testing.TB }

// Parallel is what a benchmark does not have, and nobody calls.
func (sink) Parallel() {}

// run runs a command and returns its output and exit code.
func (m *module) run(t testing.TB, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), cli, append([]string{"-chdir=" + m.dir}, args...)...)
	cmd.Env = m.env
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %v: %v", cli, args, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
