// Package network closes a workspace's namespace both ways and opens the few holes that notebooks need.
//
// Nothing reaches the API server, the internet or another workspace.
package network

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/backup"
	"github.com/atoll-platform/atoll/operator/apply"
	"github.com/atoll-platform/atoll/operator/controller/workspace/owned"
)

const (
	portDNS         = 53
	portHub         = 8081
	portNotebook    = 8888
	portObjectStore = 7070
	portTrino       = 8443
	portCredentials = 8090
	portDesk        = 8091

	labelNamespace = "kubernetes.io/metadata.name"
	labelComponent = "app.kubernetes.io/component"
)

// Options say where the platform's components are.
type Options struct {
	// HubNamespace is where the hub and its proxy run.
	HubNamespace string
	// DataNamespace is where the object store runs.
	DataNamespace string
	// OwnNamespace is where the operator runs, which gives credentials for data.
	OwnNamespace string
	// DataEgress is where people's servers and runs find data outside of the cluster.
	DataEgress []Peer
	// RunEgress is what runs may reach besides, such as git servers.
	RunEgress []Peer
}

// Peer is a range of addresses and a port there.
type Peer struct {
	CIDR string
	Port int32
}

// Ensure applies the policies: the closed door first.
func Ensure(ctx context.Context, w apply.Writer, ws *v1alpha1.Workspace, opts Options) error {
	for _, policy := range []*networkingv1ac.NetworkPolicyApplyConfiguration{
		defaultDeny(ws),
		names(ws),
		notebooks(ws, opts),
		backups(ws, opts),
		runs(ws, opts),
	} {
		if err := w.EnsureExactly(ctx, policy.WithLabels(owned.Labels(ws)), &networkingv1.NetworkPolicy{}); err != nil {
			return err
		}
	}
	return nil
}

func defaultDeny(ws *v1alpha1.Workspace) *networkingv1ac.NetworkPolicyApplyConfiguration {
	return networkingv1ac.NetworkPolicy("default-deny", owned.Namespace(ws)).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector()).
			WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress))
}

// names lets every pod resolve names. It names no peer: a cluster's DNS may be a pod, a cache on the node or a
// process of the host.
func names(ws *v1alpha1.Workspace) *networkingv1ac.NetworkPolicyApplyConfiguration {
	return networkingv1ac.NetworkPolicy("allow-dns", owned.Namespace(ws)).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector()).
			WithPolicyTypes(networkingv1.PolicyTypeEgress).
			WithEgress(networkingv1ac.NetworkPolicyEgressRule().
				WithPorts(port(corev1.ProtocolUDP, portDNS), port(corev1.ProtocolTCP, portDNS))))
}

// notebooks lets the hub and its proxy in, and notebooks out to the hub's API, the object store, whoever gives credentials for it,
// and data outside of the cluster.
func notebooks(ws *v1alpha1.Workspace, opts Options) *networkingv1ac.NetworkPolicyApplyConfiguration {
	spec := networkingv1ac.NetworkPolicySpec().
		WithPodSelector(selector(v1alpha1.LabelComponent, owned.ComponentNotebook)).
		WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
		WithIngress(networkingv1ac.NetworkPolicyIngressRule().
			WithFrom(component(opts.HubNamespace, "hub"), component(opts.HubNamespace, "proxy")).
			WithPorts(port(corev1.ProtocolTCP, portNotebook))).
		WithEgress(
			networkingv1ac.NetworkPolicyEgressRule().
				WithTo(component(opts.HubNamespace, "hub")).
				WithPorts(port(corev1.ProtocolTCP, portHub)),
			objectStore(opts),
			operator(opts, portCredentials),
			queries(opts),
		)
	return networkingv1ac.NetworkPolicy("notebook", owned.Namespace(ws)).WithSpec(spec.WithEgress(outside(opts.DataEgress)...))
}

// backups lets the jobs that copy homes out to the object store.
func backups(ws *v1alpha1.Workspace, opts Options) *networkingv1ac.NetworkPolicyApplyConfiguration {
	return networkingv1ac.NetworkPolicy("backup", owned.Namespace(ws)).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(selector(v1alpha1.LabelComponent, backup.Component)).
			WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
			WithEgress(objectStore(opts)))
}

func objectStore(opts Options) *networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration {
	return networkingv1ac.NetworkPolicyEgressRule().
		WithTo(networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(selector(labelNamespace, opts.DataNamespace))).
		WithPorts(port(corev1.ProtocolTCP, portObjectStore))
}

// operator is asked for credentials for what is granted to the person, and by runs for what opens their notebooks.
func operator(opts Options, number int32) *networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration {
	return networkingv1ac.NetworkPolicyEgressRule().
		WithTo(networkingv1ac.NetworkPolicyPeer().
			WithNamespaceSelector(selector(labelNamespace, opts.OwnNamespace)).
			WithPodSelector(selector("app.kubernetes.io/name", "operator"))).
		WithPorts(port(corev1.ProtocolTCP, number))
}

// queries are Trino's to answer, where there is one: it stands beside the operator.
func queries(opts Options) *networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration {
	return networkingv1ac.NetworkPolicyEgressRule().
		WithTo(networkingv1ac.NetworkPolicyPeer().
			WithNamespaceSelector(selector(labelNamespace, opts.OwnNamespace)).
			WithPodSelector(selector("app.kubernetes.io/name", "trino"))).
		WithPorts(port(corev1.ProtocolTCP, portTrino))
}

// runs lets runs out to the object store, to the operator, to Trino, and to what the platform allows besides. Nothing is let in.
func runs(ws *v1alpha1.Workspace, opts Options) *networkingv1ac.NetworkPolicyApplyConfiguration {
	spec := networkingv1ac.NetworkPolicySpec().
		WithPodSelector(selector(v1alpha1.LabelComponent, owned.ComponentRun)).
		WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
		WithEgress(objectStore(opts), operator(opts, portCredentials), operator(opts, portDesk), queries(opts)).
		WithEgress(outside(opts.DataEgress)...).
		WithEgress(outside(opts.RunEgress)...)
	return networkingv1ac.NetworkPolicy("run", owned.Namespace(ws)).WithSpec(spec)
}

// outside are the addresses outside of the cluster that are let out to.
func outside(peers []Peer) (rules []*networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration) {
	for _, p := range peers {
		rules = append(rules, networkingv1ac.NetworkPolicyEgressRule().
			WithTo(networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(p.CIDR))).
			WithPorts(port(corev1.ProtocolTCP, p.Port)))
	}
	return rules
}

func component(namespace, name string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
	return networkingv1ac.NetworkPolicyPeer().
		WithNamespaceSelector(selector(labelNamespace, namespace)).
		WithPodSelector(selector(labelComponent, name))
}

func selector(key, value string) *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().WithMatchLabels(map[string]string{key: value})
}

func port(protocol corev1.Protocol, number int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(number))
}
