// Package component says how each program of a cluster is started: its arguments, its configuration
// files and how to tell that it works. It starts nothing.
package component

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"text/template"

	"github.com/atoll-platform/atoll/test/cluster/internal/network"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

// PauseImage holds each pod's namespaces; DNSImage is CoreDNS. Both are made here, not pulled.
const (
	PauseImage = "docker.io/atoll-cluster/pause:1"
	DNSImage   = "docker.io/atoll-cluster/coredns:1.12.4"
)

//go:embed config
var configs embed.FS

var templates = template.Must(template.ParseFS(configs, "config/*"))

// Plan is what the components' arguments depend on. The templates read it too.
type Plan struct {
	Folder   run.Folder
	State    run.State
	Bin      string // folder of the programs that are built here
	CgroupV1 bool
	KeepOOM  bool // processes may not lower their oom_score_adj
}

// Component is one program of a cluster.
type Component struct {
	Name  string
	Path  string
	Args  []string
	Files map[string]string // configuration, by path
	Probe Probe
}

// Digest changes with everything that calls for a new start.
func (c Component) Digest() string {
	content, err := json.Marshal([]any{c.Path, c.Args, c.Files})
	if err != nil {
		panic(err) // strings are always encoded
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// ControlPlane returns the programs every cluster has, in the order they are started.
func (p Plan) ControlPlane() []Component {
	return []Component{p.etcd(), p.apiServer(), p.controllerManager(), p.scheduler(), p.storage()}
}

// Workers returns the programs that play the nodes, in the order they are started.
func (p Plan) Workers() []Component {
	switch p.State.Nodes.Kind {
	case run.Real:
		return []Component{p.containerd(), p.kubelet(), p.proxy(), p.networkPolicy()}
	case run.Simulated:
		return []Component{p.kwok()}
	}
	return nil
}

// Network is where the programs run: the cluster's own network if it has real nodes, else the host's.
func (p Plan) Network() network.Namespace {
	if p.State.Nodes.Kind == run.Real {
		return network.Of(p.Folder.Name())
	}
	return network.Namespace{}
}

// Address is where the API server is reached, and a real node's NodePorts.
func (p Plan) Address() string {
	if p.State.Nodes.Kind == run.Real {
		return network.Node(p.State.Subnet).String()
	}
	return "127.0.0.1"
}

// Server is the API server's URL.
func (p Plan) Server() string {
	return "https://" + p.Address() + ":" + p.Port("kube-apiserver")
}

// NodeName is the real node's.
func (p Plan) NodeName() string { return p.Folder.Name() + "-node" }

// Context is the name of the administrator's kubeconfig context.
func (p Plan) Context() string { return "atoll-" + p.Folder.Name() }

// Cgroup holds every pod of the cluster.
func (p Plan) Cgroup() string { return "atoll-" + p.Folder.Name() }

// PKI is the path of a file among the certificates.
func (p Plan) PKI(name string) string { return p.Folder.Path("pki", name) }

// ComponentKubeconfig is the path of the kubeconfig a component uses.
func (p Plan) ComponentKubeconfig(name string) string {
	return p.Folder.Path("config", name+".kubeconfig")
}

// ContainerdSocket is where containerd listens.
func (p Plan) ContainerdSocket() string { return p.Folder.Path("containerd.sock") }

// The addresses below are the same in every cluster; the templates take them from here.

// PodCIDR holds the pods' addresses.
func (Plan) PodCIDR() string { return network.PodCIDR }

// DNSAddress is the DNS Service's.
func (Plan) DNSAddress() string { return network.DNSAddress }

// PauseImage is the sandbox image.
func (Plan) PauseImage() string { return PauseImage }

// DNSImage is CoreDNS' image.
func (Plan) DNSImage() string { return DNSImage }

// ports are the well-known ones, used where a cluster has its own network.
var ports = map[string]int{
	"etcd": 2379, "etcd-peer": 2380, "kube-apiserver": 6443, "kube-controller-manager": 10257,
	"kube-scheduler": 10259, "kwok": 10247, "network-policy": 10258, "kubelet": 10250,
	"kubelet-health": 10248, "kube-proxy": 10256,
}

// SharedPorts names the ports that a cluster in the host's network must choose.
var SharedPorts = []string{"etcd", "etcd-peer", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"}

// Port is where a component listens.
func (p Plan) Port(name string) string {
	if port, chosen := p.State.Ports[name]; chosen {
		return strconv.Itoa(port)
	}
	return strconv.Itoa(ports[name])
}

func (p Plan) loopback(scheme, port, path string) string {
	return scheme + "://127.0.0.1:" + p.Port(port) + path
}

func (p Plan) kubernetes(name string, probe Probe, files map[string]string, args ...string) Component {
	return Component{Name: name, Path: filepath.Join(p.Bin, "kubernetes"), Args: append([]string{name}, args...), Files: files, Probe: probe}
}

func (p Plan) addon(name string, probe Probe, args ...string) Component {
	return Component{Name: name, Path: filepath.Join(p.Bin, "cluster-addons"), Args: append([]string{name}, args...), Probe: probe}
}

// Render fills in a template of the config folder.
func (p Plan) Render(name string) (string, error) {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, name, p); err != nil {
		return "", fmt.Errorf("filling in %s: %w", name, err)
	}
	return text.String(), nil
}

// must renders a template that does not depend on anything that can be wrong at run time.
func (p Plan) must(name string) string {
	text, err := p.Render(name)
	if err != nil {
		panic(err)
	}
	return text
}
