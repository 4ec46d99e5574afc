package component

import (
	"path/filepath"

	"github.com/atoll-platform/atoll/test/cluster/internal/network"
)

func (p Plan) containerd() Component {
	config := p.Folder.Path("config", "containerd.toml")
	return Component{
		Name:  "containerd",
		Path:  "/usr/bin/containerd",
		Args:  []string{"--config=" + config},
		Probe: Probe{Socket: p.ContainerdSocket()},
		Files: map[string]string{
			config: p.must("containerd.toml"),
			p.Folder.Path("config", "cni", "10-bridge.conflist"): p.must("bridge.conflist"),
		},
	}
}

func (p Plan) kubelet() Component {
	config := p.Folder.Path("config", "kubelet.yaml")
	files := map[string]string{
		config: p.must("kubelet.yaml"),
		// Pods whose DNS policy is Default get this file: nothing of the host's resolver is of use to them.
		p.Folder.Path("config", "resolv.conf"): "",
	}
	return p.kubernetes("kubelet", Probe{URL: p.loopback("http", "kubelet-health", "/healthz")}, files,
		"--config="+config,
		"--kubeconfig="+p.ComponentKubeconfig("kubelet-client"),
		"--hostname-override="+p.NodeName(),
		"--node-ip="+p.Address(),
		"--root-dir="+p.Folder.Path("kubelet"),
		"--cert-dir="+p.Folder.Path("kubelet", "pki"),
	)
}

func (p Plan) proxy() Component {
	config := p.Folder.Path("config", "kube-proxy.yaml")
	return p.kubernetes("kube-proxy", Probe{URL: p.loopback("http", "kube-proxy", "/healthz")},
		map[string]string{config: p.must("kube-proxy.yaml")}, "--config="+config)
}

func (p Plan) networkPolicy() Component {
	const name = "network-policy"
	return p.addon(name, Probe{URL: p.loopback("http", name, "/healthz")},
		"--kubeconfig="+p.ComponentKubeconfig(name),
		"--node="+p.NodeName(),
		"--service-cidr="+network.ServiceCIDR,
		"--healthz=127.0.0.1:"+p.Port(name),
	)
}

func (p Plan) kwok() Component {
	config := p.Folder.Path("config", "kwok-settings.yaml")
	return Component{
		Name:  "kwok",
		Path:  filepath.Join(p.Bin, "kwok"),
		Probe: Probe{URL: p.loopback("http", "kwok", "/healthz")},
		Args:  []string{"--kubeconfig=" + p.ComponentKubeconfig("kwok"), "--config=" + config},
		Files: map[string]string{config: p.must("kwok-settings.yaml")},
	}
}
