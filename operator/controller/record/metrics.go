package record

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// failures counts what could not be written, for an alarm: while it grows, the ledger is behind.
var failures = prometheus.NewCounter(prometheus.CounterOpts{
	Name: "atoll_ledger_failures_total", Help: "Facts that could not be added to the ledger and are tried again.",
})

func init() { metrics.Registry.MustRegister(failures) }

// note counts a failure and logs it.
func note(ctx context.Context, controller, name string, err error) {
	failures.Inc()
	log.FromContext(ctx).Error(err, "the ledger is behind", "recorder", controller, "name", name)
}
