// Package modules_test plans and applies the Terraform modules against a provider that has the schemas of AWS and no
// cloud behind it. `make test-modules` lays that provider out and names its mirror.
package modules_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Set by TestMain.
var (
	root string // the repository
	cli  string // terraform or tofu
	rc   string // configuration of the command line: the mirror and nothing else

	scratch string // outlives single tests
)

func TestMain(m *testing.M) {
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(scratch); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func prepare() error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	root = filepath.Join(dir, "..", "..")
	if scratch, err = os.MkdirTemp("", "atoll-modules-test"); err != nil {
		return err
	}
	rc = filepath.Join(root, "build", "modules", "terraform.rc")
	if _, err := os.Stat(rc); err != nil {
		return errors.New("the tests need the provider for tests: run them with `make test-modules`")
	}
	for _, candidate := range []string{os.Getenv("TERRAFORM"), "terraform", "tofu", filepath.Join(root, "bin", "tofu")} {
		if found, err := exec.LookPath(candidate); err == nil && candidate != "" {
			cli = found
			break
		}
	}
	if cli == "" {
		return errors.New("the tests need terraform or tofu: put one on the PATH, or run `make tofu`")
	}
	for name, value := range map[string]string{
		"TF_CLI_CONFIG_FILE": rc, "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1",
		// No credentials of the machine may count.
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"KUBECONFIG": "",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// folder is a folder with a configuration that the command line runs in.
type folder struct {
	t   *testing.T
	dir string
	env []string
}

// tree copies modules and examples for one test, and returns one of their folders.
func tree(t *testing.T, path string) folder {
	t.Helper()
	return folder{t: t, dir: filepath.Join(copied(t, t.TempDir()), path)}
}

// copied copies modules and examples below a folder, so that nothing is left in the repository and they may be changed.
func copied(t *testing.T, below string) string {
	t.Helper()
	top, err := os.MkdirTemp(below, "tree")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"modules", "examples"} {
		if err := os.CopyFS(filepath.Join(top, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	return top
}

// run runs a command of the command line and returns its output and exit code.
func (f folder) run(args ...string) (string, int) {
	f.t.Helper()
	cmd := exec.CommandContext(f.t.Context(), cli, append([]string{"-chdir=" + f.dir}, args...)...)
	cmd.Env = append(os.Environ(), f.env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		f.t.Fatalf("%s %v: %v", cli, args, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// must runs a command that has to end with 0.
func (f folder) must(args ...string) string {
	f.t.Helper()
	out, code := f.run(args...)
	if code != 0 {
		f.t.Fatalf("%s %s exited with %d:\n%s", filepath.Base(cli), strings.Join(args, " "), code, out)
	}
	return out
}

// init installs providers and modules.
func (f folder) init() folder {
	f.t.Helper()
	f.must("init", "-no-color")
	return f
}

// write puts a file into the folder.
func (f folder) write(name, text string) {
	f.t.Helper()
	file := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

// replace changes a text in a file below the top of the tree; it has to be there.
func (f folder) replace(name, old, text string) {
	f.t.Helper()
	file := filepath.Join(f.dir, name)
	data, err := os.ReadFile(file)
	if err != nil {
		f.t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		f.t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(data), old, text)), 0o600); err != nil {
		f.t.Fatal(err)
	}
}
