package component

import (
	"slices"
	"strings"
	"testing"

	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

func plan(kind string) Plan {
	state := run.State{Nodes: run.Nodes{Kind: kind, Count: 3}, Subnet: 5}
	if kind != run.Real {
		state.Ports = map[string]int{"etcd": 1001, "etcd-peer": 1002, "kube-apiserver": 1003, "kube-controller-manager": 1004, "kube-scheduler": 1005, "kwok": 1006}
	}
	return Plan{Folder: "/root/demo", State: state, Bin: "/bin"}
}

func names(components []Component) string {
	var all []string
	for _, one := range components {
		all = append(all, one.Name)
	}
	return strings.Join(all, " ")
}

func TestComponents(t *testing.T) {
	const control = "etcd kube-apiserver kube-controller-manager kube-scheduler local-storage"
	for kind, workers := range map[string]string{
		run.Real:      "containerd kubelet kube-proxy network-policy",
		run.Simulated: "kwok",
		run.None:      "",
	} {
		if got := names(plan(kind).ControlPlane()); got != control {
			t.Errorf("%s: control plane %s", kind, got)
		}
		if got := names(plan(kind).Workers()); got != workers {
			t.Errorf("%s: workers %s", kind, got)
		}
	}
}

// A cluster in the host's network must be out of reach of other hosts, and out of the way of others'
// well-known ports.
func TestSharedNetwork(t *testing.T) {
	for _, kind := range []string{run.Simulated, run.None} {
		server := plan(kind).apiServer()
		for _, want := range []string{"--bind-address=127.0.0.1", "--secure-port=1003", "--etcd-servers=https://127.0.0.1:1001"} {
			if !slices.Contains(server.Args, want) {
				t.Errorf("%s: the API server is started without %s", kind, want)
			}
		}
		if got := plan(kind).Server(); got != "https://127.0.0.1:1003" {
			t.Errorf("%s: the API server is at %s", kind, got)
		}
		if plan(kind).Network().Name != "" {
			t.Errorf("%s: has a network of its own", kind)
		}
	}
	if got := plan(run.Real).Server(); got != "https://172.31.5.2:6443" {
		t.Errorf("real: the API server is at %s", got)
	}
}

func TestDigestCoversConfiguration(t *testing.T) {
	before, changed := plan(run.Real), plan(run.Real)
	changed.KeepOOM = true
	if before.containerd().Digest() == changed.containerd().Digest() {
		t.Error("a changed configuration file does not change the digest")
	}
	if before.kubelet().Digest() != changed.kubelet().Digest() {
		t.Error("another component's change changes the digest")
	}
	changed.Bin = "/elsewhere"
	if before.kubelet().Digest() == changed.kubelet().Digest() {
		t.Error("another program does not change the digest")
	}
}

// Whoever holds a key of the cluster gets no further than it must.
func TestCertificatesAreNarrow(t *testing.T) {
	etcd, _ := plan(run.Real).Leaves()
	for _, leaf := range etcd {
		if leaf.User != "etcd" && leaf.User != "kube-apiserver" {
			t.Errorf("etcd trusts %s", leaf.User)
		}
	}
	for _, kind := range []string{run.Real, run.Simulated, run.None} {
		for _, user := range plan(kind).Users() {
			if slices.Contains(user.Groups, "system:masters") {
				t.Errorf("%s: %s may do everything", kind, user.User)
			}
		}
	}
}

func TestManifestsRender(t *testing.T) {
	for _, name := range []string{"dns.yaml", "network.yaml", "storage.yaml", "kwok.yaml"} {
		text, err := plan(run.Real).Render(name)
		if err != nil || strings.Contains(text, "<no value>") {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
