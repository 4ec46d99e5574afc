// Package network gives a cluster with real nodes a network of its own: a network namespace, so that
// ports, firewall rules and the pods' bridge never meet another cluster's or the host's, and one link
// to the host.
package network

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

const namespaces = "/run/netns"

// Namespace is the network namespace of a cluster; the zero value is the host's.
type Namespace struct{ Name string }

// Of returns the network namespace of the cluster, which need not exist.
func Of(cluster string) Namespace { return Namespace{Name: "atoll-" + cluster} }

func (n Namespace) path() string { return filepath.Join(namespaces, n.Name) }

// Do calls work inside the namespace. Processes started and sockets opened by work, on the goroutine
// it is called on, belong to the namespace.
func (n Namespace) Do(work func() error) error {
	if n.Name == "" {
		return work()
	}
	done := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine instead of running others in the namespace.
		runtime.LockOSThread()
		handle, err := netns.GetFromPath(n.path())
		if err != nil {
			done <- fmt.Errorf("opening network namespace %s: %w", n.Name, err)
			return
		}
		defer handle.Close() //nolint:errcheck // opened for reading
		if err := netns.Set(handle); err != nil {
			done <- fmt.Errorf("entering network namespace %s: %w", n.Name, err)
			return
		}
		done <- work()
	}()
	return <-done
}

// Exists says whether the namespace can be entered. A file without a namespace behind it, as a
// reboot leaves it, does not count.
func (n Namespace) Exists() bool {
	var stat unix.Statfs_t
	err := unix.Statfs(n.path(), &stat)
	return err == nil && stat.Type == unix.NSFS_MAGIC
}

// create makes the namespace the way iproute2 does, so that `ip netns` lists it, but without its
// shared mount on /run/netns, which would be left behind.
func (n Namespace) create() error {
	if n.Exists() {
		return nil
	}
	if err := os.MkdirAll(namespaces, 0o755); err != nil {
		return fmt.Errorf("making %s: %w", namespaces, err)
	}
	file, err := os.OpenFile(n.path(), os.O_CREATE|os.O_RDONLY, 0o444) //nolint:gosec // as iproute2 does
	if err != nil {
		return fmt.Errorf("making network namespace %s: %w", n.Name, err)
	}
	file.Close() //nolint:errcheck // it only marks the place to mount on
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("making network namespace %s: %w", n.Name, err)
			return
		}
		if err := unix.Mount(fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid()), n.path(), "none", unix.MS_BIND, ""); err != nil {
			done <- fmt.Errorf("mounting network namespace %s: %w", n.Name, err)
			return
		}
		done <- nil
	}()
	return <-done
}

// Delete removes the namespace and its link to the host. Processes still inside keep it alive, unseen.
func (n Namespace) Delete(subnet int) error {
	if subnet > 0 {
		if err := deleteLink(linkName(subnet)); err != nil {
			return err
		}
	}
	err := unix.Unmount(n.path(), unix.MNT_DETACH)
	if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("unmounting network namespace %s: %w", n.Name, err)
	}
	if err := os.Remove(n.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing network namespace %s: %w", n.Name, err)
	}
	os.Remove(namespaces) //nolint:errcheck // others' namespaces keep it
	return nil
}
