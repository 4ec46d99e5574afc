package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/test/cluster/internal/cluster"
)

// harness drives the built command as a person would.
type harness struct {
	t    *testing.T
	bin  string
	root string
	name string
}

func newHarness(t *testing.T, name string) *harness {
	t.Helper()
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"atoll-cluster", "kubernetes", "cluster-addons", "pause", "kwok"} {
		if _, err := os.Stat(filepath.Join(bin, program)); err != nil {
			t.Fatalf("this test runs the built programs: run `make cluster-bins` first: %v", err)
		}
	}
	// Short, for the sockets beneath it.
	root, err := os.MkdirTemp("/tmp", "atoll-cluster-")
	if err != nil {
		t.Fatal(err)
	}
	h := &harness{t: t, bin: bin, root: root, name: name}
	t.Cleanup(func() {
		if out, err := h.try("down"); err != nil {
			t.Errorf("down: %v\n%s", err, out)
		}
		if _, err := os.Stat(root); err == nil {
			t.Errorf("down left the run root %s", root)
		}
	})
	return h
}

func (h *harness) folder() string { return filepath.Join(h.root, h.name) }

// command prepares a command on the harness' cluster.
func (h *harness) command(args ...string) *exec.Cmd {
	return exec.Command(filepath.Join(h.bin, "atoll-cluster"), append(args, "--name", h.name, "--run-root", h.root)...)
}

func (h *harness) try(args ...string) (string, error) {
	out, err := h.command(args...).CombinedOutput()
	return string(out), err
}

func (h *harness) run(args ...string) string {
	h.t.Helper()
	out, err := h.try(args...)
	if err != nil {
		h.t.Fatalf("atoll-cluster %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func (h *harness) tryKubectl(args ...string) (string, error) {
	command := exec.Command(filepath.Join(h.bin, "kubernetes"), append([]string{"kubectl", "--kubeconfig", filepath.Join(h.folder(), "kubeconfig")}, args...)...)
	out, err := command.CombinedOutput()
	return string(out), err
}

func (h *harness) kubectl(args ...string) string {
	h.t.Helper()
	out, err := h.tryKubectl(args...)
	if err != nil {
		h.t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// inPod tries something from inside a pod.
func (h *harness) inPod(pod string, args ...string) error {
	out, err := h.tryKubectl(append([]string{"exec", "--namespace=inner", pod, "--", "/probe"}, args...)...)
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func (h *harness) status() cluster.Status {
	h.t.Helper()
	var status cluster.Status
	out, _ := h.command("status", "-o", "json").Output() // fails when something is dead, and tells all the same
	if err := json.Unmarshal(out, &status); err != nil {
		h.t.Fatalf("status: %v\n%s", err, out)
	}
	return status
}

func (h *harness) pid(component string) int {
	h.t.Helper()
	for _, one := range h.status().Components {
		if one.Name == component {
			return one.PID
		}
	}
	h.t.Fatalf("status has no %s", component)
	return 0
}

// eventually waits until the condition holds; it says what last kept it from holding.
func eventually(t *testing.T, what string, condition func() error) {
	t.Helper()
	var last error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if last = condition(); last == nil {
			return
		}
	}
	t.Fatalf("%s: not within a minute: %v", what, last)
}

// refused turns an attempt around: it is content once the attempt fails.
func refused(attempt func() error) func() error {
	return func() error {
		if attempt() == nil {
			return fmt.Errorf("it is let through")
		}
		return nil
	}
}
