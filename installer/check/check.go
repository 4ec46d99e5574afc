// Package check looks, before anything is changed, whether a cluster can carry a platform. Each
// check belongs to a category, has a severity, and tells what to do when it does not pass.
package check

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/installer/cluster"
)

// Severity says what a check that does not pass means.
type Severity string

// The severities.
const (
	// Fatal keeps the platform from working: bootstrap does not begin.
	Fatal Severity = "fatal"
	// Warning is worth knowing: bootstrap goes on.
	Warning Severity = "warning"
)

// Outcome is how a check ended.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Warned  Outcome = "warned"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped"
)

// Subject is what is checked. Platform is nil when there is no platform.yaml; the checks that need
// one are then skipped.
type Subject struct {
	Cluster  *cluster.Cluster
	Platform *v1alpha1.Platform
	// Planned are the objects that would be installed, by subcluster.
	Planned map[string][]*unstructured.Unstructured

	nodes []corev1.Node
}

// Check is one thing to look at.
type Check struct {
	Category string
	Name     string
	Severity Severity
	// Hint says what to do when it does not pass.
	Hint string
	// Platform tells that it needs a platform.yaml.
	Platform bool
	// Run returns what was seen, and an error when it does not pass.
	Run func(context.Context, *Subject) (string, error)
}

// Result is how one check ended.
type Result struct {
	Category string   `json:"category"`
	Name     string   `json:"name"`
	Severity Severity `json:"severity"`
	Outcome  Outcome  `json:"outcome"`
	Detail   string   `json:"detail,omitempty"`
	Hint     string   `json:"hint,omitempty"`
}

// Run makes all checks of the list in order. When the cluster does not answer the rest is skipped.
func Run(ctx context.Context, s *Subject, list []Check) []Result {
	results := make([]Result, 0, len(list))
	unreachable := false
	for _, c := range list {
		r := Result{Category: c.Category, Name: c.Name, Severity: c.Severity}
		switch {
		case unreachable:
			r.Outcome, r.Detail = Skipped, "the cluster does not answer"
		case c.Platform && s.Platform == nil:
			r.Outcome, r.Detail = Skipped, "no platform.yaml was given"
		default:
			r.Outcome = Passed
			detail, err := c.Run(ctx, s)
			r.Detail = detail
			if err != nil {
				r.Outcome, r.Detail, r.Hint = Failed, err.Error(), c.Hint
				if c.Severity == Warning {
					r.Outcome = Warned
				}
				unreachable = c.Name == reachable
			}
		}
		results = append(results, r)
	}
	return results
}

// Count tells how many checks had each outcome.
func Count(results []Result) map[Outcome]int {
	out := map[Outcome]int{}
	for _, r := range results {
		out[r.Outcome]++
	}
	return out
}

// Err joins the failures of results into one error, or returns nil when there are none.
func Err(results []Result) error {
	var lines []string
	for _, r := range results {
		if r.Outcome == Failed {
			lines = append(lines, fmt.Sprintf("  %s: %s: %s\n    next: %s", r.Category, r.Name, r.Detail, r.Hint))
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("checking the cluster: %d check(s) failed\n%s", len(lines), strings.Join(lines, "\n"))
}

// readNodes reads the nodes once for all checks.
func (s *Subject) readNodes(ctx context.Context) ([]corev1.Node, error) {
	if s.nodes != nil {
		return s.nodes, nil
	}
	list, err := s.Cluster.Typed.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	s.nodes = list.Items
	return s.nodes, nil
}
