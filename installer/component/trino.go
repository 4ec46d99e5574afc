package component

import (
	"encoding/json"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/helm"
)

// trino is the query engine, of which others need to know whether it is there.
var trino = Component{
	Name:       "trino",
	Subcluster: "directory",
	Chart:      "directory/trino",
	Optional:   true,
}

// Trino tells whether the platform has a query engine.
func Trino(spec v1alpha1.PlatformSpec) bool { return trino.Disabled(spec) == "" }

// withoutTrino tells why what serves Trino alone is left out.
func withoutTrino(spec v1alpha1.PlatformSpec) string {
	if Trino(spec) {
		return ""
	}
	return "the component trino is not asked for in platform.yaml"
}

// hubValues tell whether servers find Trino, and what AWS hands out.
func hubValues(in Inputs) map[string]any {
	values := map[string]any{"trino": map[string]any{"enabled": Trino(in.Platform.Spec)}}
	if in.Platform.Spec.AWS != nil {
		values = helm.Merge(values, hubOnAWS(in.Platform.Spec.AWS))
	}
	return values
}

// trinoWorkerValues pass the catalogs of the coordinator on, which workers must have alike.
func trinoWorkerValues(in Inputs) map[string]any {
	var values struct {
		Catalogs    map[string]any `json:"catalogs"`
		Environment []any          `json:"environment"`
		Egress      []any          `json:"egress"`
	}
	for _, c := range in.Platform.Spec.Components {
		if c.Name == "trino" && c.Values != nil {
			// What cannot be read fails where the coordinator's own values are.
			_ = json.Unmarshal(c.Values.Raw, &values)
		}
	}
	out := map[string]any{}
	if values.Catalogs != nil {
		out["catalogs"] = values.Catalogs
	}
	if values.Environment != nil {
		out["environment"] = values.Environment
	}
	if values.Egress != nil {
		out["egress"] = values.Egress
	}
	return out
}
