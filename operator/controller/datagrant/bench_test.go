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
	"syscall"
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
	"github.com/atoll-platform/atoll/internal/pgtest"
	"github.com/atoll-platform/atoll/operator/controller"
	"github.com/atoll-platform/atoll/operator/controller/controllertest"
	"github.com/atoll-platform/atoll/operator/controller/datagrant"
	"github.com/atoll-platform/atoll/operator/controller/ghost"
	"github.com/atoll-platform/atoll/operator/ledger"
	"github.com/atoll-platform/atoll/operator/policy"
	"github.com/atoll-platform/atoll/operator/target/trino"
	"github.com/atoll-platform/atoll/test/bench/scale"
)

// BenchmarkGrantsReconcile has 2,000 and 10,000 approved grants of tables in a real API server before the operator starts, and waits
// until each is in a real ledger, in force at a real decision point and says so.
func BenchmarkGrantsReconcile(b *testing.B) {
	for _, n := range []int{2000, 10_000} {
		reconcileMany(b, scale.Of(b, n))
		clearMany(b)
	}
}

// BenchmarkSoak does so with 100,000.
func BenchmarkSoak(b *testing.B) { reconcileMany(b, scale.Of(b, 100_000)) }

func reconcileMany(b *testing.B, n int) {
	b.Run(fmt.Sprintf("grants=%d", n), func(b *testing.B) {
		point, decisions := decisionPoint(b)
		kept := benchLedger(b)
		started := time.Now()
		createMany(b, n)
		b.ReportMetric(time.Since(started).Seconds(), "s/create")
		before := heap()
		began, already := time.Now(), worked()
		cached, stop := manage(b, decisions, kept)
		for inForce(b, cached) < n {
			time.Sleep(time.Second)
		}
		settled := time.Since(began)
		b.ReportMetric(settled.Seconds(), "s/settle")
		b.ReportMetric(float64(settled.Microseconds())/1000/float64(n), "ms/grant")
		b.ReportMetric(float64((worked()-already).Microseconds())/1000/float64(n), "cpu-ms/grant")
		b.ReportMetric(float64(heap()-before)/(1<<20), "MiB")
		if got := point.Status(); got.Atoms != n || got.Stale {
			b.Errorf("the decision point has %+v, want %d grants", got, n)
		}
		stop()
		if head, err := kept.Verify(ctx); err != nil || head.Seq < int64(n) {
			b.Errorf("the ledger has %d rows: %v", head.Seq, err)
		}
	})
}

// benchLedger is a ledger in a database of its own.
func benchLedger(b *testing.B) *ledger.Ledger {
	b.Helper()
	server := pgtest.Start(b, "ledger ledger-owner ledger")
	options := func(role string) ledger.Options {
		return ledger.Options{Host: server.Host, Port: server.Port, Database: "ledger", SSLMode: "disable", Credentials: server.Credentials(role)}
	}
	must(ledger.Migrate(ctx, options("ledger-owner"), "ledger"))
	kept, err := ledger.Open(ctx, options("ledger"))
	must(err)
	b.Cleanup(kept.Close)
	return kept
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

// clearMany removes them again, with nobody to carry out the deletion.
func clearMany(b *testing.B) {
	b.Helper()
	list := &v1alpha1.DataGrantList{}
	must(admin.List(ctx, list))
	work := make(chan *v1alpha1.DataGrant)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for dg := range work {
				before := dg.DeepCopy()
				dg.Finalizers = nil
				must(admin.Patch(ctx, dg, client.MergeFrom(before)))
			}
		})
	}
	for i := range list.Items {
		work <- &list.Items[i]
	}
	close(work)
	all.Wait()
	must(admin.DeleteAllOf(ctx, &v1alpha1.DataGrant{}))
	must(admin.DeleteAllOf(ctx, &v1alpha1.Dataset{}))
}

// manage runs an operator with as many workers as it ships with. What it has in its cache is there to be read.
func manage(b *testing.B, decisions *trino.Client, kept *ledger.Ledger) (cached client.Reader, stop func()) {
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
		Ledger:    kept,
	}))
	done := make(chan error)
	go func() { done <- mgr.Start(running) }()
	return mgr.GetCache(), func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
	}
}

// inForce counts the grants that say that they are, without asking the API server, which is to be measured.
func inForce(b *testing.B, cached client.Reader) (n int) {
	b.Helper()
	list := &v1alpha1.DataGrantList{}
	if err := cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return 0 // The cache is not filled yet.
	}
	for i := range list.Items {
		if list.Items[i].Status.Phase == v1alpha1.GrantActive {
			n++
		}
	}
	return n
}

// worked is how long this process has had a core: the operator, the decision point and the test itself.
func worked() time.Duration {
	var u syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
