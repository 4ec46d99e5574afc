package controller_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/atoll-platform/atoll/charts"
	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/internal/helm"
	"github.com/atoll-platform/atoll/operator/controller"
	"github.com/atoll-platform/atoll/operator/controller/profile"
	"github.com/atoll-platform/atoll/operator/controller/workspace"
	"github.com/atoll-platform/atoll/operator/controller/workspace/network"
)

const (
	// account is the operator's in a platform; the tests run the controllers as it, with the rights that the
	// chart gives it and no others.
	account   = "operator"
	namespace = "atoll-directory"
	// soon is how long a test waits for the operator.
	soon = time.Minute
	// uncounted is a namespace whose quotas stay uncounted until a test counts them itself.
	uncounted = "ws-uncounted"
)

var (
	ctx = context.Background()
	// admin does what people and other controllers do.
	admin client.WithWatch
	// operator is the client of the controllers under test.
	operator manager.Manager
	// writes counts what the controllers send to change something, and reads what they ask for beside their watches.
	writes, reads = &counter{}, &counter{}

	workspaceOptions = workspace.Options{
		HubURL:      "https://hub.example.com/hub/home",
		Network:     network.Options{HubNamespace: "atoll-application", DataNamespace: "atoll-data"},
		Concurrency: 4,
	}
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	server, err := apitest.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	running, stop := context.WithCancel(ctx)
	done, err := start(running, server.Config)
	if err != nil {
		stop()
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		stop()
		<-done
	}()
	return m.Run()
}

// start installs the operator's rights and runs its controllers until the context ends.
func start(running context.Context, cfg *rest.Config) (<-chan struct{}, error) {
	scheme, err := controller.Scheme()
	if err != nil {
		return nil, err
	}
	if admin, err = client.NewWithWatch(cfg, client.Options{Scheme: scheme}); err != nil {
		return nil, err
	}
	if err := installRights(); err != nil {
		return nil, err
	}
	own := rest.CopyConfig(cfg)
	own.QPS = -1
	own.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + namespace + ":" + account,
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
	own.Wrap(count)
	operator, err = manager.New(own, manager.Options{
		Scheme:                  scheme,
		Cache:                   controller.Cache(),
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		LeaderElection:          true,
		LeaderElectionID:        "atoll-operator",
		LeaderElectionNamespace: namespace,
		// Nobody else wants to lead, and a busy machine may be late to renew.
		LeaseDuration: ptr.To(3 * time.Minute),
		RenewDeadline: ptr.To(2 * time.Minute),
	})
	if err != nil {
		return nil, err
	}
	opts := controller.Options{Workspace: workspaceOptions, Profile: profile.Options{Concurrency: 1}}
	if err := controller.Register(running, operator, opts); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := operator.Start(running); err != nil {
			fmt.Fprintln(os.Stderr, "the controllers:", err)
			os.Exit(1)
		}
	}()
	go countQuotas(running)
	return done, nil
}

// installRights applies what the operator's chart says of rights.
func installRights() error {
	chart, err := helm.LoadFS(charts.FS, "directory/operator", "lib")
	if err != nil {
		return err
	}
	manifest, err := helm.Render(helm.Request{Name: account, Namespace: namespace, Chart: chart}, "v1.36.3")
	if err != nil {
		return err
	}
	for _, name := range []string{namespace, "atoll-application", "atoll-data"} {
		if err := admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return err
		}
	}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	for {
		obj := &unstructured.Unstructured{}
		if err := decoder.Decode(&obj.Object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading the chart's manifest: %w", err)
		}
		switch obj.GetKind() {
		case "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
			"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding":
			if err := admin.Create(ctx, obj); err != nil {
				return fmt.Errorf("creating the chart's %s %s: %w", obj.GetKind(), obj.GetName(), err)
			}
		}
	}
}

// countQuotas stands in for Kubernetes' own controller of quotas, which does not run here: it notes that the
// bounds are known and, where a test has not said otherwise, that nothing is in use.
func countQuotas(running context.Context) {
	for running.Err() == nil {
		watch, err := admin.Watch(running, &corev1.ResourceQuotaList{})
		if err != nil {
			continue
		}
		for e := range watch.ResultChan() {
			quota, ok := e.Object.(*corev1.ResourceQuota)
			if !ok || quota.Namespace == uncounted || equality.Semantic.DeepEqual(quota.Status.Hard, quota.Spec.Hard) {
				continue
			}
			used := corev1.ResourceList{}
			for name := range quota.Spec.Hard {
				used[name] = resource.MustParse("0")
				if known, ok := quota.Status.Used[name]; ok {
					used[name] = known
				}
			}
			quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: used}
			// A conflict means that a newer version is on its way through the watch.
			_ = admin.Status().Update(running, quota)
		}
	}
}

// counter counts requests.
type counter struct {
	n    atomic.Int64
	last atomic.Value
}

func (c *counter) add(r *http.Request) {
	c.n.Add(1)
	c.last.Store(r.Method + " " + r.URL.Path)
}

// count tells the controllers' requests apart. Leases, events and watches are not what a reconciliation does.
func count(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		switch {
		case strings.Contains(r.URL.Path, "/leases") || strings.Contains(r.URL.Path, "/events"):
		case r.Method != http.MethodGet:
			writes.add(r)
		case !r.URL.Query().Has("watch"):
			reads.add(r)
		}
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// eventually waits until check finds nothing wrong.
func eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, soon, true, func(context.Context) (bool, error) {
		last = check()
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: not within %s: %v", what, soon, last)
	}
}
