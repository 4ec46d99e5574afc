package datagrant

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/atoll-platform/atoll/api/v1alpha1"
)

// patience bounds a count.
const patience = 5 * time.Second

var (
	grantsMetric = prometheus.NewDesc("atoll_datagrants", "Grants by phase.", []string{"phase"}, nil)
	reviewMetric = prometheus.NewDesc("atoll_datagrant_reviews_open", "Grants by BreakGlass that nobody has reviewed.", nil, nil)
)

// Collector counts grants when it is asked.
type Collector struct{ cached client.Reader }

// NewCollector returns a collector that reads from a cache.
func NewCollector(cached client.Reader) *Collector { return &Collector{cached: cached} }

// Describe names what is counted.
func (c *Collector) Describe(to chan<- *prometheus.Desc) {
	to <- grantsMetric
	to <- reviewMetric
}

// Collect counts. Where the cache does not answer, nothing is said.
func (c *Collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	list := &v1alpha1.DataGrantList{}
	if err := c.cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return
	}
	phases := map[v1alpha1.GrantPhase]int{
		v1alpha1.GrantPending: 0, v1alpha1.GrantActive: 0, v1alpha1.GrantExpired: 0, v1alpha1.GrantRevoked: 0, v1alpha1.GrantRefused: 0,
	}
	open := 0
	for i := range list.Items {
		status := &list.Items[i].Status
		if _, known := phases[status.Phase]; known {
			phases[status.Phase]++
		}
		if meta.IsStatusConditionTrue(status.Conditions, v1alpha1.ConditionReviewOpen) {
			open++
		}
	}
	for phase, n := range phases {
		to <- prometheus.MustNewConstMetric(grantsMetric, prometheus.GaugeValue, float64(n), string(phase))
	}
	to <- prometheus.MustNewConstMetric(reviewMetric, prometheus.GaugeValue, float64(open))
}
