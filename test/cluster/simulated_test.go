package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSimulated(t *testing.T) {
	h := newHarness(t, "test-simulated")
	before := observe(t, h)

	t.Run("an up that is killed half-way is finished by the next", func(t *testing.T) {
		command := h.command("up", "--nodes", "simulated=5")
		out, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(out); lines.Scan() && !strings.HasPrefix(lines.Text(), "etcd "); {
		}
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		command.Wait() //nolint:errcheck // it was killed
		// As if the kill had come between etcd's start and its record.
		if err := os.Remove(filepath.Join(h.folder(), "pids", "etcd.json")); err != nil {
			t.Fatal(err)
		}
		if out := h.run("up", "--nodes", "simulated=5"); !strings.Contains(out, "simulated: kwok plays 5 nodes") {
			t.Errorf("up does not say which nodes it started:\n%s", out)
		}
	})
	t.Run("pods turn Ready without running", func(t *testing.T) {
		h.kubectl("apply", "--filename=testdata/many.yaml")
		h.kubectl("rollout", "status", "deployment/many", "--timeout=60s")
	})
	t.Run("other nodes are refused", func(t *testing.T) {
		out, err := h.try("up", "--nodes", "none")
		if err == nil || !strings.Contains(out, "has nodes simulated=5, not none") {
			t.Errorf("up --nodes none: %v\n%s", err, out)
		}
	})
	h.run("down")
	checkGone(t, h, before, nil)
}

func TestControlPlaneOnly(t *testing.T) {
	h := newHarness(t, "test-none")
	h.run("up", "--nodes", "none")
	if nodes := h.kubectl("get", "nodes", "--output=name"); nodes != "" {
		t.Errorf("a cluster without nodes has %s", nodes)
	}
	out, err := h.try("load", "any.tar")
	if err == nil || !strings.Contains(out, "run no containers") {
		t.Errorf("load: %v\n%s", err, out)
	}
}
