package charts_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The ranks are apart enough for a site to put its own between them.
var priorities = map[string]int32{
	"directory":   1000000,
	"system":      900000,
	"data":        800000,
	"application": 700000,
	"job":         -10,
}

func TestEverySubclusterHasAFoundation(t *testing.T) {
	got := map[string]int32{}
	for sub := range priorities {
		var class *schedulingv1.PriorityClass
		for _, obj := range render(t, sub+"/foundation", nil) {
			if pc, ok := obj.(*schedulingv1.PriorityClass); ok {
				class = pc
			}
		}
		if class == nil || class.Name != "atoll-"+sub {
			t.Errorf("%s: its foundation has no PriorityClass atoll-%s", sub, sub)
			continue
		}
		got[sub] = class.Value
		want := corev1.PreemptLowerPriority
		if sub == "job" {
			want = corev1.PreemptNever
		}
		if class.PreemptionPolicy == nil || *class.PreemptionPolicy != want {
			t.Errorf("%s: preemptionPolicy is not %s", sub, want)
		}
	}
	if diff := cmp.Diff(priorities, got); diff != "" {
		t.Errorf("priorities (-want +got):\n%s", diff)
	}
}

func TestFoundationDeniesByDefault(t *testing.T) {
	everything := networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
	}
	for sub := range priorities {
		denied := false
		for _, obj := range render(t, sub+"/foundation", nil) {
			np, ok := obj.(*networkingv1.NetworkPolicy)
			if !ok {
				continue
			}
			denied = denied || cmp.Equal(everything, np.Spec)
			if len(np.Spec.Ingress) > 0 {
				t.Errorf("%s: %s lets traffic in", sub, id(np))
			}
			for _, rule := range np.Spec.Egress {
				for _, port := range rule.Ports {
					if port.Port.IntValue() != 53 {
						t.Errorf("%s: %s lets traffic out to port %s", sub, id(np), port.Port)
					}
				}
			}
		}
		if !denied {
			t.Errorf("%s: its foundation has no policy that denies all traffic of all pods", sub)
		}
	}
}

// The quota counts requests, so a container that names none must get some from the limit range.
func TestFoundationDefaultsWhatItsQuotaCounts(t *testing.T) {
	for sub := range priorities {
		var quotas []*corev1.ResourceQuota
		defaults := corev1.ResourceList{}
		for _, obj := range render(t, sub+"/foundation", nil) {
			switch obj := obj.(type) {
			case *corev1.ResourceQuota:
				quotas = append(quotas, obj)
			case *corev1.LimitRange:
				defaults = obj.Spec.Limits[0].DefaultRequest
			}
		}
		if len(quotas) != 2 {
			t.Errorf("%s: its foundation has %d quotas, want one for all and one for foreign priorities", sub, len(quotas))
		}
		for _, quota := range quotas {
			for counted, request := range map[corev1.ResourceName]corev1.ResourceName{
				corev1.ResourceRequestsCPU: corev1.ResourceCPU, corev1.ResourceRequestsMemory: corev1.ResourceMemory,
			} {
				if _, ok := quota.Spec.Hard[counted]; !ok {
					continue
				}
				if _, ok := defaults[request]; !ok {
					t.Errorf("%s: %s counts %s and no limit range defaults it", sub, id(quota), counted)
				}
			}
		}
	}
}

func TestFoundationQuotaCanBeLifted(t *testing.T) {
	values := map[string]any{"quota": map[string]any{"hard": map[string]any{"requests.cpu": nil, "pods": "7"}}}
	for _, obj := range render(t, "job/foundation", values) {
		quota, ok := obj.(*corev1.ResourceQuota)
		if !ok || quota.Name != "foundation" {
			continue
		}
		if _, ok := quota.Spec.Hard[corev1.ResourceRequestsCPU]; ok {
			t.Error("requests.cpu is still bound")
		}
		if got := quota.Spec.Hard.Pods().Value(); got != 7 {
			t.Errorf("pods = %d, want 7", got)
		}
		return
	}
	t.Error("no quota was rendered")
}
