package controller_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/atoll-platform/atoll/internal/apitest"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/controller"
	"github.com/atoll-platform/atoll/operator/controller/controllertest"
	"github.com/atoll-platform/atoll/operator/controller/datagrant"
	"github.com/atoll-platform/atoll/operator/controller/ghost"
	"github.com/atoll-platform/atoll/operator/controller/profile"
	"github.com/atoll-platform/atoll/operator/controller/run"
	"github.com/atoll-platform/atoll/operator/controller/schedule"
	"github.com/atoll-platform/atoll/operator/controller/workspace"
	"github.com/atoll-platform/atoll/operator/controller/workspace/network"
)

const (
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
		Network:     network.Options{HubNamespace: "atoll-application", DataNamespace: "atoll-data", OwnNamespace: "atoll-directory"},
		Concurrency: 4,
	}
)

func TestMain(m *testing.M) {
	os.Exit(all(m))
}

func all(m *testing.M) (code int) {
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
	defer func() { _ = os.Remove(backupKeyFile()) }()
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
	if err := controllertest.InstallRights(ctx, admin); err != nil {
		return nil, err
	}
	own := controllertest.As(cfg)
	own.Wrap(count)
	operator, err = manager.New(own, manager.Options{
		Scheme:                  scheme,
		Cache:                   controller.Cache(),
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		LeaderElection:          true,
		LeaderElectionID:        "atoll-operator",
		LeaderElectionNamespace: controllertest.Namespace,
		// Nobody else wants to lead, and a busy machine may be late to renew.
		LeaseDuration: ptr.To(3 * time.Minute),
		RenewDeadline: ptr.To(2 * time.Minute),
	})
	if err != nil {
		return nil, err
	}
	opts := controller.Options{
		Workspace: workspaceOptions,
		Profile:   profile.Options{Concurrency: 1},
		Backup:    backupOptions(),
		Schedule:  schedule.Options{MaxSleep: time.Minute, Concurrency: 1, Clock: clock.RealClock{}},
		Run:       run.Options{MaxSleep: time.Minute, Concurrency: 1, Clock: clock.RealClock{}},
		DataGrant: datagrant.Options{Clock: clock.RealClock{}, Limits: grant.DefaultLimits()},
		Ghost:     ghost.Options{Every: time.Hour, Quarantine: ghost.Report, Clock: clock.RealClock{}},
	}
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
	go controllertest.CountQuotas(running, admin, uncounted)
	return done, nil
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
