package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"

	"github.com/atoll-platform/atoll/test/cluster/internal/host"
	"github.com/atoll-platform/atoll/test/cluster/internal/process"
)

// traces are what a cluster shows on the machine. Others use the machine too, so only what names the
// cluster, or a cluster at all, is looked at.
type traces struct {
	mounts, links, groups, files []string
	marked                       []process.Identity
}

func observe(t *testing.T, h *harness) traces {
	t.Helper()
	var seen traces
	var err error
	if seen.mounts, err = host.Mounts(h.folder()); err != nil {
		t.Fatal(err)
	}
	if seen.marked, err = process.Marked(h.folder()); err != nil {
		t.Fatal(err)
	}
	links, err := netlink.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if name := link.Attrs().Name; strings.HasPrefix(name, "atoll-") {
			seen.links = append(seen.links, name)
		}
	}
	slices.Sort(seen.links)
	for _, pattern := range []string{"/sys/fs/cgroup/atoll-" + h.name, "/sys/fs/cgroup/*/atoll-" + h.name} {
		seen.groups = append(seen.groups, glob(t, pattern)...)
	}
	for _, pattern := range []string{h.folder(), "/run/netns/atoll-" + h.name, "/var/log/containers/*_inner_*"} {
		seen.files = append(seen.files, glob(t, pattern)...)
	}
	for _, cached := range glob(t, "/var/lib/cni/results/*") {
		if content, err := os.ReadFile(cached); err == nil && strings.Contains(string(content), h.folder()+"/") {
			seen.files = append(seen.files, cached)
		}
	}
	return seen
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func checkGone(t *testing.T, h *harness, before traces, pods []process.Identity) {
	t.Helper()
	if diff := cmp.Diff(before, observe(t, h), cmp.AllowUnexported(traces{})); diff != "" {
		t.Errorf("traces before (-) and after (+):\n%s", diff)
	}
	for _, pod := range pods {
		if pod.Alive() {
			t.Errorf("process %d of a pod outlived its cluster", pod.PID)
		}
	}
}
