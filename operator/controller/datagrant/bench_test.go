package datagrant_test

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrlconfig "sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/grant"
	"github.com/atoll-platform/atoll/operator/controller"
	"github.com/atoll-platform/atoll/operator/controller/controllertest"
	"github.com/atoll-platform/atoll/operator/controller/datagrant"
	"github.com/atoll-platform/atoll/operator/controller/ghost"
	"github.com/atoll-platform/atoll/operator/policy"
	"github.com/atoll-platform/atoll/operator/target/trino"
	"github.com/atoll-platform/atoll/test/bench/scale"
)

// BenchmarkGrantsReconcile has 100,000 approved grants of tables in a real API server before the operator starts, and waits until each
// is in force at a real decision point and says so.
func BenchmarkGrantsReconcile(b *testing.B) {
	n := scale.Of(b, 100_000)
	b.Run(fmt.Sprintf("grants=%d", n), func(b *testing.B) {
		point, decisions := decisionPoint(b)
		started := time.Now()
		createMany(b, n)
		b.ReportMetric(time.Since(started).Seconds(), "s/create")
		before := heap()
		stop, began := manage(b, decisions), time.Now()
		for inForce(b) < n {
			time.Sleep(time.Second)
		}
		b.ReportMetric(time.Since(began).Seconds(), "s/settle")
		b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
		if got := point.Status(); got.Atoms != n || got.Stale {
			b.Errorf("the decision point has %+v, want %d grants", got, n)
		}
		stop()
	})
}

// decisionPoint is a real one behind TLS, and the operator's client of it.
func decisionPoint(b *testing.B) (*policy.Point, *trino.Client) {
	b.Helper()
	folder := b.TempDir()
	point, err := policy.Open(policy.Options{Folder: folder, StaleAfter: time.Hour, Hold: time.Minute, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	token, authority := filepath.Join(folder, "token"), filepath.Join(folder, "ca.crt")
	server := httptest.NewTLSServer(policy.Admin(point, token, zap.NewNop()))
	b.Cleanup(server.Close)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for file, content := range map[string][]byte{token: []byte("secret\n"), authority: certificate} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return point, trino.New(trino.Options{Endpoint: server.URL, Authority: authority, Token: token})
}

// createMany makes tables and grants of them, twenty a person.
func createMany(b *testing.B, n int) {
	b.Helper()
	for i := range 1000 {
		ds := &v1alpha1.Dataset{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("table-%d", i)},
			Spec: v1alpha1.DatasetSpec{
				Location: v1alpha1.DatasetLocation{Table: &v1alpha1.TableName{Catalog: "lake", Schema: "s", Table: fmt.Sprintf("t%d", i)}},
				Owner:    "olga", Classification: "C1",
			},
		}
		if err := admin.Create(ctx, ds); err != nil {
			b.Fatal(err)
		}
	}
	now := time.Now()
	attestor := as("terraform")
	var all sync.WaitGroup
	const workers = 16
	for k := range workers {
		all.Go(func() {
			for i := k; i < n; i += workers {
				name := fmt.Sprintf("person-%d", i/20)
				dg := &v1alpha1.DataGrant{
					ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("grant-%d", i)},
					Spec: v1alpha1.DataGrantSpec{
						Subject: v1alpha1.GrantSubject{Kind: v1alpha1.SubjectUser, Name: name}, Dataset: fmt.Sprintf("table-%d", i%1000),
						Actions:   []v1alpha1.GrantAction{v1alpha1.ActionSelect},
						NotBefore: v1alpha1.At(now.Add(-time.Minute)), NotAfter: v1alpha1.At(now.Add(24 * time.Hour)), Ceiling: "C1",
						Purpose: "to see how long it takes", RequestedBy: v1alpha1.UserName(name), ApprovedBy: []v1alpha1.UserName{"bob"},
					},
				}
				if err := attestor.Create(ctx, dg); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// manage runs an operator with as many workers as it ships with.
func manage(b *testing.B, decisions *trino.Client) (stop func()) {
	b.Helper()
	scheme, err := controller.Scheme()
	must(err)
	mgr, err := manager.New(controllertest.As(config), manager.Options{
		Scheme: scheme, Cache: controller.Cache(), Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: ctrlconfig.Controller{SkipNameValidation: ptr.To(true)},
	})
	must(err)
	running, cancel := context.WithCancel(ctx)
	must(controller.Register(running, mgr, controller.Options{
		DataGrant: datagrant.Options{Clock: clock.RealClock{}, Limits: grant.DefaultLimits(), Concurrency: 8, TrustGroupsFor: trust},
		Ghost:     ghost.Options{Every: time.Minute, Quarantine: ghost.Report, Clock: clock.RealClock{}},
		Decisions: decisions,
	}))
	done := make(chan error)
	go func() { done <- mgr.Start(running) }()
	return func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}

// inForce counts the grants that say that they are.
func inForce(b *testing.B) (n int) {
	b.Helper()
	list := &v1alpha1.DataGrantList{}
	for more := true; more; more = list.Continue != "" {
		if err := admin.List(ctx, list, client.Limit(2000), client.Continue(list.Continue)); err != nil {
			b.Fatal(err)
		}
		for i := range list.Items {
			if list.Items[i].Status.Phase == v1alpha1.GrantActive {
				n++
			}
		}
	}
	return n
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
