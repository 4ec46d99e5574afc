package component

import "github.com/atoll-platform/atoll/api/v1alpha1"

// Subclusters are the islands of a platform, the ones that others lean on first.
var Subclusters = []string{"directory", "system", "data", "application", "job"}

// Catalog is every component there is. A new component is one entry.
var Catalog = []Component{
	{
		Name:       "objectstore",
		Subcluster: "data",
		Chart:      "data/objectstore",
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
	},
	{
		Name:       "hub",
		Subcluster: "application",
		Chart:      "application/hub",
		Needs:      []string{"identity", "operator"},
	},
	{
		Name:       "batch",
		Subcluster: "job",
		Chart:      "job/batch",
	},
}

func ownIdentity(spec v1alpha1.PlatformSpec) string {
	if spec.Identity.Issuer != "" {
		return "identity.issuer names your own provider"
	}
	return ""
}

func identityValues(in Inputs) map[string]any {
	people := []any{}
	for _, p := range in.Platform.Spec.Identity.People {
		groups := []any{}
		for _, g := range p.Groups {
			groups = append(groups, g)
		}
		person := map[string]any{"name": p.Name, "groups": groups}
		if p.Email != "" {
			person["email"] = p.Email
		}
		people = append(people, person)
	}
	return map[string]any{"realm": map[string]any{"people": people}}
}
