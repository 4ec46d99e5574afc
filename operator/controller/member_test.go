package controller_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/person"
)

func TestMemberLeaves(t *testing.T) {
	create(t, newWorkspace("leave"), v1alpha1.ReasonReady)
	guest := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ws-leave", Name: "person-gus",
		Labels:      map[string]string{"app.kubernetes.io/managed-by": "atoll-hub", "atoll.dev/workspace": "leave"},
		Annotations: map[string]string{"atoll.dev/person": "gus"},
	}}
	if err := admin.Create(ctx, guest); err != nil {
		t.Fatal(err)
	}
	update(t, "leave", func(ws *v1alpha1.Workspace) {
		ws.Spec.Members = slices.DeleteFunc(ws.Spec.Members, func(m v1alpha1.Member) bool { return m.Name == "bob" || m.Name == "eve@example.com" })
	})
	ws := settled(t, "leave", v1alpha1.ReasonReady)
	if ws.Status.People != 1 {
		t.Errorf("%d people, want 1", ws.Status.People)
	}
	if got := names(t, &corev1.ServiceAccountList{}, "ws-leave"); !slices.Equal(got, []string{"person-ada", "person-gus"}) {
		t.Errorf("accounts are %v: those of people who left have to go, the hub's have to stay", got)
	}
	if got := names(t, &corev1.PersistentVolumeClaimList{}, "ws-leave"); len(got) != 3 {
		t.Errorf("homes are %v: a home stays when its person leaves", got)
	}
	if got := subjects(t, "ws-leave", "atoll-workspace-member"); !slices.Equal(got, []string{"Group analysts"}) {
		t.Errorf("members are %v", got)
	}
	if got := subjects(t, "ws-leave", "atoll-workspace-viewer"); got != nil {
		t.Errorf("viewers are %v, though there are none", got)
	}
}

func TestMemberChangesRole(t *testing.T) {
	create(t, newWorkspace("promote"), v1alpha1.ReasonReady)
	update(t, "promote", func(ws *v1alpha1.Workspace) { ws.Spec.Members[0].Role = v1alpha1.RoleOwner })
	settled(t, "promote", v1alpha1.ReasonReady)
	if got := subjects(t, "ws-promote", "atoll-workspace-owner"); !slices.Equal(got, []string{"User ada", "User bob"}) {
		t.Errorf("owners are %v", got)
	}
	if got := subjects(t, "ws-promote", "atoll-workspace-member"); !slices.Equal(got, []string{"Group analysts"}) {
		t.Errorf("members are %v", got)
	}
}

func TestPeopleWhoCannotBeToldApart(t *testing.T) {
	// The hashes of these two begin alike, which is how rare it has to be.
	const one, other = "ada.,;,!;x", "ada.:,;,,x"
	if person.Slug(one) != person.Slug(other) {
		t.Fatalf("%q and %q have slugs of their own", one, other)
	}
	ws := create(t, newWorkspace("apart", func(ws *v1alpha1.Workspace) {
		ws.Spec.Owner = one
		ws.Spec.Members = []v1alpha1.Member{{Kind: v1alpha1.MemberUser, Name: other, Role: v1alpha1.RoleMember}}
	}), v1alpha1.ReasonInvalid)
	if c := ready(ws); !strings.Contains(c.Message, strconv.Quote(one)+" and "+strconv.Quote(other)) {
		t.Errorf("Ready is %+v", c)
	}
	update(t, "apart", func(ws *v1alpha1.Workspace) { ws.Spec.Members[0].Name = "Ada.Lovelace-2" })
	settled(t, "apart", v1alpha1.ReasonReady)
}

func TestHomeOfTheHubIsTakenOver(t *testing.T) {
	create(t, newWorkspace("adopt"), v1alpha1.ReasonReady)
	home := &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "ws-adopt", Name: "home-gus",
			Labels: map[string]string{"app.kubernetes.io/managed-by": "atoll-hub", "atoll.dev/workspace": "adopt"},
		},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			StorageClassName: ptr.To("from-before"),
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("7Gi")}},
		},
	}
	if err := admin.Create(ctx, home); err != nil {
		t.Fatal(err)
	}
	update(t, "adopt", func(ws *v1alpha1.Workspace) {
		ws.Spec.Members = append(ws.Spec.Members, v1alpha1.Member{Kind: v1alpha1.MemberUser, Name: "gus", Role: v1alpha1.RoleMember})
	})
	settled(t, "adopt", v1alpha1.ReasonReady)
	if err := admin.Get(ctx, client.ObjectKeyFromObject(home), home); err != nil {
		t.Fatal(err)
	}
	size := home.Spec.Resources.Requests[corev1.ResourceStorage]
	if home.Labels["app.kubernetes.io/managed-by"] != "atoll-operator" || home.Annotations["atoll.dev/person"] != "gus" || size.String() != "7Gi" {
		t.Errorf("the home is %s, %v, %v", size.String(), home.Labels, home.Annotations)
	}
}

