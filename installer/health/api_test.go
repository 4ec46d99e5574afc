package health

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/internal/apitest"
)

var server *apitest.Server

func TestMain(m *testing.M) {
	os.Exit(apitest.Run(m, func(s *apitest.Server) { server = s }))
}

const manifest = `---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data: {a: "1"}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  replicas: 1
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
      - name: main
        image: docker.io/atoll/none:1
        resources: {requests: {cpu: 1000m, memory: 1024Mi}}
        ports: [{containerPort: 80}]
`

// world applies the manifest in a namespace of its own.
func world(t *testing.T) (*cluster.Cluster, string, []*unstructured.Unstructured) {
	t.Helper()
	c, err := cluster.New(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	ns, err := c.Typed.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "health-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	objs, err := Parse(manifest)
	if err != nil {
		t.Fatal(err)
	}
	for _, obj := range objs {
		if _, err := c.Apply(t.Context(), obj, ns.Name, false); err != nil {
			t.Fatal(err)
		}
	}
	return c, ns.Name, objs
}

// become plays the controller that brings the deployment up.
func become(t *testing.T, c *cluster.Cluster, ns string) {
	t.Helper()
	d, err := c.Typed.AppsV1().Deployments(ns).Get(t.Context(), "app", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: d.Generation, Replicas: 1, UpdatedReplicas: 1, ReadyReplicas: 1, AvailableReplicas: 1,
		Conditions: []appsv1.DeploymentCondition{
			{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue},
			{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"},
		},
	}
	if _, err := c.Typed.AppsV1().Deployments(ns).UpdateStatus(t.Context(), d, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func waiter(c *cluster.Cluster, timeout time.Duration) *Waiter {
	return &Waiter{Cluster: c, Poll: 50 * time.Millisecond, Timeout: timeout}
}

func TestWaitUntilReady(t *testing.T) {
	c, ns, objs := world(t)
	told := ""
	err := waiter(c, time.Minute).Wait(t.Context(), "rel", ns, objs, func(what string) {
		if told == "" {
			told = what
			become(t, c, ns)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(told, "Deployment "+ns+"/app") {
		t.Errorf("it waited for %q", told)
	}
}

func TestWaitGivesUpInTime(t *testing.T) {
	c, ns, objs := world(t)
	err := waiter(c, 300*time.Millisecond).Wait(t.Context(), "rel", ns, objs, func(string) {})
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("error is %v", err)
	}
	if !f.TimedOut || f.Object != "Deployment "+ns+"/app" || f.Release != "rel" {
		t.Errorf("failure is %+v", f)
	}
}

func TestWaitFailsFast(t *testing.T) {
	c, ns, objs := world(t)
	pod, err := c.Typed.CoreV1().Pods(ns).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "app-1", Labels: map[string]string{"app": "app"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "docker.io/atoll/none:1"}}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name:  "main",
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImageNeverPull", Message: "not here"}},
	}}
	if _, err := c.Typed.CoreV1().Pods(ns).UpdateStatus(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	err = waiter(c, time.Minute).Wait(t.Context(), "rel", ns, objs, func(string) {})
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("error is %v", err)
	}
	if f.TimedOut || f.Pod != ns+"/app-1" || f.Container != "main" || f.Reason != "ErrImageNeverPull" {
		t.Errorf("failure is %+v", f)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	c, ns, objs := world(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	lost := errors.New("the lease is lost")
	err := waiter(c, time.Minute).Wait(ctx, "rel", ns, objs, func(string) { cancel(lost) })
	if !errors.Is(err, lost) {
		t.Errorf("error is %v", err)
	}
}

func TestDrift(t *testing.T) {
	tests := map[string]struct {
		change func(ctx context.Context, c *cluster.Cluster, ns string) error
		want   string
	}{
		"nothing": {change: func(context.Context, *cluster.Cluster, string) error { return nil }},
		"an edited value": {
			change: func(ctx context.Context, c *cluster.Cluster, ns string) error {
				_, err := c.Typed.CoreV1().ConfigMaps(ns).Patch(ctx, "settings", types.MergePatchType, []byte(`{"data":{"a":"2"}}`), metav1.PatchOptions{})
				return err
			},
			want: "settings: data.a was changed",
		},
		"a scaled deployment": {
			change: func(ctx context.Context, c *cluster.Cluster, ns string) error {
				_, err := c.Typed.AppsV1().Deployments(ns).Patch(ctx, "app", types.MergePatchType, []byte(`{"spec":{"replicas":3}}`), metav1.PatchOptions{})
				return err
			},
			want: "app: spec.replicas was changed",
		},
		"a deleted object": {
			change: func(ctx context.Context, c *cluster.Cluster, ns string) error {
				if err := c.Typed.CoreV1().ConfigMaps(ns).Delete(ctx, "settings", metav1.DeleteOptions{}); err != nil {
					return err
				}
				return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
					_, err := c.Typed.CoreV1().ConfigMaps(ns).Get(ctx, "settings", metav1.GetOptions{})
					return err != nil, nil
				})
			},
			want: "ConfigMap settings is missing",
		},
		"a field nobody set": {
			change: func(ctx context.Context, c *cluster.Cluster, ns string) error {
				_, err := c.Typed.CoreV1().ConfigMaps(ns).Patch(ctx, "settings", types.MergePatchType, []byte(`{"metadata":{"annotations":{"mine":"yes"}}}`), metav1.PatchOptions{})
				return err
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, ns, objs := world(t)
			if err := tt.change(t.Context(), c, ns); err != nil {
				t.Fatal(err)
			}
			got, err := Drift(t.Context(), c, objs, ns)
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == "" && len(got) == 0 {
				return
			}
			if len(got) != 1 || tt.want == "" || !strings.HasSuffix(got[0], tt.want) {
				t.Errorf("drift is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLookAtWhatIsMissing(t *testing.T) {
	c, ns, objs := world(t)
	unknown := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "example.com/v1", "kind": "Nothing", "metadata": map[string]any{"name": "x"}}}
	absent := objs[0].DeepCopy()
	absent.SetName("absent")
	states, err := Look(t.Context(), c, []*unstructured.Unstructured{objs[0], absent, unknown}, ns)
	if err != nil {
		t.Fatal(err)
	}
	if !states[0].Ready() || !states[1].Missing() || !states[2].Missing() {
		t.Errorf("states are %+v", states)
	}
}
