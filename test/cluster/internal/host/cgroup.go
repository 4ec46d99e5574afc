package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/atoll-platform/atoll/test/cluster/internal/process"
)

// hierarchies returns the control group of that name in every hierarchy of the host that has it.
func hierarchies(name string) ([]string, error) {
	nested, err := filepath.Glob(filepath.Join(cgroups, "*", name))
	if err != nil {
		return nil, fmt.Errorf("looking for control group %s: %w", name, err)
	}
	var found []string
	for _, path := range append(nested, filepath.Join(cgroups, name)) {
		info, err := os.Lstat(path)
		// cpu and cpuacct may be links to one hierarchy.
		if parent, _ := os.Lstat(filepath.Dir(path)); err == nil && info.IsDir() && parent.Mode()&fs.ModeSymlink == 0 {
			found = append(found, path)
		}
	}
	return found, nil
}

// CreateCgroup makes the control group that a kubelet keeps its pods under; a kubelet wants to find
// it in every hierarchy it uses.
func CreateCgroup(name string) error {
	v1, err := CgroupV1()
	if err != nil {
		return err
	}
	parents := []string{cgroups}
	if v1 {
		if parents, err = filepath.Glob(filepath.Join(cgroups, "*", "cgroup.procs")); err != nil {
			return fmt.Errorf("listing control group hierarchies: %w", err)
		}
	}
	for _, parent := range parents {
		if v1 {
			parent = filepath.Dir(parent)
		}
		if err := os.Mkdir(filepath.Join(parent, name), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("making control group %s: %w", name, err)
		}
	}
	return nil
}

// EmptyCgroup kills every process in the control group and below, and removes it.
func EmptyCgroup(name string) error {
	roots, err := hierarchies(name)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var last error
		for _, root := range roots {
			last = errors.Join(last, sweep(root))
		}
		if last == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("emptying control group %s: %w", name, last)
		}
	}
}

// sweep kills what is in the tree and removes as much of it as is empty by then, leaves first.
func sweep(root string) error {
	var groups []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			groups = append(groups, path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("listing %s: %w", root, err)
	}
	var last error
	for i := len(groups) - 1; i >= 0; i-- {
		procs, _ := os.ReadFile(filepath.Join(groups[i], "cgroup.procs"))
		for line := range strings.FieldsSeq(string(procs)) {
			// Zero is a process of another pid namespace.
			if pid, err := strconv.Atoi(line); err == nil && pid > 1 {
				syscall.Kill(pid, syscall.SIGKILL) //nolint:errcheck // it may have ended
			}
		}
		if err := os.Remove(groups[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			last = err
		}
	}
	return last
}

// CgroupProcesses returns the processes in the control group and below.
func CgroupProcesses(name string) ([]process.Identity, error) {
	roots, err := hierarchies(name)
	if err != nil {
		return nil, err
	}
	var found []process.Identity
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.Name() != "cgroup.procs" {
				return err
			}
			pids, err := os.ReadFile(path) //nolint:gosec // the kernel's file system has no links to be led astray by
			for line := range strings.FieldsSeq(string(pids)) {
				pid, _ := strconv.Atoi(line)
				if id, err := process.Identify(pid); err == nil && !slices.Contains(found, id) {
					found = append(found, id)
				}
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("listing the processes of control group %s: %w", name, err)
		}
	}
	return found, nil
}