func TestHomesGrow(t *testing.T) {
	for name, expands := range map[string]bool{"grows": true, "stays": false} {
		class := &storagev1.StorageClass{ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: "example.com/disk", AllowVolumeExpansion: ptr.To(expands)}
		if err := admin.Create(ctx, class); err != nil {
			t.Fatal(err)
		}
	}
	size := func(workspace, home string) string {
		claim := &corev1.PersistentVolumeClaim{}
		if err := admin.Get(ctx, client.ObjectKey{Namespace: "ws-" + workspace, Name: home}, claim); err != nil {
			t.Fatal(err)
		}
		q := claim.Spec.Resources.Requests[corev1.ResourceStorage]
		return q.String()
	}
	of := func(class string) func(*v1alpha1.Workspace) {
		return func(ws *v1alpha1.Workspace) { ws.Spec.Home.StorageClassName = class }
	}
	grow := func(ws *v1alpha1.Workspace) { ws.Spec.Home.Size = resource.MustParse("20Gi") }

	t.Run("once they are bound", func(t *testing.T) {
		create(t, newWorkspace("grows", of("grows")), v1alpha1.ReasonReady)
		bind(t, "ws-grows", "home-ada")
		update(t, "grows", grow)
		settled(t, "grows", v1alpha1.ReasonReady)
		eventually(t, "the bound home has grown", func() error {
			if got := size("grows", "home-ada"); got != "20Gi" {
				return fmt.Errorf("it is %s", got)
			}
			return nil
		})
		if got := size("grows", "home-bob"); got != "5Gi" {
			t.Errorf("a home that is not bound is %s; Kubernetes would have refused that", got)
		}
		bind(t, "ws-grows", "home-bob")
		eventually(t, "the home grows when it is bound", func() error {
			if got := size("grows", "home-bob"); got != "20Gi" {
				return fmt.Errorf("it is %s", got)
			}
			return nil
		})
	})

	t.Run("not where the class cannot", func(t *testing.T) {
		create(t, newWorkspace("stays", of("stays")), v1alpha1.ReasonReady)
		bind(t, "ws-stays", "home-ada")
		update(t, "stays", grow)
		ws := settled(t, "stays", v1alpha1.ReasonHomeNotExpandable)
		if c := ready(ws); c.Status != metav1.ConditionFalse || !strings.Contains(c.Message, "the home of ada cannot grow to 20Gi") {
			t.Errorf("Ready is %+v", c)
		}
	})
}

func TestHomesThatDoNotFit(t *testing.T) {
	ws := create(t, newWorkspace("small", func(ws *v1alpha1.Workspace) {
		ws.Spec.Quota.Storage = resource.MustParse("5Gi")
		ws.Spec.Home.Size = resource.MustParse("6Gi")
	}), v1alpha1.ReasonQuotaExceeded)
	if c := ready(ws); !strings.Contains(c.Message, "the home of ada (6Gi) does not fit into quota.storage (5Gi)") {
		t.Errorf("Ready is %+v", c)
	}
	update(t, "small", func(ws *v1alpha1.Workspace) { ws.Spec.Quota.Storage = resource.MustParse("100Gi") })
	settled(t, "small", v1alpha1.ReasonReady)
}

func TestHomesWaitForTheQuota(t *testing.T) {
	ws := create(t, newWorkspace("uncounted"), v1alpha1.ReasonProgressing)
	if c := ready(ws); c.Status != metav1.ConditionFalse || !strings.Contains(c.Message, "quota") {
		t.Errorf("Ready is %+v", c)
	}
	if got := names(t, &corev1.PersistentVolumeClaimList{}, uncounted); len(got) > 0 {
		t.Errorf("homes %v were made before the quota could refuse them", got)
	}
	use(t, uncounted, "servers", map[corev1.ResourceName]string{"pods": "0"})
	use(t, uncounted, "workspace", map[corev1.ResourceName]string{"limits.cpu": "0", "limits.memory": "0", "requests.storage": "0", "requests.nvidia.com/gpu": "0"})
	settled(t, "uncounted", v1alpha1.ReasonReady)
	if got := names(t, &corev1.PersistentVolumeClaimList{}, uncounted); len(got) != 3 {
		t.Errorf("homes are %v", got)
	}
}

// bind marks a claim as bound, as the volume controller would.
func bind(t testing.TB, namespace, name string) {
	t.Helper()
	eventually(t, "binding "+name, func() error {
		claim := &corev1.PersistentVolumeClaim{}
		if err := admin.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, claim); err != nil {
			return err
		}
		if claim.Spec.VolumeName == "" {
			claim.Spec.VolumeName = "volume-of-" + name
			if err := admin.Update(ctx, claim); err != nil && !apierrors.IsConflict(err) {
				return err
			}
		}
		claim.Status.Phase = corev1.ClaimBound
		return admin.Status().Update(ctx, claim)
	})
}
