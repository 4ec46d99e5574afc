package e2e

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// machine is what a cluster could leave behind on the host.
type machine struct {
	mounts, links []string
}

func machineState(t *testing.T) machine {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	require.NoError(t, err)
	interfaces, err := net.Interfaces()
	require.NoError(t, err)
	var m machine
	for line := range strings.Lines(string(mounts)) {
		m.mounts = append(m.mounts, strings.Fields(line)[1])
	}
	for _, i := range interfaces {
		m.links = append(m.links, i.Name)
	}
	return m
}

// requireNothingLeft proves that the cluster's processes, mounts, links, cgroups and files are gone.
func requireNothingLeft(t *testing.T, p *platform, before machine) {
	t.Helper()
	after := machineState(t)
	require.Subset(t, before.mounts, after.mounts, "mounts were left")
	require.Subset(t, before.links, after.links, "network links were left")

	run := filepath.Dir(p.kubeconfig)
	require.NoDirExists(t, run)
	namespaces, err := filepath.Glob("/run/netns/atoll-" + p.name)
	require.NoError(t, err)
	require.Empty(t, namespaces, "a network namespace was left")

	commands, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, file := range commands {
		line, err := os.ReadFile(file)
		if err != nil {
			continue // the process ended meanwhile
		}
		require.NotContains(t, string(line), run+"/", "a process was left: %s", file)
	}
	cgroups, err := filepath.Glob("/sys/fs/cgroup/*/atoll-" + p.name)
	require.NoError(t, err)
	require.Empty(t, cgroups, "cgroups were left")
}

func equalJSON(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}
