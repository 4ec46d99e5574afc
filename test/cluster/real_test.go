package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/atoll-platform/atoll/test/cluster/internal/host"
	"github.com/atoll-platform/atoll/test/cluster/internal/image"
	"github.com/atoll-platform/atoll/test/cluster/internal/process"
)

func TestReal(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Fatal("this test runs containers and needs root")
	}
	h := newHarness(t, "test-real")
	before := observe(t, h)

	if out := h.run("up", "--nodes", "real"); !strings.Contains(out, "nodes real") {
		t.Errorf("up does not say which nodes it started:\n%s", out)
	}
	archive := filepath.Join(t.TempDir(), "probe.tar")
	buildProbe(t, archive)
	if out := h.run("load", archive); strings.Contains(out, "there already") {
		t.Errorf("the first load imported nothing:\n%s", out)
	}
	if out := h.run("load", archive); !strings.Contains(out, "there already") {
		t.Errorf("the second load imported again:\n%s", out)
	}
	h.kubectl("apply", "--filename=testdata/pods.yaml")
	h.kubectl("wait", "--namespace=inner", "--for=condition=Ready", "pod", "--all", "--timeout=60s")

	t.Run("a pod reaches a Service by name", func(t *testing.T) {
		eventually(t, "client asks the server", h.askServer("client"))
	})
	t.Run("the host reaches a NodePort", func(t *testing.T) {
		eventually(t, "host asks the server", h.askNodePort)
	})
	t.Run("a pod reaches itself through its own Service", func(t *testing.T) {
		eventually(t, "server asks itself", h.askServer("server"))
	})
	t.Run("a pod reaches a NodePort", func(t *testing.T) {
		eventually(t, "client asks the node", func() error {
			return h.inPod("client", "get", "http://"+h.status().NodeIP+":30999")
		})
	})
	t.Run("a pod reaches the host", func(t *testing.T) {
		eventually(t, "client asks the host", h.askHost(t))
	})
	t.Run("a claim is bound and writable by a user without rights", func(t *testing.T) {
		if err := h.inPod("client", "write", "/data/note", "kept"); err != nil {
			t.Fatal(err)
		}
		h.kubectl("delete", "pod", "--namespace=inner", "client")
		h.kubectl("apply", "--filename=testdata/pods.yaml")
		h.kubectl("wait", "--namespace=inner", "--for=condition=Ready", "pod/client", "--timeout=60s")
		if err := h.inPod("client", "read", "/data/note"); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a network policy is enforced", func(t *testing.T) {
		h.kubectl("apply", "--filename=testdata/deny.yaml")
		eventually(t, "default-deny stops the client", refused(h.askServer("client")))
		eventually(t, "default-deny stops the NodePort", refused(h.askNodePort))
		h.kubectl("apply", "--filename=testdata/hole.yaml")
		eventually(t, "the hole lets the client through", h.askServer("client"))
		if err := h.askServer("stranger")(); err == nil {
			t.Error("the hole lets a stranger through")
		}
		if err := h.askNodePort(); err == nil {
			t.Error("the hole lets the host through")
		}
		h.kubectl("apply", "--filename=testdata/host.yaml")
		eventually(t, "a hole for the host's address lets it reach the NodePort", h.askNodePort)
		if err := h.askServer("stranger")(); err == nil {
			t.Error("the hole for the host lets a stranger through")
		}
	})
	t.Run("what was killed comes back and pods do not notice", func(t *testing.T) { h.kill(t, "kubelet", "containerd", "kube-apiserver", "etcd") })
	t.Run("a second up changes nothing", func(t *testing.T) {
		first := h.status()
		h.run("up", "--nodes", "real")
		for i, one := range h.status().Components {
			if one.PID != first.Components[i].PID {
				t.Errorf("up started %s anew", one.Name)
			}
		}
	})
	t.Run("a deleted claim frees its directory", func(t *testing.T) {
		h.kubectl("delete", "pod", "--namespace=inner", "client")
		h.kubectl("delete", "pvc", "--namespace=inner", "data")
		eventually(t, "the volume's directory is removed", func() error {
			return os.Remove(filepath.Join(h.folder(), "volumes")) // works once it is empty
		})
	})

	inside := observe(t, h)
	if len(inside.mounts) == 0 || len(inside.links) == len(before.links) {
		t.Fatalf("the running cluster shows neither mounts nor a link, so this test would not see leftovers: %+v", inside)
	}
	pods := podProcesses(t, h)
	if len(pods) == 0 {
		t.Fatal("no process of a pod was found, so this test would not see leftovers")
	}
	h.run("down")
	checkGone(t, h, before, pods)
	h.run("down") // nothing there is no failure
}

// kill kills components and checks that up heals the cluster without touching a pod.
func (h *harness) kill(t *testing.T, components ...string) {
	const uids = `jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[*].restartCount}{"\n"}{end}`
	pods := h.kubectl("get", "pods", "--namespace=inner", "--output", uids)
	for _, one := range components {
		if err := syscall.Kill(h.pid(one), syscall.SIGKILL); err != nil {
			t.Fatalf("killing %s: %v", one, err)
		}
	}
	if out, err := h.try("status"); err == nil {
		t.Errorf("status is content with dead components:\n%s", out)
	}
	h.run("up", "--nodes", "real")
	if status := h.status(); !status.Healthy {
		t.Errorf("up did not heal the cluster: %+v", status)
	}
	eventually(t, "client asks the server", h.askServer("client"))
	if now := h.kubectl("get", "pods", "--namespace=inner", "--output", uids); now != pods {
		t.Errorf("pods before:\n%s\nand after:\n%s", pods, now)
	}
}

func (h *harness) askServer(pod string) func() error {
	return func() error { return h.inPod(pod, "get", "http://server.inner.svc.cluster.local") }
}

func (h *harness) askNodePort() error {
	answer, err := (&http.Client{Timeout: 2 * time.Second}).Get("http://" + h.status().NodeIP + ":30999")
	if err != nil {
		return err
	}
	return answer.Body.Close()
}

// askHost has the client ask a server on the host's end of the link.
func (h *harness) askHost(t *testing.T) func() error {
	host := netip.MustParseAddr(h.status().NodeIP).Prev().String()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp4", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	if err := server.Listener.Close(); err != nil {
		t.Fatal(err)
	}
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return func() error { return h.inPod("client", "get", server.URL) }
}

func buildProbe(t *testing.T, archive string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "probe")
	build := exec.Command("go", "build", "-o", program, "./testdata/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the probe: %v\n%s", err, out)
	}
	if err := image.Write(archive, "docker.io/atoll-cluster/probe:1", program); err != nil {
		t.Fatal(err)
	}
}

// podProcesses returns the processes of the cluster's pods.
func podProcesses(t *testing.T, h *harness) []process.Identity {
	t.Helper()
	ids, err := host.CgroupProcesses("atoll-" + h.name)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}
