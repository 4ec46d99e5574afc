package provider_test

import (
	"fmt"
	"testing"
)

// BenchmarkRefresh reads many workspaces as a plan does. What it reports beside the time is how many
// requests each workspace costs.
func BenchmarkRefresh(b *testing.B) {
	const many = 100
	writer := connected(b)
	var made []object
	for i := range many {
		made = append(made, writer.create(workspaceKind, team(fmt.Sprintf("bench-%d", i))))
	}
	b.ResetTimer()
	requests := 0
	for range b.N {
		s := connected(b)
		for _, o := range made {
			s.read(o)
			s.succeeded()
		}
		requests += len(server.Requests.Seen())
	}
	b.ReportMetric(float64(requests)/float64(b.N*many), "requests/workspace")
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*many), "ms/workspace")
	b.StopTimer()
	for _, o := range made {
		writer.apply(b.Context(), o, "")
		writer.succeeded()
	}
}
