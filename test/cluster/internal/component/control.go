package component

import (
	"net"

	"github.com/atoll-platform/atoll/test/cluster/internal/network"
	"github.com/atoll-platform/atoll/test/cluster/internal/pki"
	"github.com/atoll-platform/atoll/test/cluster/internal/run"
)

func (p Plan) etcd() Component {
	client, peer := p.loopback("https", "etcd", ""), p.loopback("https", "etcd-peer", "")
	return Component{
		Name:  "etcd",
		Path:  "/usr/bin/etcd",
		Probe: Probe{URL: client + "/health"},
		Args: []string{
			"--name=" + p.Folder.Name(),
			"--data-dir=" + p.Folder.Path("etcd"),
			"--listen-client-urls=" + client,
			"--advertise-client-urls=" + client,
			"--listen-peer-urls=" + peer,
			"--initial-advertise-peer-urls=" + peer,
			"--initial-cluster=" + p.Folder.Name() + "=" + peer,
			"--client-cert-auth",
			"--trusted-ca-file=" + p.PKI("etcd-ca.crt"),
			"--cert-file=" + p.PKI("etcd.crt"),
			"--key-file=" + p.PKI("etcd.key"),
			"--peer-client-cert-auth",
			"--peer-trusted-ca-file=" + p.PKI("etcd-ca.crt"),
			"--peer-cert-file=" + p.PKI("etcd.crt"),
			"--peer-key-file=" + p.PKI("etcd.key"),
			"--auto-compaction-retention=1",
			"--logger=zap",
			"--log-level=warn",
		},
	}
}

func (p Plan) apiServer() Component {
	authentication := p.Folder.Path("config", "authentication.yaml")
	args := []string{
		"--advertise-address=" + p.Address(),
		"--secure-port=" + p.Port("kube-apiserver"),
		"--tls-cert-file=" + p.PKI("kube-apiserver.crt"),
		"--tls-private-key-file=" + p.PKI("kube-apiserver.key"),
		"--client-ca-file=" + p.PKI("ca.crt"),
		"--authentication-config=" + authentication,
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--etcd-servers=" + p.loopback("https", "etcd", ""),
		"--etcd-cafile=" + p.PKI("etcd-ca.crt"),
		"--etcd-certfile=" + p.PKI("etcd-client.crt"),
		"--etcd-keyfile=" + p.PKI("etcd-client.key"),
		"--kubelet-certificate-authority=" + p.PKI("ca.crt"),
		"--kubelet-client-certificate=" + p.PKI("kube-apiserver-kubelet.crt"),
		"--kubelet-client-key=" + p.PKI("kube-apiserver-kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file=" + p.PKI("service-accounts.key"),
		"--service-account-signing-key-file=" + p.PKI("service-accounts.key"),
		"--service-cluster-ip-range=" + network.ServiceCIDR,
		"--profiling=false",
	}
	if p.State.Nodes.Kind != run.Real {
		// On the host's own network nobody but this host may reach it, and no pod runs that would
		// look for the kubernetes Service.
		args = append(args, "--bind-address=127.0.0.1", "--endpoint-reconciler-type=none")
	}
	files := map[string]string{authentication: p.must("authentication.yaml")}
	return p.kubernetes("kube-apiserver", Probe{URL: p.Server() + "/readyz"}, files, args...)
}

func (p Plan) controllerManager() Component {
	const name = "kube-controller-manager"
	return p.kubernetes(name, Probe{URL: p.loopback("https", name, "/healthz")}, nil,
		"--kubeconfig="+p.ComponentKubeconfig(name),
		"--use-service-account-credentials",
		"--bind-address=127.0.0.1",
		"--secure-port="+p.Port(name),
		"--tls-cert-file="+p.PKI(name+".crt"),
		"--tls-private-key-file="+p.PKI(name+".key"),
		"--root-ca-file="+p.PKI("ca.crt"),
		"--service-account-private-key-file="+p.PKI("service-accounts.key"),
		"--cluster-signing-cert-file="+p.PKI("ca.crt"),
		"--cluster-signing-key-file="+p.PKI("ca.key"),
		"--flex-volume-plugin-dir="+p.Folder.Path("kubelet", "plugins"),
		// After an API server that was dead, this waits up to a minute before it watches again. By the default of 50s it would
		// then take every node for dead, and services would forget their pods, although all nodes report.
		"--node-monitor-grace-period=5m",
		// The defaults, 20 and 30, are for a control plane that many share.
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
		"--leader-elect=false",
		"--profiling=false",
	)
}

func (p Plan) scheduler() Component {
	const name = "kube-scheduler"
	return p.kubernetes(name, Probe{URL: p.loopback("https", name, "/healthz")}, nil,
		"--kubeconfig="+p.ComponentKubeconfig(name),
		"--bind-address=127.0.0.1",
		"--secure-port="+p.Port(name),
		"--tls-cert-file="+p.PKI(name+".crt"),
		"--tls-private-key-file="+p.PKI(name+".key"),
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
		"--leader-elect=false",
		"--profiling=false",
	)
}

func (p Plan) storage() Component {
	return p.addon("local-storage", Probe{},
		"--kubeconfig="+p.ComponentKubeconfig("local-storage"),
		"--root="+p.Folder.Path("volumes"),
	)
}

// Leaves returns the certificates of the cluster: those that etcd trusts and those that the API
// server does. Nobody but the API server can talk to etcd.
func (p Plan) Leaves() (etcd, cluster []pki.Leaf) {
	local := net.IPv4(127, 0, 0, 1)
	etcd = []pki.Leaf{
		{File: "etcd", User: "etcd", IPs: []net.IP{local}},
		{File: "etcd-client", User: "kube-apiserver"},
	}
	cluster = []pki.Leaf{
		{
			File: "kube-apiserver", User: "kube-apiserver",
			DNS: []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"},
			IPs: []net.IP{local, net.ParseIP(p.Address()), net.IPv4(10, 96, 0, 1)},
		},
		{File: "kube-apiserver-kubelet", User: "kube-apiserver", Groups: []string{"system:masters"}},
		// Signs tokens, and is never shown as a certificate.
		{File: "service-accounts", User: "service-accounts"},
	}
	if p.State.Nodes.Kind == run.Real {
		cluster = append(cluster, pki.Leaf{File: "kubelet", User: p.NodeName(), DNS: []string{p.NodeName()}, IPs: []net.IP{net.ParseIP(p.Address())}})
	}
	return etcd, cluster
}

// Users returns the certificates that become kubeconfigs, by component.
func (p Plan) Users() []pki.Leaf {
	local := []net.IP{net.IPv4(127, 0, 0, 1)}
	users := []pki.Leaf{
		{File: "kube-controller-manager", User: "system:kube-controller-manager", IPs: local},
		{File: "kube-scheduler", User: "system:kube-scheduler", IPs: local},
		{File: "local-storage", User: "atoll-cluster:local-storage"},
	}
	switch p.State.Nodes.Kind {
	case run.Real:
		users = append(users,
			pki.Leaf{File: "kubelet-client", User: "system:node:" + p.NodeName(), Groups: []string{"system:nodes"}},
			pki.Leaf{File: "kube-proxy", User: "system:kube-proxy"},
			pki.Leaf{File: "network-policy", User: "atoll-cluster:network-policy"})
	case run.Simulated:
		users = append(users, pki.Leaf{File: "kwok", User: "atoll-cluster:kwok"})
	}
	return users
}
