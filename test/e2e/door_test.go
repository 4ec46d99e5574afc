package e2e

import (
	"context"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// openDoor lets the test reach an application from outside of the cluster, by ports of the node and past the network policy, until
// the test ends. It says where each of the ports is reached. Doors stay open while the API server is dead.
func (p *platform) openDoor(ctx context.Context, t testing.TB, namespace, application string, ports ...int32) map[int32]string {
	t.Helper()
	c := p.client(t)
	door := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "e2e-" + application},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, Selector: map[string]string{"app.kubernetes.io/name": application}},
	}
	for _, port := range ports {
		door.Spec.Ports = append(door.Spec.Ports, corev1.ServicePort{Name: "p" + strconv.Itoa(int(port)), Port: port, TargetPort: intstr.FromInt32(port)})
	}
	key := &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Namespace: door.Namespace, Name: door.Name},
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: door.Spec.Selector},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{
				From: []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0"}}},
			}},
		},
	}
	for _, obj := range []client.Object{door, key} {
		require.NoError(t, c.Create(ctx, obj))
		t.Cleanup(func() { require.NoError(t, client.IgnoreNotFound(c.Delete(context.WithoutCancel(ctx), obj))) })
	}
	var nodes corev1.NodeList
	require.NoError(t, c.List(ctx, &nodes))
	i := slices.IndexFunc(nodes.Items[0].Status.Addresses, func(a corev1.NodeAddress) bool { return a.Type == corev1.NodeInternalIP })
	require.GreaterOrEqual(t, i, 0, "the node has no address")
	at := map[int32]string{}
	for _, port := range door.Spec.Ports {
		address := net.JoinHostPort(nodes.Items[0].Status.Addresses[i].Address, strconv.Itoa(int(port.NodePort)))
		eventually(t, time.Minute, application+" at "+address, func(ctx context.Context) (bool, error) {
			conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
			if err == nil {
				return true, conn.Close()
			}
			return false, nil
		})
		at[port.Port] = address
	}
	return at
}
