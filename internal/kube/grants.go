package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/access"
)

// Datasets is the kind Dataset.
var Datasets = Kind[v1alpha1.Dataset]{
	Name:   "Dataset",
	Plural: "datasets",
	Meta:   func(d *v1alpha1.Dataset) *metav1.ObjectMeta { return &d.ObjectMeta },
	Status: func(d *v1alpha1.Dataset) (int64, []metav1.Condition) {
		return d.Status.ObservedGeneration, d.Status.Conditions
	},
}

// DataGrants is the kind DataGrant. What waits for people or for its time, and what has ended, is not waited for.
var DataGrants = Kind[v1alpha1.DataGrant]{
	Name:   "DataGrant",
	Plural: "datagrants",
	Meta:   func(g *v1alpha1.DataGrant) *metav1.ObjectMeta { return &g.ObjectMeta },
	Status: func(g *v1alpha1.DataGrant) (int64, []metav1.Condition) {
		return g.Status.ObservedGeneration, g.Status.Conditions
	},
	Settled: func(ready metav1.Condition) bool {
		switch ready.Reason {
		case v1alpha1.ReasonAwaitingApproval, v1alpha1.ReasonScheduled, v1alpha1.ReasonExpired, v1alpha1.ReasonRevoked:
			return true
		}
		return false
	},
}

// Ask asks the platform about access.
func (c *Client) Ask(ctx context.Context, q v1alpha1.AccessQuerySpec) (*v1alpha1.AccessQueryStatus, error) {
	return access.Asker{API: c.api, Manager: c.manager}.Ask(ctx, q)
}
