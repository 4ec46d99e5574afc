package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const cgroups = "/sys/fs/cgroup"

// modules are what a node needs of the kernel, and a file that is there once the module is.
var modules = map[string]string{
	"br_netfilter": "/proc/sys/net/bridge",
	"overlay":      "",
}

// LoadModules loads the kernel modules a node needs and that are neither loaded nor built in.
func LoadModules(ctx context.Context) error {
	for name, sign := range modules {
		if sign == "" && supported(name) {
			continue
		}
		if _, err := os.Stat(sign); sign != "" && err == nil {
			continue
		}
		if output, err := exec.CommandContext(ctx, "modprobe", name).CombinedOutput(); err != nil {
			return fmt.Errorf("loading kernel module %s: %w: %s", name, err, output)
		}
	}
	return nil
}

func supported(filesystem string) bool {
	known, err := os.ReadFile("/proc/filesystems")
	return err == nil && bytes.Contains(known, []byte("\t"+filesystem+"\n"))
}

// CgroupV1 says whether the host still has the first version of control groups.
func CgroupV1() (bool, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(cgroups, &stat); err != nil {
		return false, fmt.Errorf("looking at %s: %w", cgroups, err)
	}
	return stat.Type != unix.CGROUP2_SUPER_MAGIC, nil
}

// MayLowerOOMScore says whether processes may protect themselves from the out-of-memory killer. Where
// they may not, containerd must not try.
func MayLowerOOMScore() (bool, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false, fmt.Errorf("reading this process' capabilities: %w", err)
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		mask, found := strings.CutPrefix(line, "CapEff:")
		if !found {
			continue
		}
		effective, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
		if err != nil {
			return false, fmt.Errorf("reading this process' capabilities: %w", err)
		}
		return effective&(1<<unix.CAP_SYS_RESOURCE) != 0, nil
	}
	return false, errors.New("reading this process' capabilities: /proc/self/status has no CapEff")
}
