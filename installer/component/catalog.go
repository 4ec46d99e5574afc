package component

import (
	"cmp"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/helm"
)

// noMail is the domain of people without an address, which Keycloak insists on; no mail can reach it.
const noMail = "atoll.invalid"

// Subclusters are the islands of a platform, the ones that others lean on first.
var Subclusters = []string{"directory", "system", "data", "application", "job"}

// Catalog is every component there is. A new component is one entry.
var Catalog = []Component{
	{
		Name:       "objectstore",
		Subcluster: "data",
		Chart:      "data/objectstore",
		Unless:     onAWS,
	},
	{
		Name:       "postgresql",
		Subcluster: "data",
		Chart:      "data/postgresql",
	},
	{
		Name:       "identity",
		Subcluster: "system",
		Chart:      "system/identity",
		Unless:     ownIdentity,
		Values:     identityValues,
	},
	{
		Name:       "metrics",
		Subcluster: "system",
		Chart:      "system/metrics",
	},
	{
		Name:       "operator",
		Subcluster: "directory",
		Chart:      "directory/operator",
		Needs:      []string{"postgresql"},
		Values:     operatorValues,
	},
	trino,
	{
		Name:       "trino-worker",
		Subcluster: "job",
		Chart:      "job/trino-worker",
		Needs:      []string{"trino"},
		Unless:     withoutTrino,
		Values:     trinoWorkerValues,
	},
	{
		Name:       "hub",
		Subcluster: "application",
		Chart:      "application/hub",
		Needs:      []string{"identity", "operator"},
		Values:     hubValues,
	},
	{
		Name:       "batch",
		Subcluster: "job",
		Chart:      "job/batch",
	},
	airflow,
	{
		Name:       "airflow-tasks",
		Subcluster: "job",
		Chart:      "job/airflow-tasks",
		Unless:     withoutAirflow,
	},
}

func ownIdentity(spec v1alpha1.PlatformSpec) string {
	if spec.Identity.Issuer != "" {
		return "identity.issuer names your own provider"
	}
	return ""
}

// operatorValues leaves the ledger out where there is no database for it, unless platform.yaml names one.
func operatorValues(in Inputs) map[string]any {
	values := map[string]any{
		"airflow": map[string]any{"enabled": Airflow(in.Platform.Spec)},
		"trino":   map[string]any{"enabled": Trino(in.Platform.Spec)},
	}
	if (Component{Name: "postgresql"}).Disabled(in.Platform.Spec) != "" {
		values["ledger"] = map[string]any{"host": ""}
	}
	if in.Platform.Spec.AWS != nil {
		values = helm.Merge(values, operatorOnAWS(in))
	}
	return values
}

func identityValues(in Inputs) map[string]any {
	people := []any{}
	for _, p := range in.Platform.Spec.Identity.People {
		groups := []any{}
		for _, g := range p.Groups {
			groups = append(groups, g)
		}
		people = append(people, map[string]any{
			"name":   p.Name,
			"email":  cmp.Or(p.Email, p.Name+"@"+noMail),
			"groups": groups,
		})
	}
	return map[string]any{"realm": map[string]any{"people": people}}
}
