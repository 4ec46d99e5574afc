package network

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func TestWhereDataIsOutsideOfTheCluster(t *testing.T) {
	ws := &v1alpha1.Workspace{}
	ws.Name = "fraud"
	opts := Options{
		DataEgress: []Peer{{"169.254.170.23/32", 80}, {"52.219.0.0/20", 443}}, RunEgress: []Peer{{"203.0.113.0/24", 443}},
	}
	data := map[string]int32{"169.254.170.23/32": 80, "52.219.0.0/20": 443}
	for name, tt := range map[string]struct {
		policy *networkingv1ac.NetworkPolicyApplyConfiguration
		want   map[string]int32
	}{
		"servers": {notebooks(ws, opts), data},
		"runs":    {runs(ws, opts), map[string]int32{"169.254.170.23/32": 80, "52.219.0.0/20": 443, "203.0.113.0/24": 443}},
		"backups": {backups(ws, opts), map[string]int32{}},
		"names":   {names(ws), map[string]int32{}},
	} {
		got := map[string]int32{}
		for _, rule := range tt.policy.Spec.Egress {
			for _, peer := range rule.To {
				if peer.IPBlock != nil && len(rule.Ports) == 1 {
					got[*peer.IPBlock.CIDR] = rule.Ports[0].Port.IntVal
				}
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s reach other addresses (-want +got):\n%s", name, diff)
		}
	}
}
