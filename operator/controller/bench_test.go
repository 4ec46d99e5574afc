package controller_test

import (
	"fmt"
	"testing"

	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/operator/controller/workspace"
)

// BenchmarkWorkspace measures what a workspace with three people costs the API server until it is ready.
func BenchmarkWorkspace(b *testing.B) {
	round++
	writesBefore, readsBefore := writes.n.Load(), reads.n.Load()
	var n int
	for b.Loop() {
		create(b, newWorkspace(fmt.Sprintf("bench-%d-%d", round, n)), v1alpha1.ReasonReady)
		n++
	}
	b.ReportMetric(float64(writes.n.Load()-writesBefore)/float64(n), "writes/workspace")
	b.ReportMetric(float64(reads.n.Load()-readsBefore)/float64(n), "reads/workspace")
}

// BenchmarkSettled measures the reconciliation of a workspace for which nothing is left to do.
func BenchmarkSettled(b *testing.B) {
	round++
	ws := create(b, newWorkspace(fmt.Sprintf("bench-settled-%d", round)), v1alpha1.ReasonReady)
	again := workspace.NewController(operator.GetClient(), operator.GetAPIReader(), events.NewFakeRecorder(1), workspaceOptions)
	writesBefore, readsBefore := writes.n.Load(), reads.n.Load()
	var n int
	for b.Loop() {
		current := &v1alpha1.Workspace{}
		if err := operator.GetClient().Get(ctx, client.ObjectKeyFromObject(ws), current); err != nil {
			b.Fatal(err)
		}
		if _, err := again.Reconcile(ctx, current); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(writes.n.Load()-writesBefore)/float64(n), "writes/reconcile")
	b.ReportMetric(float64(reads.n.Load()-readsBefore)/float64(n), "reads/reconcile")
}

// round keeps the names of the runs of a benchmark apart.
var round int
