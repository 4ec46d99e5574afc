package e2e

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// starts is how many servers BenchmarkSpawn starts; the first one is not counted, for its image may be cold.
const starts = 30

// BenchmarkSpawn measures how long a person waits from the click on Start until their server answers, with a warm image,
// on a cluster of its own that is laid down for it.
func BenchmarkSpawn(b *testing.B) {
	p := newPlatform(b)
	p.name, p.kubeconfig = "bench-spawn", "/var/lib/atoll-cluster/bench-spawn/kubeconfig"
	down := func() { p.output(b, p.bin("atoll-cluster"), "down", "--name", p.name) }
	down()
	defer down()
	p.output(b, p.bin("atoll-cluster"), "up", "--name", p.name, "--nodes", "real")
	images, err := filepath.Glob(p.path("build/images/*.tar"))
	require.NoError(b, err)
	p.output(b, p.bin("atoll-cluster"), append([]string{"load", "--name", p.name}, images...)...)
	p.output(b, p.bin("atoll"), "bootstrap", "-f", p.path("examples/quickstart/platform.yaml"), "--context", p.context())
	testApply(b, p)
	ada := p.signIn(b, "ada")
	start := func(ctx context.Context) time.Duration {
		started := time.Now()
		require.NoError(b, ada.Start(ctx, "fraud", hubDefaults))
		took := time.Since(started)
		require.NoError(b, ada.Stop(ctx, "fraud"))
		return took
	}
	for b.Loop() {
		start(b.Context())
		var all []time.Duration
		for range starts {
			all = append(all, start(b.Context()))
		}
		slices.Sort(all)
		b.ReportMetric(all[len(all)/2].Seconds(), "s/start-p50")
		b.ReportMetric(all[len(all)*95/100].Seconds(), "s/start-p95")
		b.ReportMetric(all[0].Seconds(), "s/start-min")
		b.ReportMetric(all[len(all)-1].Seconds(), "s/start-max")
	}
}
