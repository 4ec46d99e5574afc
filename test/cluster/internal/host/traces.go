package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// The folders outside the run folder that containerd, the CNI plugins and the kubelet write to, and
// that no setting moves. Several clusters, and others' programs, may share them.
const (
	shimSockets   = "/run/containerd/s"
	networkCache  = "/var/lib/cni/results"
	logLinks      = "/var/log/containers"
	devicePlugins = "/var/lib/kubelet/device-plugins"
)

// RemoveTraces removes what the cluster of a run folder left in folders it shares with others. Its
// programs must have ended, and its run folder must still be there.
func RemoveTraces(ctx context.Context, folder string) error {
	err := errors.Join(
		removeShimSockets(folder),
		removeNetworkCache(folder),
		removeLogLinks(folder),
		removeDeadSocket(ctx, filepath.Join(devicePlugins, "kubelet.sock")),
	)
	for _, shared := range []string{shimSockets, networkCache, devicePlugins} {
		os.Remove(shared)               //nolint:errcheck // what others have there keeps it
		os.Remove(filepath.Dir(shared)) //nolint:errcheck // likewise
	}
	os.Remove(logLinks) //nolint:errcheck // likewise
	return err
}

// removeShimSockets: each shim's socket is named in its bundle.
func removeShimSockets(folder string) error {
	addresses, err := filepath.Glob(filepath.Join(folder, "containerd", "state", "io.containerd.runtime.v2.task", "*", "*", "address"))
	if err != nil {
		return fmt.Errorf("listing shims: %w", err)
	}
	for _, file := range addresses {
		address, err := os.ReadFile(file)
		if err != nil {
			continue // the shim removed it when it ended
		}
		socket := strings.TrimPrefix(strings.TrimSpace(string(address)), "unix://")
		if filepath.Dir(socket) != shimSockets {
			continue
		}
		if err := remove(socket); err != nil {
			return err
		}
	}
	return nil
}

// removeNetworkCache: each cached answer of a CNI plugin names the network namespaces it set up,
// which lie in the run folder.
func removeNetworkCache(folder string) error {
	files, err := filepath.Glob(filepath.Join(networkCache, "*"))
	if err != nil {
		return fmt.Errorf("listing cached answers of CNI plugins: %w", err)
	}
	for _, file := range files {
		var cached struct {
			Result struct {
				Interfaces []struct{ Sandbox string }
			}
		}
		content, err := os.ReadFile(file)
		if err != nil || json.Unmarshal(content, &cached) != nil {
			continue // another program's, or gone
		}
		for _, link := range cached.Result.Interfaces {
			if !strings.HasPrefix(link.Sandbox, folder+"/") {
				continue
			}
			if err := remove(file); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeLogLinks: the kubelet links each container's log, which lies in the run folder.
func removeLogLinks(folder string) error {
	entries, err := filepath.Glob(filepath.Join(logLinks, "*"))
	if err != nil {
		return fmt.Errorf("listing links to logs: %w", err)
	}
	for _, link := range entries {
		target, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(target, folder+"/") {
			continue
		}
		if err := remove(link); err != nil {
			return err
		}
	}
	return nil
}

// removeDeadSocket removes a socket that nobody listens on.
func removeDeadSocket(ctx context.Context, path string) error {
	connection, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	switch {
	case err == nil:
		return connection.Close()
	case errors.Is(err, syscall.ECONNREFUSED):
		return remove(path)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return fmt.Errorf("asking whether anybody listens on %s: %w", path, err)
}

func remove(path string) error {
	err := os.Remove(path) //nolint:gosec // every caller has checked that the path is in a shared folder and the cluster's
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing %s: %w", path, err)
	}
	return nil
}
