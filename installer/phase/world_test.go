package phase

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/atoll-platform/atoll/installer/cluster"
	"github.com/atoll-platform/atoll/installer/component"
	"github.com/atoll-platform/atoll/installer/progress"
	"github.com/atoll-platform/atoll/internal/apitest"
)

var server *apitest.Server

func TestMain(m *testing.M) {
	os.Exit(apitest.Run(m, func(s *apitest.Server) { server = s }))
}

// catalog is a platform in small.
func catalog() []component.Component {
	return []component.Component{
		{Name: "hub", Subcluster: "application", Chart: "application/hub", Needs: []string{"identity"}},
		{Name: "identity", Subcluster: "system", Chart: "system/identity"},
		{Name: "objectstore", Subcluster: "data", Chart: "data/objectstore"},
		{Name: "postgresql", Subcluster: "data", Chart: "data/postgresql"},
	}
}

// smallCharts are charts for catalog and the foundations.
func smallCharts() fstest.MapFS {
	fsys := fstest.MapFS{}
	add := func(dir, template string) {
		fsys[dir+"/Chart.yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil, "apiVersion: v2\nname: %s\nversion: 0.1.0\nappVersion: '1'\n", filepath.Base(dir))}
		fsys[dir+"/values.schema.json"] = &fstest.MapFile{Data: []byte(`{"type":"object","properties":{"greeting":{"enum":["hello","good day"]}}}`)}
		fsys[dir+"/values.yaml"] = &fstest.MapFile{Data: []byte("greeting: hello\n")}
		fsys[dir+"/templates/all.yaml"] = &fstest.MapFile{Data: []byte(template)}
	}
	const settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\ndata: {greeting: '{{ .Values.greeting }}', url: '{{ .Values.global.hub.url }}'}\n"
	const workload = `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: '{{ .Release.Name }}'}
spec:
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec: {containers: [{name: main, image: docker.io/atoll/x:1, resources: {requests: {cpu: 10m}}}]}
`
	const claim = `---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`
	for _, c := range component.Foundations() {
		add(c.Chart, settings)
	}
	for _, c := range catalog() {
		add(c.Chart, settings+workload)
	}
	add("data/objectstore", settings+workload+claim)
	return fsys
}

const demo = `apiVersion: atoll.dev/v1alpha1
kind: Platform
metadata: {name: demo}
spec:
  placement: Relaxed
  availability: Single
  access: {type: NodePort}
  identity: {people: [{name: ada}]}
`

// state is what one run works with.
func state(t *testing.T, platform string) *State {
	t.Helper()
	c, err := cluster.New(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "platform.yaml")
	if err := os.WriteFile(file, []byte(platform), 0o600); err != nil {
		t.Fatal(err)
	}
	p := progress.New(io.Discard)
	t.Cleanup(p.Close)
	return &State{
		File:        file,
		Cluster:     c,
		Charts:      smallCharts(),
		Catalog:     catalog(),
		Version:     "0.1.0",
		Timeout:     30 * time.Second,
		Poll:        50 * time.Millisecond,
		Parallelism: 3,
		Progress:    p,
		Confirm:     func(string, string) error { return nil },
	}
}

// furnish gives the API server what a cluster has beside it: a node, a storage class, and somebody
// who brings deployments up and removes namespaces.
func furnish(t *testing.T) kubernetes.Interface {
	t.Helper()
	api, err := kubernetes.NewForConfig(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	node, err := api.CoreV1().Nodes().Create(ctx, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	node.Status = corev1.NodeStatus{
		Addresses:   []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "10.0.0.1"}},
		Conditions:  []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}},
		Allocatable: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1"), corev1.ResourceMemory: resource.MustParse("1Gi")},
	}
	if _, err := api.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	class := &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: "local", Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
		Provisioner: "example.com/none",
	}
	if _, err := api.StorageV1().StorageClasses().Create(ctx, class, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			control(ctx, api)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return api
}

// control is one round of the controllers that an API server alone does not have. It tries again
// in the next round what fails in this one.
func control(ctx context.Context, api kubernetes.Interface) {
	deployments, err := api.AppsV1().Deployments("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	for _, d := range deployments.Items {
		if d.Status.ObservedGeneration == d.Generation {
			continue
		}
		d.Status = appsv1.DeploymentStatus{
			ObservedGeneration: d.Generation, Replicas: *d.Spec.Replicas, UpdatedReplicas: *d.Spec.Replicas,
			ReadyReplicas: *d.Spec.Replicas, AvailableReplicas: *d.Spec.Replicas,
			Conditions: []appsv1.DeploymentCondition{
				{Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue},
				{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "NewReplicaSetAvailable"},
			},
		}
		_, _ = api.AppsV1().Deployments(d.Namespace).UpdateStatus(ctx, &d, metav1.UpdateOptions{})
	}
	list, err := api.CoreV1().Namespaces().List(ctx, metav1.ListOptions{})
	if err != nil {
		return
	}
	for _, ns := range list.Items {
		if ns.DeletionTimestamp == nil {
			continue
		}
		empty(ctx, api, ns.Name)
		ns.Spec.Finalizers = nil
		_, _ = api.CoreV1().Namespaces().Finalize(ctx, &ns, metav1.UpdateOptions{})
	}
}

// empty removes what would come back with a namespace of the same name.
func empty(ctx context.Context, api kubernetes.Interface, ns string) {
	all := metav1.ListOptions{}
	_ = api.CoreV1().Secrets(ns).DeleteCollection(ctx, metav1.DeleteOptions{}, all)
	_ = api.CoreV1().ConfigMaps(ns).DeleteCollection(ctx, metav1.DeleteOptions{}, all)
	_ = api.AppsV1().Deployments(ns).DeleteCollection(ctx, metav1.DeleteOptions{}, all)
	_ = api.CoordinationV1().Leases(ns).DeleteCollection(ctx, metav1.DeleteOptions{}, all)
	claims, err := api.CoreV1().PersistentVolumeClaims(ns).List(ctx, all)
	if err != nil {
		return
	}
	for _, c := range claims.Items {
		c.Finalizers = nil
		_, _ = api.CoreV1().PersistentVolumeClaims(ns).Update(ctx, &c, metav1.UpdateOptions{})
		_ = api.CoreV1().PersistentVolumeClaims(ns).Delete(ctx, c.Name, metav1.DeleteOptions{})
	}
}
