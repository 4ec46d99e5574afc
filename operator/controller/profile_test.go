package controller_test

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

func networkPolicies() client.ObjectList { return &networkingv1.NetworkPolicyList{} }

func newProfile(name string, change ...func(*v1alpha1.Profile)) *v1alpha1.Profile {
	p := &v1alpha1.Profile{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.ProfileSpec{
			DisplayName: "Python",
			Image:       "docker.io/atoll/notebook:0.1.0",
			Sizes: []v1alpha1.Size{{
				Name:   "small",
				CPU:    v1alpha1.ResourceRange{Guarantee: resource.MustParse("100m"), Limit: resource.MustParse("1")},
				Memory: v1alpha1.ResourceRange{Guarantee: resource.MustParse("256Mi"), Limit: resource.MustParse("1Gi")},
			}},
		},
	}
	for _, c := range change {
		c(p)
	}
	return p
}

func profileSettled(t testing.TB, name, reason string) *v1alpha1.Profile {
	t.Helper()
	p := &v1alpha1.Profile{}
	eventually(t, "profile "+name+" is "+reason, func() error {
		if err := admin.Get(ctx, client.ObjectKey{Name: name}, p); err != nil {
			return err
		}
		ready := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionReady)
		if ready == nil || ready.Reason != reason || p.Status.ObservedGeneration != p.Generation {
			return fmt.Errorf("generation %d, observed %d, Ready is %+v", p.Generation, p.Status.ObservedGeneration, ready)
		}
		return nil
	})
	return p
}

func TestProfileThatCannotWork(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*v1alpha1.Profile)
		want   string
	}{
		{"bad-image", func(p *v1alpha1.Profile) { p.Spec.Image = "docker.io/Atoll/notebook:1" }, "spec.image"},
		{"bad-memory", func(p *v1alpha1.Profile) { p.Spec.Sizes[0].Memory.Guarantee = resource.MustParse("1500m") }, "spec.sizes[small].memory.guarantee"},
		{"bad-gpu", func(p *v1alpha1.Profile) {
			p.Spec.Sizes[0].GPU = &v1alpha1.GPU{Resource: "nvidia..com/gpu", Count: 1}
		}, "spec.sizes[small].gpu.resource"},
		{"bad-selector", func(p *v1alpha1.Profile) {
			p.Spec.NodePool = &v1alpha1.NodePool{NodeSelector: map[string]string{"pool": "a b"}}
		}, "spec.nodePool.nodeSelector"},
		{"bad-toleration", func(p *v1alpha1.Profile) {
			p.Spec.NodePool = &v1alpha1.NodePool{Tolerations: []v1alpha1.Toleration{{Key: "a/b/c"}}}
		}, "spec.nodePool.tolerations[0]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := admin.Create(ctx, newProfile(tt.name, tt.change)); err != nil {
				t.Fatal(err)
			}
			p := profileSettled(t, tt.name, v1alpha1.ReasonInvalid)
			stalled := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionStalled)
			if stalled == nil || !strings.Contains(stalled.Message, tt.want) {
				t.Errorf("Stalled is %+v; its message should name %s", stalled, tt.want)
			}
		})
	}
}

func TestProfileIsRepaired(t *testing.T) {
	if err := admin.Create(ctx, newProfile("repair", func(p *v1alpha1.Profile) { p.Spec.Image = "docker.io/Atoll/x:1" })); err != nil {
		t.Fatal(err)
	}
	p := profileSettled(t, "repair", v1alpha1.ReasonInvalid)
	p.Spec.Image = "docker.io/atoll/x:1"
	if err := admin.Update(ctx, p); err != nil {
		t.Fatal(err)
	}
	p = profileSettled(t, "repair", v1alpha1.ReasonReady)
	if meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionStalled) != nil {
		t.Error("a repaired profile is still stalled")
	}
}

func TestProfileCountsItsUsers(t *testing.T) {
	ensureProfile(t, "counted")
	ensureProfile(t, "other")
	counts := func(workspaces, servers int32) func() error {
		return func() error {
			p := &v1alpha1.Profile{}
			if err := admin.Get(ctx, client.ObjectKey{Name: "counted"}, p); err != nil {
				return err
			}
			if p.Status.Workspaces != workspaces || p.Status.Servers != servers {
				return fmt.Errorf("%d workspaces and %d servers, want %d and %d", p.Status.Workspaces, p.Status.Servers, workspaces, servers)
			}
			return nil
		}
	}
	create(t, newWorkspace("counts-a", func(ws *v1alpha1.Workspace) { ws.Spec.Profiles = []string{"counted"} }), v1alpha1.ReasonReady)
	create(t, newWorkspace("counts-b", func(ws *v1alpha1.Workspace) { ws.Spec.Profiles = []string{"counted", "other"} }), v1alpha1.ReasonReady)
	eventually(t, "two workspaces are counted", counts(2, 0))

	server := startServer(t, "counts-a", "ada", "counted")
	eventually(t, "a server is counted", counts(2, 1))
	eventually(t, "the workspace counts its server", func() error {
		if n := settled(t, "counts-a", v1alpha1.ReasonReady).Status.Servers; n != 1 {
			return fmt.Errorf("%d servers", n)
		}
		return nil
	})
	update(t, "counts-b", func(ws *v1alpha1.Workspace) { ws.Spec.Profiles = []string{"other"} })
	eventually(t, "a workspace that no longer allows it is not counted", counts(1, 1))
	if err := admin.Delete(ctx, server, client.GracePeriodSeconds(0)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a server that is gone is not counted", counts(1, 0))
}

// startServer makes the pod that the hub would make.
func startServer(t testing.TB, workspace, slug, profile string) *corev1.Pod {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "ws-" + workspace,
			Name:      "notebook-" + slug,
			Labels: map[string]string{
				"app.kubernetes.io/managed-by": "atoll-hub",
				"atoll.dev/component":          "notebook",
				"atoll.dev/workspace":          workspace,
				"atoll.dev/person":             slug,
				"atoll.dev/profile":            profile,
			},
		},
		Spec: corev1.PodSpec{
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot:   ptr.To(true),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name:  "notebook",
				Image: "docker.io/atoll/notebook:0.1.0",
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: ptr.To(false),
					Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
			}},
		},
	}
	eventually(t, "starting "+pod.Name, func() error { return admin.Create(ctx, pod) })
	return pod
}
