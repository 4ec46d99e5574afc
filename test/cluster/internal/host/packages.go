// Package host deals with the machine the cluster runs on: its packages, its kernel and what a
// kubelet leaves on it.
package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

// programs are what a cluster runs of Debian's, and the package of each.
var programs = []struct{ path, name string }{
	{"/usr/bin/etcd", "etcd-server"},
	{"/usr/bin/containerd", "containerd"},
	{"/usr/bin/ctr", "containerd"},
	{"/usr/sbin/runc", "runc"},
	{"/usr/lib/cni/bridge", "containernetworking-plugins"},
	{"/usr/sbin/nft", "nftables"},
	{"/usr/sbin/iptables", "iptables"},
	{"/usr/sbin/ipset", "ipset"},
	{"/usr/sbin/modprobe", "kmod"},
}

// Packages returns the Debian packages that a cluster with such nodes needs.
func Packages(nodes run.Nodes) []string {
	if nodes.Kind != run.Real {
		return []string{"etcd-server"}
	}
	var names []string
	for _, program := range programs {
		if !slices.Contains(names, program.name) {
			names = append(names, program.name)
		}
	}
	return names
}

// Missing returns those of the packages whose programs are not there.
func Missing(packages []string) []string {
	var missing []string
	for _, program := range programs {
		_, err := os.Stat(program.path)
		if err != nil && slices.Contains(packages, program.name) && !slices.Contains(missing, program.name) {
			missing = append(missing, program.name)
		}
	}
	return missing
}

// Install installs Debian packages and starts none of the services in them.
func Install(ctx context.Context, packages []string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("the Debian packages %[1]s are missing and installing them needs root: run `apt-get install %[1]s` as root", strings.Join(packages, " "))
	}
	restore, err := denyServices("/usr/sbin/policy-rc.d")
	if err != nil {
		return err
	}
	defer restore()
	// The lists may be absent or older than the mirror.
	if err := apt(ctx, "update"); err != nil {
		return err
	}
	return apt(ctx, append([]string{"install", "--yes", "--no-install-recommends"}, packages...)...)
}

func apt(ctx context.Context, args ...string) error {
	command := exec.CommandContext(ctx, "apt-get", append([]string{"--quiet=2"}, args...)...)
	command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("running %s: %w; it said:\n%s", command, err, output)
	}
	return nil
}

// denyServices puts Debian's policy in place that no package starts a service, unless there is a
// policy already, and returns what takes it away.
func denyServices(path string) (func(), error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755) //nolint:gosec // Debian runs it as a program
	if errors.Is(err, fs.ErrExist) {
		return func() {}, nil
	}
	if err == nil {
		_, err = file.WriteString("#!/bin/sh\nexit 101\n")
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("writing %s, which keeps packages from starting services: %w", path, err)
	}
	return func() { os.Remove(path) }, nil //nolint:errcheck // a policy left behind starts nothing
}
