package e2e

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testMetrics: Prometheus scrapes every component, and every target is up.
func testMetrics(t *testing.T, p *platform) {
	rest := p.clientset(t).CoreV1().RESTClient()
	want := []string{"operator", "hub", "proxy", "identity", "metrics", "objectstore", "postgresql"}
	var last map[string]string
	eventually(t, 2*time.Minute, "every component to be scraped", func(ctx context.Context) (bool, error) {
		data, err := rest.Get().Namespace("atoll-system").Resource("services").Name("metrics:9090").
			SubResource("proxy").Suffix("api/v1/targets").Param("state", "active").DoRaw(ctx)
		if err != nil {
			return false, err
		}
		var answer struct {
			Data struct {
				ActiveTargets []struct {
					Labels map[string]string `json:"labels"`
					Health string            `json:"health"`
					Error  string            `json:"lastError"`
				} `json:"activeTargets"`
			} `json:"data"`
		}
		if err := json.Unmarshal(data, &answer); err != nil {
			return false, err
		}
		last = map[string]string{}
		for _, target := range answer.Data.ActiveTargets {
			last[target.Labels["component"]] = target.Health + " " + target.Error
		}
		for _, component := range want {
			if last[component] != "up " {
				return false, nil
			}
		}
		return true, nil
	})
	t.Logf("targets: %v", last)
	require.NotContains(t, last, "", "a target without a component label")
}
