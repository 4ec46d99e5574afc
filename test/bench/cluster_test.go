package bench

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"github.com/atoll-platform/atoll/api/crds"
	"github.com/atoll-platform/atoll/api/v1alpha1"
)

const clusterName = "bench"

// root is the repository's folder.
func root(b *testing.B) string {
	b.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		b.Fatal(err)
	}
	return dir
}

// cluster is a control plane with the platform's kinds, and an administrator of it.
type cluster struct {
	client.WithWatch
	kubeconfig string
}

// start starts a fresh cluster, which ends with the benchmark.
func start(b *testing.B, nodes string) *cluster {
	b.Helper()
	// Without a logger the client says so, in the midst of a figure.
	log.SetLogger(logr.Discard())
	command := filepath.Join(root(b), "bin", "atoll-cluster")
	run := func(args ...string) error {
		out, err := exec.Command(command, append(args, "--name", clusterName)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s %v: %w\n%s", command, args, err, out)
		}
		return nil
	}
	if err := run("down"); err != nil {
		b.Fatal(err)
	}
	if err := run("up", "--nodes", nodes); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := run("down"); err != nil {
			b.Error(err)
		}
	})
	c := &cluster{kubeconfig: filepath.Join("/var/lib/atoll-cluster", clusterName, "kubeconfig")}
	cfg, err := clientcmd.BuildConfigFromFlags("", c.kubeconfig)
	if err != nil {
		b.Fatal(err)
	}
	cfg.QPS = -1
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme, apiextensionsv1.AddToScheme} {
		if err := add(scheme); err != nil {
			b.Fatal(err)
		}
	}
	if c.WithWatch, err = client.NewWithWatch(cfg, client.Options{Scheme: scheme}); err != nil {
		b.Fatal(err)
	}
	c.furnish(b)
	return c
}

// furnish makes what the operator's objects refer to.
func (c *cluster) furnish(b *testing.B) {
	b.Helper()
	ctx := b.Context()
	for _, name := range []string{"atoll-directory", "atoll-application", "atoll-data"} {
		c.create(b, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	c.create(b, &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{Name: "atoll-application"}, Value: 100})
	files, err := crds.Cluster.ReadDir(".")
	if err != nil {
		b.Fatal(err)
	}
	for _, file := range files {
		raw, err := crds.Cluster.ReadFile(file.Name())
		if err != nil {
			b.Fatal(err)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.Unmarshal(raw, crd); err != nil {
			b.Fatal(err)
		}
		c.create(b, crd)
	}
	err = wait.PollUntilContextTimeout(ctx, 200*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		return c.List(ctx, &v1alpha1.WorkspaceList{}) == nil && c.List(ctx, &v1alpha1.ProfileList{}) == nil, nil
	})
	if err != nil {
		b.Fatal("the kinds are not served")
	}
}

func (c *cluster) create(b *testing.B, obj client.Object) {
	b.Helper()
	if err := c.Create(b.Context(), obj); err != nil && !apierrors.IsAlreadyExists(err) {
		b.Fatalf("creating %T %s: %v", obj, obj.GetName(), err)
	}
}
