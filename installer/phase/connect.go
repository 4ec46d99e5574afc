package phase

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/progress"
	"github.com/atoll-platform/atoll/internal/helm"
)

// connectTries is how often a cluster is asked that does not answer in time.
const connectTries = 3

// connect makes the clients and detects what values depend on.
func connect(ctx context.Context, s *State, _ *progress.Step) (string, error) {
	if s.Cluster == nil {
		c, err := cluster.Connect(s.Connection)
		if err != nil {
			return "", err
		}
		s.Cluster = c
	}
	s.Result.Context = s.Cluster.Context
	info, err := s.serverVersion()
	if err != nil {
		return "", fmt.Errorf("connecting to the cluster at %s: %w; see that it is up and that --context and --kubeconfig name it", s.Cluster.Config.Host, err)
	}
	if s.Helm, err = helm.New(s.Cluster.Config); err != nil {
		return "", fmt.Errorf("connecting to the cluster at %s: %w", s.Cluster.Config.Host, err)
	}
	nodes, err := s.Cluster.Typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("listing the cluster's nodes: %w", err)
	}
	s.Detected.Host = firstAddress(nodes.Items)
	return fmt.Sprintf("%s, Kubernetes %s, %d node(s)", s.Cluster.Context, info.GitVersion, len(nodes.Items)), nil
}

// serverVersion forgives an API server that is slow for a moment, not one that refuses.
func (s *State) serverVersion() (info *version.Info, err error) {
	for range connectTries {
		info, err = s.Cluster.Typed.Discovery().ServerVersion()
		var slow net.Error
		if !errors.As(err, &slow) || !slow.Timeout() {
			return info, err
		}
	}
	return nil, err
}

// firstAddress is the internal address of the node that comes first by name: the same in every run.
func firstAddress(nodes []corev1.Node) string {
	nodes = slices.SortedFunc(slices.Values(nodes), func(a, b corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	for _, n := range nodes {
		for _, a := range n.Status.Addresses {
			if a.Type == corev1.NodeInternalIP {
				return a.Address
			}
		}
	}
	return ""
}
