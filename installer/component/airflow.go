package component

import "github.com/atoll-platform/atoll/api/v1alpha1"

// airflow is a component of its own, of which others need to know whether it is there.
var airflow = Component{
	Name:       "airflow",
	Subcluster: "directory",
	Chart:      "directory/airflow",
	Needs:      []string{"airflow-tasks", "postgresql"},
	Optional:   true,
}

// Airflow tells whether the platform has the engine Airflow.
func Airflow(spec v1alpha1.PlatformSpec) bool { return airflow.Disabled(spec) == "" }

// withoutAirflow tells why what serves Airflow alone is left out.
func withoutAirflow(spec v1alpha1.PlatformSpec) string {
	if Airflow(spec) {
		return ""
	}
	return "the component airflow is not asked for in platform.yaml"
}
